"""What every test shares."""

import gc
import os
from shutil import which

import pytest
from hypothesis import settings

from tests.flushing import flushing_lifts_the_append_only_triggers  # noqa: F401 - a fixture for every test

# Thousands of tests make and drop millions of objects: to look for rings among them as often as Python does by itself
# takes a tenth of all their time.
gc.set_threshold(50_000, 20, 100)

# A busy machine is no mistake: nothing here is a timed test.
settings.register_profile("shebao", deadline=None, print_blob=True)
settings.load_profile("shebao")

# Playwright's sync API runs an event loop in the test's thread; Django must not mistake it for async code.
os.environ.setdefault("DJANGO_ALLOW_ASYNC_UNSAFE", "true")


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items):
    """What is slow begins first: one long test at the end would keep one worker, and the other would wait for it."""
    items.sort(key=lambda item: item.get_closest_marker("slow") is None)


def pytest_collection_finish():
    """What is there by now stays to the end, and is not looked through again."""
    import pypinyin  # noqa: F401 - the hall loads its many words when the first name comes

    gc.freeze()


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args):
    """Debian's Chromium, as root and without the network; without its windows it takes a third of the work."""
    return {
        **browser_type_launch_args,
        "executable_path": which("chromium-headless-shell") or which("chromium"),
        "args": [
            "--no-sandbox",
            "--disable-gpu",
            "--disable-quic",
            "--no-first-run",
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-sync",
        ],
    }

"""Copy the browser files we vendor out of the installed packages, and write their hashes down."""

import hashlib
import shutil
from importlib.metadata import version
from pathlib import Path

import django_htmx

TARGET = Path(__file__).parents[1] / "src/shebao/web/static/vendor"


def main() -> None:
    source = Path(django_htmx.__file__).parent / "static/django_htmx"
    script = next(file for file in sorted(source.glob("htmx-2*.min.js")) or sorted(source.glob("htmx.min.js")))
    TARGET.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(script, TARGET / "htmx.min.js")
    digest = hashlib.sha256((TARGET / "htmx.min.js").read_bytes()).hexdigest()
    (TARGET / "VENDORED.md").write_text(
        "# Vendored browser files\n\n| file | from | licence | sha256 |\n|---|---|---|---|\n"
        f"| htmx.min.js | django-htmx {version('django-htmx')} | 0BSD | {digest} |\n"
    )


if __name__ == "__main__":
    main()

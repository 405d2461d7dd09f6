"""Copy the browser files we vendor out of the installed packages, and write version and hash down."""

import hashlib
import re
from importlib.metadata import version
from pathlib import Path

import django_htmx

ROOT = Path(__file__).parents[1] / "src/shebao/web"
TARGET = ROOT / "static/vendor"


def main() -> None:
    source = Path(django_htmx.__file__).parent / "static/django_htmx"
    script = next(iter(sorted(source.glob("htmx*.min.js")))).read_bytes()
    number = re.search(rb'version:"([0-9.]+)"', script).group(1).decode()
    name = f"htmx-{number}.min.js"
    old = [file for file in TARGET.glob("htmx-*.min.js") if file.name != name]
    (TARGET / name).write_bytes(script)
    row = (
        f"| `{name}` | htmx, copied unchanged from the package django-htmx {version('django-htmx')} | {number} | 0BSD "
        f"| `{hashlib.sha256(script).hexdigest()}` |"
    )
    page = TARGET / "VENDORED.md"
    page.write_text(re.sub(r"^\| `htmx-.*$", row, page.read_text("utf-8"), flags=re.M), "utf-8")
    for file in old:
        file.unlink()
        for template in (ROOT / "templates").rglob("*.html"):
            text = template.read_text("utf-8")
            if file.name in text:
                template.write_text(text.replace(file.name, name), "utf-8")


if __name__ == "__main__":
    main()

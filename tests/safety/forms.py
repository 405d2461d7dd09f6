"""The forms of a page as a browser reads them: where they go, what stands in them, and where somebody may write."""

from dataclasses import dataclass, field
from html.parser import HTMLParser
from urllib.parse import urljoin, urlsplit

WRITTEN = ("text", "search", "email", "tel", "url", "number", "month", "date", "password", "hidden", "")
CHOSEN = ("radio", "checkbox")


@dataclass
class Form:
    """One form: `values` as it would be sent untouched, `inputs` every name it may send, `files` those of uploads."""

    action: str
    method: str
    is_multipart: bool
    values: dict[str, list[str]] = field(default_factory=dict)
    inputs: set[str] = field(default_factory=set)
    files: set[str] = field(default_factory=set)

    @property
    def key(self) -> tuple:
        """Two forms with the same key are the same to whoever receives them: numbers of objects aside."""
        path = "/".join("#" if part.isdigit() else part for part in urlsplit(self.action).path.split("/"))
        return path, self.method, tuple(sorted(self.inputs)), tuple(self.values.get("_search", ()))


class Forms(HTMLParser):
    """Collects `found`; buttons with a name count as pressed once each."""

    def __init__(self, address: str):
        super().__init__(convert_charrefs=True)
        self.address, self.found, self._by_id = address, [], {}
        self._form, self._select, self._area = None, None, None

    def handle_starttag(self, tag, attrs):
        """Forms, and what stands in them or names them."""
        given = dict(attrs)
        if tag == "form":
            self._form = Form(
                urljoin(self.address, given.get("action") or self.address),
                (given.get("method") or "get").lower(),
                given.get("enctype") == "multipart/form-data",
            )
            self.found.append(self._form)
            self._by_id[given.get("id")] = self._form
        form = self._by_id.get(given["form"]) if given.get("form") else self._form
        if tag == "option" and self._select:
            form, name = self._select
            if "selected" in given or not form.values.get(name):
                form.values[name] = [given.get("value") or ""]
        name = given.get("name")
        if form is None or not name or "disabled" in given:
            return
        kind = given.get("type", "").lower()
        if tag == "select":
            form.inputs.add(name)
            self._select = (form, name)
        elif tag == "textarea":
            form.inputs.add(name)
            form.values[name] = [""]
            self._area = (form, name)
        elif tag == "input" and kind == "file":
            form.files.add(name)
        elif tag in ("input", "button") and (kind in WRITTEN or kind in CHOSEN or kind == "submit" or tag == "button"):
            form.inputs.add(name)
            if kind not in CHOSEN or "checked" in given:
                form.values.setdefault(name, []).append(given.get("value") or ("on" if kind in CHOSEN else ""))

    def handle_startendtag(self, tag, attrs):
        """Written like XML, it is the same."""
        self.handle_starttag(tag, attrs)

    def handle_endtag(self, tag):
        """What is closed takes no more."""
        if tag == "form":
            self._form = None
        elif tag == "select":
            self._select = None
        elif tag == "textarea":
            self._area = None

    def handle_data(self, data):
        """What stands in a text area."""
        if self._area:
            form, name = self._area
            form.values[name] = [form.values[name][0] + data]


def forms_of(address: str, text: str) -> list[Form]:
    """The forms of a page that was read at `address`."""
    reader = Forms(address)
    reader.feed(text)
    return reader.found

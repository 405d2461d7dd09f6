// The list under the search box (htmx brings it): arrows choose, Enter opens, Escape closes. Without it Enter searches.
const input = document.querySelector("[data-suggest]");
const list = document.getElementById("suggested");

const options = () => [...list.querySelectorAll("[role=option]")];
const chosen = () => list.querySelector("[aria-selected=true]");

function show(isOpen) {
  list.hidden = !isOpen;
  input.setAttribute("aria-expanded", String(isOpen));
  if (!isOpen) choose(null);
}

function choose(option) {
  chosen()?.setAttribute("aria-selected", "false");
  option?.setAttribute("aria-selected", "true");
  option?.scrollIntoView({ block: "nearest" });
  if (option) input.setAttribute("aria-activedescendant", option.id);
  else input.removeAttribute("aria-activedescendant");
}

function move(by) {
  const all = options();
  if (!all.length) return;
  const at = all.indexOf(chosen());
  show(true);
  choose(all[at < 0 ? (by > 0 ? 0 : all.length - 1) : (at + by + all.length) % all.length]);
}

function onKey(event) {
  if (event.isComposing) return;
  if (event.key === "ArrowDown" || event.key === "ArrowUp") {
    event.preventDefault();
    move(event.key === "ArrowDown" ? 1 : -1);
  } else if (event.key === "Enter" && !list.hidden && chosen()) {
    event.preventDefault();
    chosen().click();
  } else if (event.key === "Escape" && !list.hidden) {
    event.preventDefault();
    show(false);
  }
}

function start() {
  for (const [name, value] of Object.entries({ role: "combobox", "aria-autocomplete": "list", "aria-controls": list.id, "aria-expanded": "false" })) input.setAttribute(name, value);
  input.addEventListener("keydown", onKey);
  input.addEventListener("focus", () => { if (options().length && input.value.trim()) show(true); });
  // an answer may come after the reader has gone on
  list.addEventListener("htmx:afterSwap", () => show(options().length > 0 && document.activeElement === input));
  input.closest("form").addEventListener("focusout", (event) => { if (!event.currentTarget.contains(event.relatedTarget)) show(false); });
  list.addEventListener("mousedown", (event) => event.preventDefault()); // a click must not take the focus first
}

if (input && list) start();

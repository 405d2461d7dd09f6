// Months: accepts 202611, 2026-11, 2026.11 and 11; − and + buttons and the arrow keys move by one month.
// A lone month number takes the year of data-year, of the old value, or of today, in that order.

function parse(text, input) {
  const clean = text.replace(/[\uff10-\uff19]/g, (c) => String.fromCharCode(c.charCodeAt(0) - 0xfee0)).trim();
  let found = clean.match(/^(\d{4})[-./年\s]?(\d{1,2})月?$/);
  if (found) return make(Number(found[1]), Number(found[2]));
  found = clean.match(/^(\d{1,2})月?$/);
  if (!found) return null;
  const year = Number(input.dataset.year || (input.dataset.last ?? input.defaultValue).slice(0, 4)) || new Date().getFullYear();
  return make(year, Number(found[1]));
}

function make(year, month) {
  return month >= 1 && month <= 12 && year >= 1949 && year <= 2200 ? { year, month } : null;
}

function write({ year, month }) {
  return `${year}-${String(month).padStart(2, "0")}`;
}

function shift(input, by) {
  const now = new Date();
  const at = parse(input.value, input) ?? { year: now.getFullYear(), month: now.getMonth() + 1 };
  const total = at.year * 12 + at.month - 1 + by;
  input.value = write({ year: Math.floor(total / 12), month: (total % 12) + 1 });
  input.dataset.last = input.value;
  input.dispatchEvent(new Event("input", { bubbles: true }));
  input.dispatchEvent(new Event("change", { bubbles: true }));
}

function button(sign, label, by, input) {
  const made = document.createElement("button");
  made.type = "button";
  made.textContent = sign;
  made.setAttribute("aria-label", label);
  made.dataset.shift = by;
  made.disabled = input.readOnly;
  return made;
}

function dress(scope) {
  for (const box of scope.querySelectorAll("[data-month-box]:not([data-dressed])")) {
    const input = box.querySelector("[data-month]");
    if (!input || input.readOnly) continue;
    const name = document.querySelector(`label[for="${input.id}"]`)?.textContent.replace("*", "").trim() ?? "";
    box.dataset.dressed = "1";
    box.prepend(button("−", `${name}前一个月`, -1, input));
    box.append(button("+", `${name}后一个月`, 1, input));
  }
}

document.addEventListener("click", (event) => {
  const pressed = event.target.closest("[data-month-box] [data-shift]");
  if (pressed) shift(pressed.parentElement.querySelector("[data-month]"), Number(pressed.dataset.shift));
});

document.addEventListener("keydown", (event) => {
  if (!event.target.matches?.("[data-month]") || event.target.readOnly) return;
  const by = { ArrowUp: 1, ArrowDown: -1 }[event.key];
  if (by) {
    event.preventDefault();
    shift(event.target, by);
  }
});

document.addEventListener("focusout", (event) => {
  const input = event.target;
  if (!input.matches?.("[data-month]") || input.readOnly || !input.value.trim()) return;
  const at = parse(input.value, input);
  if (!at) return; // the server names what is wrong; the typed text stays
  const text = write(at);
  if (text !== input.value) {
    input.value = text;
    input.dispatchEvent(new Event("change", { bubbles: true }));
  }
  input.dataset.last = text;
});

dress(document);
document.addEventListener("htmx:load", (event) => dress(event.detail.elt.parentElement ?? document));

// table[data-opens]: a double click on a row follows its first link, as the old halls' manuals say. At the keyboard the
// link itself does it; on a control, and while words are being chosen in a field, nothing more happens.
const CONTROLS = "a, button, input, select, textarea, label, summary";

document.addEventListener("dblclick", (event) => {
  const row = event.target.closest?.("table[data-opens] > tbody > tr");
  if (!row || event.target.closest(CONTROLS)) return;
  row.querySelector("a[href]")?.click();
});

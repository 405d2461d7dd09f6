// table[data-tick]: ticking rows. The bar [data-batch] of the same form shows how many and the sum of data-amount (fen).
// Disabled boxes stay out; rows hidden by the column boxes are not ticked by "all".

function boxes(table) {
  return [...table.querySelectorAll("tbody .tickc input[type=checkbox]:not(:disabled)")];
}

function yuan(fen) {
  const text = String(Math.abs(fen)).padStart(3, "0");
  return `${fen < 0 ? "−" : ""}${text.slice(0, -2).replace(/\B(?=(\d{3})+$)/g, ",")}.${text.slice(-2)}`;
}

function refresh(scope) {
  let count = 0;
  let sum = 0;
  for (const table of scope.querySelectorAll("table[data-tick]")) {
    const all = boxes(table);
    for (const box of all) {
      const row = box.closest("tr");
      row.classList.toggle("sel", box.checked);
      if (box.checked) {
        count += 1;
        sum += Number(row.dataset.amount ?? 0);
      }
    }
    const head = table.querySelector("[data-tick-all]");
    if (head) {
      const ticked = all.filter((box) => box.checked).length;
      head.checked = all.length > 0 && ticked === all.length;
      head.indeterminate = ticked > 0 && ticked < all.length;
    }
  }
  for (const place of scope.querySelectorAll("[data-tick-count]")) place.textContent = count;
  for (const place of scope.querySelectorAll("[data-tick-sum]")) place.textContent = (sum > 0 && "signed" in place.dataset ? "+" : "") + yuan(sum);
  for (const bar of scope.querySelectorAll("[data-batch]")) bar.classList.toggle("idle", count === 0);
  for (const button of scope.querySelectorAll("[data-batch] button[type=submit]")) button.disabled = count === 0;
}

function scopeOf(node) {
  return node.closest("form") ?? document;
}

document.addEventListener("change", (event) => {
  const table = event.target.closest?.("table[data-tick]");
  if (!table || event.target.type !== "checkbox") return;
  if (event.target.matches("[data-tick-all]")) {
    for (const box of boxes(table)) {
      if (!box.closest("tr").hidden) box.checked = event.target.checked;
    }
  }
  refresh(scopeOf(table));
});

function refreshAll() {
  for (const table of document.querySelectorAll("table[data-tick]")) refresh(scopeOf(table));
}

refreshAll();
addEventListener("pageshow", refreshAll); // the browser restores ticks on Back after the scripts have run
document.addEventListener("htmx:load", refreshAll);

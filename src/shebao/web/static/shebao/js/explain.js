// 为什么是这个数: arrows go from amount to amount in a table, Enter opens the explanation, Escape brings back to the amount.
const MOVES = { ArrowUp: -1, ArrowDown: 1, ArrowLeft: 0, ArrowRight: 0 };
let opener = null;

function beside(link, key) {
  const row = link.closest("tr"), cell = link.closest("td");
  if (key === "ArrowLeft" || key === "ArrowRight") {
    const inRow = [...row.querySelectorAll("a.money")];
    return inRow[inRow.indexOf(link) + (key === "ArrowRight" ? 1 : -1)];
  }
  const rows = [...row.closest("table").tBodies].flatMap((body) => [...body.rows]);
  rows.push(...(row.closest("table").tFoot?.rows ?? []));
  for (let at = rows.indexOf(row) + MOVES[key]; rows[at]; at += MOVES[key]) {
    const found = rows[at].cells[cell.cellIndex]?.querySelector("a.money");
    if (found) return found;
  }
  return undefined;
}

function close() {
  const why = document.getElementById("why");
  if (!why?.firstElementChild) return;
  why.replaceChildren();
  opener?.focus();
}

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.altKey || event.metaKey || event.isComposing) return;
  const link = event.target.closest?.("[data-explain] :is(tbody, tfoot) a.money");
  if (link && event.key in MOVES) {
    event.preventDefault();
    beside(link, event.key)?.focus();
  } else if (event.key === "Escape" && !document.querySelector("details[data-menu][open]")) {
    close();
  }
});

document.addEventListener("click", (event) => {
  if (event.target.closest("[data-why-close]")) close();
});

document.addEventListener("htmx:afterSwap", (event) => {
  if (event.detail.target?.id !== "why") return;
  opener = event.detail.requestConfig?.elt ?? opener;
  event.detail.target.querySelector("[data-why-close]")?.removeAttribute("hidden");
  event.detail.target.firstElementChild?.focus({ preventScroll: true });
});

// table[data-filterable]: one small box per column narrows the rows that are on the page; th[data-nofilter] has none.
// A column matches by contained text; on numbers also >100, <100 and 100-200.

const number = (text) => Number(text.replace(/[,\s]/g, "").replace("−", "-"));

function matches(cell, wanted) {
  const text = cell.textContent.trim().toLowerCase();
  const range = wanted.match(/^(-?[\d,.]+)\s*[-~至]\s*(-?[\d,.]+)$/);
  if (cell.classList.contains("n") && range) return number(text) >= number(range[1]) && number(text) <= number(range[2]);
  const bound = wanted.match(/^([<>])\s*(-?[\d,.]+)$/);
  if (cell.classList.contains("n") && bound) return bound[1] === ">" ? number(text) > number(bound[2]) : number(text) < number(bound[2]);
  return text.includes(wanted) || text.replace(/,/g, "").includes(wanted.replace(/,/g, ""));
}

function apply(table) {
  const wanted = [...table.querySelector("tr.filters").cells].map((cell) => cell.querySelector("input")?.value.trim().toLowerCase() ?? "");
  let shown = 0;
  for (const row of table.tBodies[0].rows) {
    row.hidden = !wanted.every((text, index) => !text || !row.cells[index] || matches(row.cells[index], text));
    if (!row.hidden) shown += 1;
  }
  const note = table.parentElement.querySelector("[data-filter-note]");
  if (note) note.textContent = wanted.some(Boolean) ? `本页显示 ${shown} 行` : "";
}

function dress(table) {
  table.dataset.dressed = "1";
  const head = table.tHead?.rows[0];
  if (!head) return;
  const row = document.createElement("tr");
  row.className = "filters";
  for (const th of head.cells) {
    const place = document.createElement("td");
    if (!th.hasAttribute("data-nofilter")) {
      const input = document.createElement("input");
      input.type = "search";
      input.className = "in";
      input.placeholder = "筛选";
      input.setAttribute("aria-label", `按${th.textContent.trim()}筛选本页`);
      place.append(input);
    }
    row.append(place);
  }
  table.tHead.append(row);
  const note = document.createElement("p");
  note.className = "vh";
  note.setAttribute("role", "status");
  note.dataset.filterNote = "";
  table.after(note);
}

function dressAll() {
  document.querySelectorAll("table[data-filterable]:not([data-dressed])").forEach(dress);
}

document.addEventListener("input", (event) => {
  const table = event.target.closest?.("tr.filters")?.closest("table[data-dressed]");
  if (table) apply(table);
});
document.addEventListener("keydown", (event) => {
  // Enter in a column box must not submit the form around the table
  if (event.key === "Enter" && event.target.closest?.("table[data-dressed] tr.filters")) event.preventDefault();
});

dressAll();
document.addEventListener("htmx:load", dressAll);

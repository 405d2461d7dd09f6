// [data-rights]: the menu tree without a round trip. A branch's button ticks all below it, or none when all are ticked;
// every branch above and below shows what of it is ticked.

function boxes(branch) {
  return [...branch.querySelectorAll("input[name=function]")];
}

function refresh(tree) {
  for (const branch of tree.querySelectorAll("[data-branch]")) {
    const button = branch.querySelector(":scope > [name=toggle]");
    if (!button) continue;
    const all = boxes(branch);
    const ticked = all.filter((box) => box.checked).length;
    button.setAttribute("aria-checked", ticked === all.length ? "true" : ticked ? "mixed" : "false");
    button.querySelector("[data-count]").textContent = `${ticked} / ${all.length}`;
  }
}

for (const form of document.querySelectorAll("[data-rights]")) {
  form.addEventListener("click", (event) => {
    const button = event.target.closest("button[name=toggle]");
    if (!button) return;
    event.preventDefault();
    const all = boxes(button.closest("[data-branch]"));
    const wanted = !all.every((box) => box.checked);
    for (const box of all) box.checked = wanted;
    refresh(form);
  });
  form.addEventListener("change", () => refresh(form));
}

addEventListener("pageshow", () => {
  for (const form of document.querySelectorAll("[data-rights]")) refresh(form);
});

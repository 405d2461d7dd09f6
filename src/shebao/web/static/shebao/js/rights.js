// [data-rights]: the menu tree without a round trip. A branch's button ticks all its leaves, or none when all are ticked.

function boxes(branch) {
  return [...branch.querySelectorAll("input[name=function]")];
}

function refresh(branch) {
  const all = boxes(branch);
  const ticked = all.filter((box) => box.checked).length;
  const state = ticked === all.length ? "true" : ticked ? "mixed" : "false";
  branch.querySelector("[name=toggle]").setAttribute("aria-checked", state);
  branch.querySelector("[data-count]").textContent = `${ticked} / ${all.length}`;
}

for (const form of document.querySelectorAll("[data-rights]")) {
  form.addEventListener("click", (event) => {
    const button = event.target.closest("button[name=toggle]");
    if (!button) return;
    event.preventDefault();
    const branch = button.closest("[data-branch]");
    const all = boxes(branch);
    const wanted = !all.every((box) => box.checked);
    for (const box of all) box.checked = wanted;
    refresh(branch);
  });
  form.addEventListener("change", (event) => {
    const branch = event.target.closest("[data-branch]");
    if (branch) refresh(branch);
  });
}

addEventListener("pageshow", () => {
  for (const branch of document.querySelectorAll("[data-branch]")) refresh(branch);
});

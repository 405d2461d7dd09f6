// The basket by keyboard: Ctrl+A ticks everything that can be submitted, Delete removes the row in focus (undo in the
// message that follows). Space and Ctrl+Enter work as everywhere.

const form = document.querySelector("form[data-basket]");

form?.addEventListener("keydown", (event) => {
  const row = event.target.closest("tbody tr");
  if (event.key === "Delete" && row) {
    event.preventDefault();
    row.querySelector("[data-remove]")?.click();
  }
  if (event.key === "a" && (event.ctrlKey || event.metaKey)) {
    event.preventDefault();
    const boxes = [...form.querySelectorAll("input[name=chosen]:enabled")];
    const all = boxes.every((box) => box.checked);
    for (const box of boxes) if (box.checked === all) box.click();
  }
});

// The form of one person: Enter goes to the next question, a corrected field loses its old error, and what the server
// fills in never overwrites what is being typed.

const FIELDS = "input:not([type=hidden]):not([readonly]):not([disabled]), select:not([disabled]), textarea:not([readonly])";

document.addEventListener("keydown", (event) => {
  if (event.key !== "Enter" || event.isComposing || event.defaultPrevented) return;
  if (event.ctrlKey || event.metaKey || event.altKey || event.shiftKey) return;
  const form = event.target.closest("form[data-enter-next]");
  if (!form || !event.target.matches("input, select")) return;
  event.preventDefault();
  // What is folded away cannot take the focus.
  const fields = [...form.querySelectorAll(`${FIELDS}, .acts .btn.p`)].filter((field) => field.offsetParent !== null);
  const next = fields[fields.indexOf(event.target) + 1];
  next?.focus();
  if (next?.matches("input[type=text], input[type=tel]")) next.select();
});

// An error of the last press goes when its field is typed into, or filled by the server: beside the field and on top.
function settle(box) {
  const field = box.querySelector(".in, input");
  box.classList.remove("e");
  field.removeAttribute("aria-invalid");
  document.getElementById(`${field.id}-error`)?.remove();
  const summary = document.querySelector(".errsum");
  summary?.querySelector(`a[href="#${CSS.escape(field.id)}"]`)?.closest("li")?.remove();
  const left = summary?.querySelectorAll("li").length;
  if (left) summary.querySelector("h2").lastChild.textContent = `有 ${left} 处需要修改`;
  else summary?.remove();
}

document.addEventListener("input", (event) => {
  const box = event.target.closest("form[data-enter-next] .fd.e");
  if (box) settle(box);
});

// The check while typing has judged every filled field anew: what it did not find again is settled.
document.addEventListener("htmx:afterSettle", (event) => {
  if (event.target.id !== "declare-rail") return;
  for (const box of document.querySelectorAll("form[data-enter-next] .fd.e")) {
    if (box.querySelector(".in, input")?.value) settle(box);
  }
});

document.addEventListener("htmx:oobBeforeSwap", (event) => {
  const typing = document.activeElement;
  if (typing?.matches("input, textarea") && typing.value && event.detail.target.contains(typing)) {
    event.detail.shouldSwap = false;
  }
});

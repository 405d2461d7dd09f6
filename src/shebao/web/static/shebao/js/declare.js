// The form of one person: Enter goes to the next question, a corrected field loses its old error, and what the server
// fills in never overwrites what is being typed.

const FIELDS = "input:not([type=hidden]):not([readonly]):not([disabled]), select:not([disabled]), textarea:not([readonly])";

document.addEventListener("keydown", (event) => {
  if (event.key !== "Enter" || event.isComposing || event.defaultPrevented) return;
  if (event.ctrlKey || event.metaKey || event.altKey || event.shiftKey) return;
  const form = event.target.closest("form[data-enter-next]");
  if (!form || !event.target.matches("input, select")) return;
  event.preventDefault();
  const fields = [...form.querySelectorAll(`${FIELDS}, .acts .btn.p`)];
  const next = fields[fields.indexOf(event.target) + 1];
  next?.focus();
  if (next?.matches("input[type=text], input[type=tel]")) next.select();
});

document.addEventListener("input", (event) => {
  const box = event.target.closest("form[data-enter-next] .fd.e");
  if (!box) return;
  box.classList.remove("e");
  event.target.removeAttribute("aria-invalid");
  document.getElementById(`${event.target.id}-error`)?.remove();
});

document.addEventListener("htmx:oobBeforeSwap", (event) => {
  const typing = document.activeElement;
  if (typing?.matches("input, textarea") && typing.value && event.detail.target.contains(typing)) {
    event.detail.shouldSwap = false;
  }
});

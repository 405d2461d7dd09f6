// Review desk: single keys press the control that carries them (J next, K previous, A approve, R return).
// The key sheet's switch turns them off (WCAG 2.1.4).

function off() {
  try {
    return localStorage.getItem("shebao-keys-off") === "1";
  } catch {
    return false;
  }
}

document.addEventListener("keydown", (event) => {
  if (event.defaultPrevented || event.isComposing || event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.target.closest("input, select, textarea, dialog[open]") || off()) return;
  const control = document.querySelector(`[data-key="${CSS.escape(event.key.toLowerCase())}"]`);
  if (!control) return;
  event.preventDefault();
  control.click();
  if (control.tagName === "SUMMARY") control.focus();
});

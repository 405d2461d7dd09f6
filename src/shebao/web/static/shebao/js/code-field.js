// The field of the credit code asks the hall when it is left. Who has come back to it meanwhile and types is not
// interrupted: the next time they leave it, it asks again.

document.addEventListener("htmx:beforeSwap", (event) => {
  const { target, requestConfig } = event.detail;
  const typing = document.activeElement;
  if (target.id !== "f-credit_code" || !target.contains(typing) || !typing.matches("input")) return;
  const sent = requestConfig.formData?.get?.(typing.name) ?? requestConfig.parameters[typing.name];
  if (typing.value !== sent) event.detail.shouldSwap = false;
});

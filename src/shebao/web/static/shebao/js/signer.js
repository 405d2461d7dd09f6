// A form that is sent with a signature over its content, made by the signer on this machine (data-signer).
function say(words) {
  const place = document.querySelector("[data-signer-error]");
  if (place) place.textContent = words;
}

for (const form of document.querySelectorAll("form[data-signer]")) {
  form.addEventListener("submit", async (event) => {
    const asked = !event.submitter || !event.submitter.hasAttribute("data-unsigned");
    if (!asked || form.elements.signature.value || form.querySelector("[type=file]")?.files.length) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    say("");
    try {
      const answer = await fetch(`${form.dataset.signer}/sign`, {
        method: "POST",
        headers: { "Content-Type": "application/json" },
        body: JSON.stringify({ content: form.dataset.content ?? form.elements.content.value }),
      });
      const said = await answer.json();
      if (!answer.ok) throw new Error(said.error);
      form.elements.signature.value = said.signature;
      form.submit();
    } catch (error) {
      say(/[一-鿿]/.test(error.message) ? error.message : "没有连上本机的签名程序。请先运行 shebao sign，或改用签名文件。");
    }
  }, { capture: true });
}

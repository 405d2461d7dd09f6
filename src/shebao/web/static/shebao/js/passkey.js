// A form that is sent with what a passkey signed: data-passkey="create" makes one, "get" uses one. Without
// data-options they are asked for at data-options-url when the button is pressed.
const bytes = (text) => Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (c) => c.charCodeAt(0));
const text = (buffer) => btoa(String.fromCharCode(...new Uint8Array(buffer))).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");

function ready(options) {
  const key = { ...options.publicKey, challenge: bytes(options.publicKey.challenge) };
  if (key.user) key.user = { ...key.user, id: bytes(key.user.id) };
  for (const list of ["excludeCredentials", "allowCredentials"]) {
    if (key[list]) key[list] = key[list].map((one) => ({ ...one, id: bytes(one.id) }));
  }
  return { publicKey: key };
}

function told(made) {
  const response = { clientDataJSON: text(made.response.clientDataJSON) };
  for (const part of ["attestationObject", "authenticatorData", "signature", "userHandle"]) {
    if (made.response[part]) response[part] = text(made.response[part]);
  }
  return JSON.stringify({ id: made.id, rawId: text(made.rawId), type: made.type, response, clientExtensionResults: {} });
}

async function options(form) {
  if (form.dataset.options) return JSON.parse(form.dataset.options);
  const answer = await fetch(form.dataset.optionsUrl, { method: "POST", body: new FormData(form) });
  const said = await answer.json();
  if (!answer.ok) throw new Error(said.error);
  return said.options;
}

function say(words) {
  const place = document.querySelector("[data-passkey-error]");
  if (place) place.textContent = words;
}

for (const form of document.querySelectorAll("form[data-passkey]")) {
  form.addEventListener("submit", async (event) => {
    if (form.elements.passkey.value) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    say("");
    try {
      if (!window.PublicKeyCredential) throw new Error("这个浏览器不支持通行密钥，或地址不是 https。");
      const asked = ready(await options(form));
      const made = await navigator.credentials[form.dataset.passkey === "create" ? "create" : "get"](asked);
      form.elements.passkey.value = told(made);
      form.submit();
    } catch (error) {
      say(error.name === "InvalidStateError" ? "这个设备的通行密钥已经添加过。" : /[一-鿿]/.test(error.message) ? error.message : "没有完成，可能是取消了或超时，请再试一次。");
    }
  }, { capture: true });
}

// Review desk: single keys press the control that carries them (J next, K previous, A approve, R return); the key
// sheet's switch turns them off (WCAG 2.1.4). The return sheet shows what the employer will read.

const sheet = document.getElementById("return");

function off() {
  try {
    return localStorage.getItem("shebao-keys-off") === "1";
  } catch {
    return false;
  }
}

// A decision opens the next case at once: the second press of a hasty finger must not decide a case nobody has seen.
const HASTE = 800;
const DECIDED = "shebao-decided-at";

function isHasty(control) {
  if (!control.matches("button")) return false;
  try {
    const since = Date.now() - Number(sessionStorage.getItem(DECIDED) || 0);
    sessionStorage.setItem(DECIDED, Date.now());
    return since < HASTE;
  } catch {
    return false;
  }
}

document.addEventListener("keydown", (event) => {
  if (event.repeat || event.defaultPrevented || event.isComposing || event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.target.closest("input, select, textarea, dialog[open]") || off()) return;
  const control = document.querySelector(`[data-key="${CSS.escape(event.key.toLowerCase())}"]`);
  if (!control) return;
  event.preventDefault();
  if (!isHasty(control)) control.click();
});

document.addEventListener("click", (event) => {
  if (!sheet || !event.target.closest("[href='#return']")) return;
  event.preventDefault();
  sheet.open = true;
  sheet.scrollIntoView({ block: "nearest" });
  sheet.querySelector("input[type=checkbox]").focus();
});

function lines() {
  const said = [];
  for (const row of sheet.querySelectorAll("[data-flag]")) {
    if (!row.querySelector("[type=checkbox]").checked) continue;
    const choice = row.querySelector("select");
    const parts = [choice.value && choice.selectedOptions[0].text, row.querySelector("[type=text]").value.trim()];
    said.push(`${row.dataset.flag}：${parts.filter(Boolean).join("：") || "（请选择或写明原因，或在下面写总的意见）"}`);
  }
  const note = sheet.querySelector("textarea").value.trim();
  return note ? [...said, note] : said;
}

function preview() {
  const place = sheet.querySelector("[data-preview]");
  const items = lines().map((text) => {
    const item = document.createElement("li");
    item.textContent = text;
    return item;
  });
  place.querySelector("ul").replaceChildren(...items);
  place.hidden = items.length === 0;
}

if (sheet) {
  for (const name of ["input", "change"]) sheet.addEventListener(name, preview);
  preview();
}

// Review desk: single keys press the control that carries them (J next, K previous, A approve, R return, V show what is
// hidden, C claim, T hand on, H hold, N remark); the key sheet's switch turns them off (WCAG 2.1.4). The return sheet
// shows what the employer will read; pictures can be turned and enlarged.

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
  if (!control.matches("button") || control.hasAttribute("data-look")) return false;
  try {
    const since = Date.now() - Number(sessionStorage.getItem(DECIDED) || 0);
    sessionStorage.setItem(DECIDED, Date.now());
    return since < HASTE;
  } catch {
    return false;
  }
}

// What takes letters keeps them; a box that is only ticked does not.
const TYPED = "input:not([type=checkbox]):not([type=radio]), select, textarea, dialog[open]";
const SHEET = "details.sheet-return[open]";

// Esc folds the sheet that one is in, or one that is open, and goes back to the control that opened it: what was typed
// stays in it, and the keys are keys again.
function leave(event) {
  const open = event.target.closest(SHEET) ?? document.querySelector(SHEET);
  if (open) {
    open.open = false;
    (document.querySelector(`.deskbar a[href="#${CSS.escape(open.id)}"]`) ?? open.querySelector("summary")).focus();
  } else if (event.target.closest(TYPED)) event.target.blur();
}

document.addEventListener("keydown", (event) => {
  if (event.repeat || event.defaultPrevented || event.isComposing || event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.key === "Escape" && !document.querySelector("dialog[open], details[data-menu][open]")) {
    leave(event);
    return;
  }
  if (event.target.closest(TYPED) || off()) return;
  const control = document.querySelector(`[data-key="${CSS.escape(event.key.toLowerCase())}"]`);
  if (!control) return;
  // Somebody who ticks what to return does not mean to approve, or to leave, by a letter that slipped.
  if (event.target.closest(SHEET) && control.dataset.key !== "v") return;
  event.preventDefault();
  if (!isHasty(control)) control.click();
});

// A control that leads to a folded sheet of the page unfolds it and puts the cursor into it.
document.addEventListener("click", (event) => {
  const link = event.target.closest(".deskbar a[href^='#']");
  const part = link && document.getElementById(link.hash.slice(1));
  if (!part) return;
  event.preventDefault();
  part.open = true;
  part.scrollIntoView({ block: "nearest" });
  part.querySelector("input:not([type=hidden]), select").focus();
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

// The small pictures of the list choose which one is shown large above it.
const viewer = document.querySelector("[data-viewer]");
const picture = viewer?.querySelector("[data-shown]");
if (picture) {
  let [zoom, turn] = [1, 0];
  const show = () => { picture.style.transform = `rotate(${turn}deg) scale(${zoom})`; };
  const choose = (link) => {
    picture.src = link.href;
    picture.hidden = false;
    viewer.querySelector("[data-covered]")?.remove();
    picture.alt = link.dataset.title + link.dataset.name;
    viewer.querySelector("[data-shown-name]").textContent = link.dataset.name;
    viewer.querySelector("[data-show-image][aria-current]")?.removeAttribute("aria-current");
    link.setAttribute("aria-current", "true");
    picture.scrollIntoView({ block: "nearest" });
  };
  viewer.addEventListener("click", (event) => {
    const link = event.target.closest("[data-show-image]");
    const button = event.target.closest("button");
    if (link) {
      event.preventDefault();
      choose(link);
    }
    if (button?.dataset.zoom) zoom = Math.min(6, Math.max(0.4, zoom * Number(button.dataset.zoom)));
    if (button?.dataset.turn) turn = (turn + Number(button.dataset.turn)) % 360;
    if (link || button?.hasAttribute("data-reset")) [zoom, turn] = [1, 0];
    show();
  });
}

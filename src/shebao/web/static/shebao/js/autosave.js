// Nothing typed is lost. form[data-autosave-url] is posted 10 s after a change, when the page is left and before it is
// sent; form[data-keep] has no copy on the server. Without the network, or when the session has ended, the values stay
// in this tab (sessionStorage, under their writer's number) and come back with the form; passwords, files and tokens
// are never kept, and signing out forgets all. A form that stands on several pages says whose it is (data-of); what a
// page brings back because it was refused (data-typed) was typed too.

const WAIT = 10_000;
const PATIENCE = 15_000;
const PREFIX = "shebao-draft:";
const OF_THE_PAGE = ["csrfmiddlewaretoken", "_once"];
const forms = new Map();

function keyOf(form) {
  const place = form.dataset.of ?? location.pathname + location.search;
  return `${PREFIX}${form.dataset.owner ?? ""}:${place}#${form.id}`;
}

function say(form, text, offline = false) {
  const place = form.querySelector("[data-saved]") ?? document.querySelector("[data-saved]");
  if (!place) return;
  place.textContent = text;
  place.classList.toggle("off", offline);
}

function values(form) {
  const kept = [];
  for (const [name, value] of new FormData(form)) {
    const field = form.elements[name];
    if (!OF_THE_PAGE.includes(name) && typeof value === "string" && field?.type !== "password") kept.push([name, value]);
  }
  return kept;
}

function keep(form) {
  try {
    sessionStorage.setItem(keyOf(form), JSON.stringify(values(form)));
    return true;
  } catch {
    return false;
  }
}

function drop(form) {
  try {
    sessionStorage.removeItem(keyOf(form));
  } catch {
    // nothing was kept
  }
}

// Resolves to "ok", "expired", "offline" or "fault".
async function reach(form, leaving = false) {
  const url = form.dataset.autosaveUrl;
  // a page that answers a refused form has the form's address, which takes nothing but forms: it cannot be asked
  const alive = document.getElementById("idle")?.dataset.alive;
  const request = url
    ? { method: "POST", body: new FormData(form), headers: { "X-Autosave": "1" }, keepalive: leaving }
    : { method: alive ? "GET" : "HEAD" };
  try {
    const answer = await fetch(url ?? alive ?? location.href, {
      ...request,
      credentials: "same-origin",
      redirect: "manual",
      signal: leaving ? undefined : AbortSignal.timeout(PATIENCE),
    });
    if (answer.ok || answer.status === 422) return "ok";
    return answer.type === "opaqueredirect" || answer.status === 403 ? "expired" : "fault";
  } catch {
    return "offline";
  }
}

async function save(form, leaving = false) {
  const state = forms.get(form);
  clearTimeout(state.timer);
  if (!state.changed || state.busy || !form.dataset.autosaveUrl) return;
  state.changed = false;
  state.busy = true;
  const outcome = await reach(form, leaving);
  state.busy = false;
  if (outcome === "ok") saved(form);
  else failed(form, outcome);
  if (state.changed && outcome === "ok") schedule(form);
}

function saved(form) {
  const now = new Date();
  say(form, `已自动保存 ${String(now.getHours()).padStart(2, "0")}:${String(now.getMinutes()).padStart(2, "0")}`);
  form.querySelector(".offline")?.remove();
  drop(form);
  form.dispatchEvent(new CustomEvent("shebao:saved", { bubbles: true }));
}

const REASONS = { expired: "登录已过期", offline: "网络中断", fault: "服务器没有保存成功" };

function failed(form, outcome) {
  forms.get(form).changed = true;
  const reason = REASONS[outcome];
  say(form, keep(form) ? `${reason}，内容暂存在本页，恢复后自动保存` : `${reason}，请先不要关闭本页`, true);
}

function schedule(form) {
  const state = forms.get(form);
  clearTimeout(state.timer);
  state.timer = setTimeout(() => save(form), WAIT);
}

// --- sending: first make sure that what was typed is safe, then go ---
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (new URL(form.action, location.href).pathname.endsWith("/logout")) forget();
  const state = forms.get(form);
  if (!state || event.defaultPrevented) return;
  clearTimeout(state.timer);
  if (state.passing) {
    state.passing = false;
    return;
  }
  event.preventDefault();
  send(form, event.submitter);
});

async function send(form, submitter) {
  const state = forms.get(form);
  const outcome = await reach(form);
  delete form.dataset.sent;
  submitter?.removeAttribute("aria-disabled");
  if (outcome === "offline") {
    keep(form);
    notice(form);
    form.querySelector(".in")?.dispatchEvent(new Event("input", { bubbles: true }));
    return;
  }
  // Kept for the way back from the sign-in page; on the server already otherwise.
  if (outcome === "ok") drop(form);
  else if (outcome !== "ok") keep(form);
  state.changed = false;
  state.passing = true;
  form.requestSubmit(submitter);
}

function notice(form) {
  form.querySelector(".offline")?.remove();
  const box = document.createElement("div");
  box.className = "banner w offline";
  box.setAttribute("role", "alert");
  const text = document.createElement("div");
  const head = document.createElement("b");
  head.textContent = "网络中断，刚才没有提交";
  text.append(head, "填写的内容都还在，请恢复网络后再点一次。");
  box.append(text);
  form.append(box);
  box.scrollIntoView({ block: "nearest" });
}

function forget() {
  try {
    for (const key of Object.keys(sessionStorage)) if (key.startsWith(PREFIX)) sessionStorage.removeItem(key);
  } catch {
    // nothing was kept
  }
}

// --- coming back ---
function restore(form) {
  let kept;
  try {
    kept = JSON.parse(sessionStorage.getItem(keyOf(form)) ?? "null");
  } catch {
    kept = null;
  }
  if (!kept) return;
  for (const box of form.querySelectorAll("input[type=checkbox]")) {
    box.checked = kept.some(([name, value]) => name === box.name && value === box.value);
  }
  for (const [name, value] of kept) {
    const field = form.elements[name];
    if (!field || field.type === "file") continue;
    if (field instanceof RadioNodeList) {
      if ([...field].every((option) => option.type === "radio")) field.value = value;
    } else if (name === "version" || (field.type !== "checkbox" && field.type !== "hidden")) {
      field.value = value;
    }
  }
  form.closest("details")?.setAttribute("open", "");
  forms.get(form).changed = true;
  say(form, "已恢复上次没有保存的内容", true);
  addEventListener("load", () => form.dispatchEvent(new Event("change", { bubbles: true })));
  schedule(form);
}

function watch(scope) {
  for (const form of scope.querySelectorAll("form[data-autosave-url], form[data-keep]")) {
    if (forms.has(form)) continue;
    forms.set(form, { changed: form.hasAttribute("data-typed"), busy: false, passing: false, timer: 0 });
    restore(form);
  }
}

document.addEventListener("input", (event) => {
  const state = forms.get(event.target.form);
  if (!state) return;
  state.changed = true;
  schedule(event.target.form);
});
document.addEventListener("visibilitychange", () => {
  if (document.visibilityState !== "hidden") return;
  for (const [form, state] of forms) {
    // The page may be gone before the answer: what is kept here is dropped when the server has it.
    if (state.changed) keep(form);
    save(form, true);
  }
});
addEventListener("online", () => {
  for (const form of forms.keys()) {
    form.querySelector(".offline")?.remove();
    save(form);
  }
});
// A fragment that finds the session ended leads the whole page to the sign-in: keep what is typed first.
document.addEventListener("htmx:beforeOnLoad", (event) => {
  if (!event.detail.xhr.getResponseHeader("HX-Redirect")) return;
  for (const form of forms.keys()) {
    keep(form);
    form.dispatchEvent(new CustomEvent("shebao:saved", { bubbles: true }));
  }
});
document.addEventListener("htmx:sendError", () => {
  for (const [form, state] of forms) if (state.changed) failed(form, "offline");
});

watch(document);
document.addEventListener("htmx:load", () => watch(document));

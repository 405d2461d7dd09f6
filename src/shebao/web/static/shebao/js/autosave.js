// form[data-autosave-url]: posted 10 s after a change and when the page is left. If the network is lost the values are
// kept in this tab (sessionStorage) and offered again; passwords, files and the token are never kept.

const WAIT = 10_000;
const forms = new Map();

function keyOf(form) {
  return `shebao-draft:${form.dataset.autosaveUrl}`;
}

function say(form, text, offline = false) {
  const place = form.querySelector("[data-saved]") ?? document.querySelector("[data-saved]");
  if (!place) return;
  place.textContent = text;
  place.classList.toggle("off", offline);
}

function values(form) {
  const data = new FormData(form);
  const kept = [];
  for (const [name, value] of data) {
    const field = form.elements[name];
    if (name !== "csrfmiddlewaretoken" && typeof value === "string" && field?.type !== "password") kept.push([name, value]);
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

async function save(form, leaving = false) {
  const state = forms.get(form);
  clearTimeout(state.timer);
  if (!state.changed || state.busy) return;
  state.changed = false;
  state.busy = true;
  try {
    const answer = await fetch(form.dataset.autosaveUrl, {
      method: "POST",
      body: new FormData(form),
      headers: { "X-Autosave": "1" },
      credentials: "same-origin",
      keepalive: leaving,
      redirect: "manual",
    });
    if (answer.ok || answer.status === 422) {
      const now = new Date();
      say(form, `已自动保存 ${String(now.getHours()).padStart(2, "0")}:${String(now.getMinutes()).padStart(2, "0")}`);
      drop(form);
      form.dispatchEvent(new CustomEvent("shebao:saved", { bubbles: true }));
    } else {
      failed(form, answer.type === "opaqueredirect" || answer.status === 403 ? "登录已过期" : "服务器没有保存成功");
    }
  } catch {
    failed(form, "网络中断");
  } finally {
    state.busy = false;
    if (state.changed) schedule(form);
  }
}

function failed(form, reason) {
  forms.get(form).changed = true;
  say(form, keep(form) ? `${reason}，内容暂存在本页，恢复后自动保存` : `${reason}，请先不要关闭本页`, true);
}

function schedule(form) {
  const state = forms.get(form);
  clearTimeout(state.timer);
  state.timer = setTimeout(() => save(form), WAIT);
}

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
    } else if (field.type !== "checkbox" && field.type !== "hidden") {
      field.value = value;
    }
  }
  forms.get(form).changed = true;
  say(form, "已恢复上次没有保存的内容", true);
  schedule(form);
}

function watch(scope) {
  for (const form of scope.querySelectorAll("form[data-autosave-url]")) {
    if (forms.has(form)) continue;
    forms.set(form, { changed: false, busy: false, timer: 0 });
    restore(form);
  }
}

document.addEventListener("input", (event) => {
  const state = forms.get(event.target.form);
  if (!state) return;
  state.changed = true;
  schedule(event.target.form);
});
document.addEventListener("submit", (event) => {
  const state = forms.get(event.target);
  if (state && !event.defaultPrevented) {
    state.changed = false;
    clearTimeout(state.timer);
    drop(event.target);
  }
});
document.addEventListener("visibilitychange", () => {
  if (document.visibilityState === "hidden") for (const form of forms.keys()) save(form, true);
});
addEventListener("online", () => {
  for (const form of forms.keys()) save(form);
});

watch(document);
document.addEventListener("htmx:load", () => watch(document));

// The frame: drawer, toasts, double-press guard, leave guard, copy buttons, focus on the error summary.
// One delegated listener per concern; every page works without this file.

const root = document.documentElement;
root.classList.add("js");

// A page that answers a POST (a confirmation, a form with errors) must not ask to send it again when somebody comes
// back to it: its entry in the history becomes an ordinary visit of the same address.
history.replaceState(history.state, "", location.href);

// --- drawer (without this file the :target link opens it) ---
const menu = document.getElementById("menu");
let opener = null;

// --- tabs that do not fit: the one that is open is in sight ---
for (const tab of document.querySelectorAll(".tabs [aria-current]")) {
  const bar = tab.closest(".tabs");
  const beyond = tab.getBoundingClientRect().right - bar.getBoundingClientRect().right;
  if (beyond > 0) bar.scrollLeft += beyond + 24;
}

// --- the menu shows where one is, however long it is ---
const FADE = 36; // px at its foot under which entries vanish (shell.css)
const entry = menu?.querySelector("[aria-current]");
const list = entry?.closest(".nav");
if (list) {
  const below = entry.getBoundingClientRect().bottom - list.getBoundingClientRect().bottom + FADE;
  if (below > 0) list.scrollTop += below + list.clientHeight / 3;
}

function setDrawer(open) {
  if (!menu) return;
  menu.classList.toggle("open", open);
  if (open) {
    // the drawer becomes focusable only once its 120 ms transition has begun
    setTimeout(() => menu.querySelector("[aria-current], .nav a")?.focus(), 150);
  } else {
    if (location.hash === "#menu") history.replaceState(null, "", location.pathname + location.search);
    opener?.focus();
    opener = null;
  }
}

document.addEventListener("click", (event) => {
  const open = event.target.closest("[data-drawer-open]");
  if (open) {
    event.preventDefault();
    opener = open;
    setDrawer(true);
  } else if (event.target.closest("[data-drawer-close]")) {
    event.preventDefault();
    setDrawer(false);
  }
});

document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  if (menu?.classList.contains("open")) setDrawer(false);
  for (const box of document.querySelectorAll("details[data-menu][open]")) {
    box.open = false;
    box.querySelector("summary").focus();
  }
});

document.addEventListener("click", (event) => {
  for (const box of document.querySelectorAll("details[data-menu][open]")) {
    if (!box.contains(event.target)) box.open = false;
  }
});

// --- toasts ---
const SECONDS = 4;
const toasts = document.getElementById("toasts");

function arm(toast) {
  const close = document.createElement("button");
  close.type = "button";
  close.className = "x";
  close.setAttribute("aria-label", "关闭提示");
  close.textContent = "×";
  close.addEventListener("click", () => toast.remove());
  toast.append(close);
  if (toast.dataset.until !== undefined) {
    countDown(toast, Number(toast.dataset.keep));
    return;
  }
  const seconds = Number(toast.dataset.keep ?? SECONDS) * (root.classList.contains("elder") ? 2 : 1);
  if (!seconds) return;
  let timer;
  const start = () => { timer = setTimeout(() => toast.remove(), seconds * 1000); };
  const stop = () => clearTimeout(timer);
  for (const name of ["mouseenter", "focusin"]) toast.addEventListener(name, stop);
  for (const name of ["mouseleave", "focusout"]) toast.addEventListener(name, start);
  start();
}

// What can be undone for so many seconds and no longer: the toast stays as long, and says how long that is.
function countDown(toast, seconds) {
  const end = performance.now() + seconds * 1000;
  const left = document.createElement("span");
  left.className = "num";
  left.setAttribute("aria-hidden", "true"); // a number that is read aloud every second says less than none
  toast.querySelector(".msg").append(left);
  const tick = () => {
    const rest = Math.ceil((end - performance.now()) / 1000);
    left.textContent = ` ${rest} 秒`;
    if (rest > 0) setTimeout(tick, 250);
    else toast.remove();
  };
  tick();
}

function showToast({ text, level = "success", keep }) {
  if (!toasts || !text) return;
  const toast = document.createElement("div");
  toast.className = `toast ${level}`;
  const words = document.createElement("span");
  words.className = "msg";
  words.textContent = text;
  toast.append(words);
  if (keep !== undefined) toast.dataset.keep = keep;
  else if (level === "error" || level === "warning") toast.dataset.keep = 0;
  toasts.append(toast);
  arm(toast);
}

document.querySelectorAll("[data-toast]").forEach(arm);
document.addEventListener("shebao:toast", (event) => showToast(event.detail));
// --- what is asked by time and not by somebody keeps no session from ending ---
document.addEventListener("htmx:configRequest", ({ detail }) => {
  if (!detail.triggeringEvent) detail.headers["Shebao-Poll"] = "1";
});

document.addEventListener("htmx:responseError", (event) => {
  if (event.target.closest?.("[data-part]")) return;
  const { status } = event.detail.xhr;
  const busy = "系统正在写入一批较大的数据，这一步还没有办，填写的内容都在。请等半分钟再试一次。";
  showToast({ text: status === 503 ? busy : `没有加载出来（${status}），请重试。`, level: "error" });
});
document.addEventListener("htmx:sendError", (event) => {
  if (event.target.closest?.("[data-quiet], [data-part]")) return;
  showToast({ text: "没有加载出来，可能是网络中断，请重试。", level: "error" });
});

// --- double press: the second submit of the same form is ignored until the page is shown again ---
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (event.defaultPrevented || form.method === "dialog") return;
  if (form.dataset.sent === "1") {
    event.preventDefault();
    return;
  }
  if (form.method === "post" && !form.hasAttribute("hx-post")) {
    form.dataset.sent = "1";
    event.submitter?.setAttribute("aria-disabled", "true");
    // a file answer leaves the page in place: allow the next press after a while
    setTimeout(() => release(form), 8000);
  }
});

function release(form) {
  delete form.dataset.sent;
  form.querySelectorAll("[aria-disabled=true]").forEach((button) => button.removeAttribute("aria-disabled"));
}

addEventListener("pageshow", () => document.querySelectorAll("form[data-sent]").forEach(release));

// --- leave guard: forms marked data-guard ask before changes are lost ---
const changed = new Set();
document.addEventListener("input", (event) => {
  const form = event.target.form;
  // what tidies a field while the form is on its way is no change of the person's
  if (form?.hasAttribute("data-guard") && form.dataset.sent !== "1") changed.add(form);
});
document.addEventListener("submit", (event) => {
  if (!event.defaultPrevented) changed.delete(event.target);
});
document.addEventListener("shebao:saved", (event) => changed.delete(event.target));
addEventListener("beforeunload", (event) => {
  if (changed.size) event.preventDefault();
});

// --- print buttons: data-print ---
document.addEventListener("click", (event) => {
  if (event.target.closest("[data-print]")) print();
});

// --- copy buttons: data-copy="#id" ---
document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-copy]");
  if (!button) return;
  const text = document.querySelector(button.dataset.copy)?.innerText.trim() ?? "";
  try {
    await navigator.clipboard.writeText(text);
    showToast({ text: "已复制" });
  } catch {
    showToast({ text: "浏览器不允许复制，请选中文字后按 Ctrl+C。", level: "warning" });
  }
});

// --- a password can be looked at: data-show="<id>" ---
document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-show]");
  const field = button && document.getElementById(button.dataset.show);
  if (!field) return;
  const shown = field.type === "text";
  field.type = shown ? "password" : "text";
  button.firstElementChild.textContent = shown ? "显示" : "隐藏";
});

// --- the error summary takes the focus, its links go to the field itself ---
document.querySelector("[data-focus]")?.focus();
document.addEventListener("click", (event) => {
  const link = event.target.closest(".errsum a[href^='#']");
  const field = link && document.getElementById(link.hash.slice(1));
  if (!field) return;
  event.preventDefault();
  field.scrollIntoView({ block: "center" });
  (field.matches("fieldset") ? field.querySelector("input") ?? field : field).focus({ preventScroll: true });
});

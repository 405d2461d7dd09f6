// Two minutes before the session ends: say so, and stay signed in on request (WCAG 2.2.1). At the end the page is asked
// for again: the server leads to the sign-in page and from there back here. All tabs share one clock.

const WARN = 120;
const STORE = "shebao-seen";
const box = document.getElementById("idle");
let seen = Date.now();

function mark() {
  seen = Date.now();
  try {
    localStorage.setItem(STORE, String(seen));
  } catch {
    // private windows may refuse storage; every tab then counts for itself
  }
  if (box.open) box.close();
}

function left() {
  let last = seen;
  try {
    last = Math.max(last, Number(localStorage.getItem(STORE)) || 0);
  } catch {
    // as above
  }
  return Number(box.dataset.idle) - (Date.now() - last) / 1000;
}

async function stay() {
  try {
    const answer = await fetch(box.dataset.alive, { credentials: "same-origin" });
    if (answer.status === 204) mark();
    else location.assign(location.href);
  } catch {
    box.querySelector("#idle-text").textContent = "网络中断，请恢复网络后再点“继续使用”。";
  }
}

function look() {
  const seconds = left();
  if (seconds > WARN) {
    if (box.open) box.close();
    return;
  }
  if (seconds <= 0) {
    clearInterval(timer);
    location.assign(location.pathname + location.search);
    return;
  }
  box.querySelector("[data-idle-left]").textContent = seconds > 60 ? "2 分钟" : `${Math.ceil(seconds)} 秒`;
  if (!box.open) box.showModal();
}

let timer;
if (box) {
  mark();
  timer = setInterval(look, 1000);
  box.querySelector("[data-idle-stay]").addEventListener("click", stay);
  box.addEventListener("cancel", (event) => {
    event.preventDefault();
    stay();
  });
  document.addEventListener("shebao:saved", mark);
  document.addEventListener("htmx:afterRequest", ({ detail }) => {
    if (!detail.requestConfig?.headers["Shebao-Poll"]) mark();
  });
}

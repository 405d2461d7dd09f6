// Keyboard: / search, g h/b/c places, n new enrolment, ? key sheet, Ctrl+Enter main action, F8 next problem.
// Single-key shortcuts can be switched off in the key sheet (WCAG 2.1.4).

const sheet = document.getElementById("key-sheet");
const off = sheet?.querySelector("[data-keys-off]");
const STORE = "shebao-keys-off";
let waitingForPlace = false;

function remembered() {
  try {
    return localStorage.getItem(STORE) === "1";
  } catch {
    return false;
  }
}

if (off) {
  off.checked = remembered();
  off.addEventListener("change", () => {
    try {
      localStorage.setItem(STORE, off.checked ? "1" : "0");
    } catch {
      // private windows may refuse storage; the box then counts for this page only
    }
  });
}

function typing(target) {
  return target.closest("input:not([type=checkbox]):not([type=radio]), select, textarea, [contenteditable=true]") !== null;
}

function go(name) {
  const url = sheet?.dataset[name];
  if (url) location.assign(url);
}

function nextProblem(backwards) {
  const problems = [...document.querySelectorAll("[aria-invalid=true], .ask input:not(:checked)")];
  if (!problems.length) return false;
  const here = problems.indexOf(document.activeElement);
  const step = backwards ? -1 : 1;
  const next = here < 0 ? (backwards ? problems.length - 1 : 0) : (here + step + problems.length) % problems.length;
  problems[next].scrollIntoView({ block: "center" });
  problems[next].focus({ preventScroll: true });
  return true;
}

function singleKey(event) {
  const key = event.key;
  if (waitingForPlace) {
    waitingForPlace = false;
    const place = { h: "home", b: "basket", c: "cases" }[key];
    if (place) go(place);
    return;
  }
  if (key === "/") {
    const search = document.querySelector("[data-search]");
    if (search) {
      event.preventDefault();
      search.focus();
      search.select();
    }
  } else if (key === "?") {
    event.preventDefault();
    sheet?.showModal();
  } else if (key === "g") {
    waitingForPlace = true;
    setTimeout(() => { waitingForPlace = false; }, 1200);
  } else if (key === "n") {
    go("enrol");
  }
}

document.addEventListener("click", (event) => {
  if (event.target.closest("[data-key-sheet]")) sheet?.showModal();
});

document.addEventListener("keydown", (event) => {
  if (event.defaultPrevented || event.isComposing) return;
  if (event.key === "Enter" && event.ctrlKey) {
    const form = event.target.closest("form[data-main], .sheet-return form") ?? document.querySelector('form[data-main=""]');
    if (form) {
      event.preventDefault();
      form.requestSubmit();
    }
    return;
  }
  if (event.key === "F8" && !event.target.closest("[role=grid]")) {
    if (nextProblem(event.shiftKey)) event.preventDefault();
    return;
  }
  if (event.ctrlKey || event.metaKey || event.altKey || typing(event.target)) return;
  if (document.querySelector("dialog[open]") || (off?.checked ?? false)) return;
  singleKey(event);
});

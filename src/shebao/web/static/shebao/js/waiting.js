// A page that waits for a background job: ask how far it is, show it, go on when it is done.
const waiting = document.querySelector("[data-progress-url]");

async function look() {
  try {
    const answer = await fetch(waiting.dataset.progressUrl, { headers: { Accept: "application/json" } });
    const { state, checked, total } = await answer.json();
    if (state !== "checking" && state !== "reading") { window.location.reload(); return; }
    waiting.querySelector("b").textContent = `已检查 ${checked} / ${total} 行`;
    waiting.querySelector("progress").value = checked;
  } catch (lost) {
    waiting.querySelector(".note").textContent = "网络中断，恢复后会自动继续。";
  }
  window.setTimeout(look, 1000);
}

if (waiting) window.setTimeout(look, 700);

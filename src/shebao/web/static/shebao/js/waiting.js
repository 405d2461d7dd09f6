// A page that waits for a background job: ask how far it is, show it, go on when it is done or cut off.
const waiting = document.querySelector("[data-progress-url]");

async function look() {
  try {
    const answer = await fetch(waiting.dataset.progressUrl, { headers: { Accept: "application/json" } });
    if (answer.redirected || !answer.ok) { window.location.reload(); return; }
    const { words, done, stuck } = await answer.json();
    if (!words || stuck) { window.location.reload(); return; }
    waiting.querySelector("b").textContent = words;
    if (done !== null) waiting.querySelector("progress").value = done;
    waiting.querySelector(".note").textContent = "可以离开这一页去做别的，完成后从“批量导入”的导入记录回来。";
  } catch (lost) {
    waiting.querySelector(".note").textContent = "网络中断，恢复后会自动继续。";
  }
  window.setTimeout(look, 1000);
}

if (waiting) window.setTimeout(look, 700);

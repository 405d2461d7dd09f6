// A page that waits for a background job: ask how far it is, show it, go on when it is done or cut off.
const waiting = document.querySelector("[data-progress-url]");
const note = waiting?.querySelector(".note").textContent;

async function look() {
  try {
    const answer = await fetch(waiting.dataset.progressUrl, { headers: { Accept: "application/json", "Shebao-Poll": "1" } });
    if (answer.redirected) { window.location.reload(); return; }
    if (!answer.ok) throw new Error("busy");
    const { words, done, stuck } = await answer.json();
    if (!words || stuck) { window.location.reload(); return; }
    waiting.querySelector("b").textContent = words;
    if (done !== null) waiting.querySelector("progress").value = done;
    waiting.querySelector(".note").textContent = note;
  } catch (lost) {
    waiting.querySelector(".note").textContent = "暂时问不到进度（网络中断或服务器正忙），会自动再问，后台处理不受影响。";
  }
  window.setTimeout(look, 1000);
}

if (waiting) window.setTimeout(look, 700);

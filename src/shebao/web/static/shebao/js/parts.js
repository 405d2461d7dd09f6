// A part of a page that comes later: when it does not come, its place says so and offers to ask again.
function place(event) {
  return event.target.closest?.("[data-part]");
}

function lost(event, why) {
  const part = place(event);
  if (!part) return;
  part.classList.add("lost");
  part.removeAttribute("aria-busy");
  const number = event.detail.xhr?.responseText?.match(/错误编号 ([0-9a-f]+)/)?.[1];
  part.querySelector("[data-part-why]").textContent = why + (number ? `错误编号 ${number}。` : "");
}

document.addEventListener("htmx:beforeRequest", (event) => {
  const part = place(event);
  part?.classList.remove("lost");
  part?.setAttribute("aria-busy", "true");
});
document.addEventListener("htmx:timeout", (event) => lost(event, "服务器较忙，金额还没有算好，其他业务不受影响。"));
document.addEventListener("htmx:sendError", (event) => lost(event, "没有连上服务器，可能是网络中断，金额没有显示出来。"));
document.addEventListener("htmx:responseError", (event) => lost(event, "系统出了问题，金额没有算出来，其他业务不受影响。"));

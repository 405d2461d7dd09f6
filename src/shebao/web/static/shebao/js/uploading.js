// [data-uploading]: how far the files of a form are on their way, while htmx sends it. Without scripts the form goes as ever.
const partOf = (event) => event.target.querySelector?.("[data-uploading]");

document.addEventListener("htmx:beforeRequest", (event) => {
  const part = partOf(event);
  const files = [...event.target.querySelectorAll("input[type=file]")].some((input) => input.files.length);
  if (part && files) part.hidden = false;
});
document.addEventListener("htmx:xhr:progress", (event) => {
  const part = partOf(event);
  const { lengthComputable, loaded, total } = event.detail;
  // The answer that comes back is told of by the same event; by then the bar is full.
  if (!part || !lengthComputable || part.dataset.whole) return;
  const percent = Math.floor((loaded / total) * 100);
  part.querySelector("progress").value = percent;
  part.querySelector("[role=status]").textContent = loaded < total ? `已上传 ${percent}%` : "已传完，正在核对";
  if (loaded >= total) part.dataset.whole = "1";
});
document.addEventListener("htmx:afterRequest", (event) => {
  const part = partOf(event);
  if (!part) return;
  part.hidden = true;
  delete part.dataset.whole;
});

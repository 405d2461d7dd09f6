// [data-file]: the button and the name of the chosen file in Chinese, laid under the
// browser's own control, which takes clicks, keys and dropped files. Without scripts that control shows itself.
// Where uploading.js lists what was chosen (data-limits), its number.
function dress(box) {
  const input = box.querySelector("input[type=file]");
  const name = box.querySelector("[data-file-name]");
  const none = name.textContent;
  const say = () => {
    const names = [...input.files].map((file) => file.name);
    name.textContent = (input.dataset.limits && names.length ? `已选 ${names.length} 个文件` : names.join("、")) || none;
    box.classList.toggle("has", names.length > 0);
  };
  box.classList.add("dressed");
  for (const kind of ["change", "input"]) input.addEventListener(kind, say);
  box.addEventListener("dragenter", () => box.classList.add("over"));
  for (const kind of ["dragleave", "drop"]) box.addEventListener(kind, () => box.classList.remove("over"));
  say(); // the browser restores a choice when one comes back
}

document.querySelectorAll("[data-file]").forEach(dress);
document.addEventListener("htmx:load", (event) => event.target.querySelectorAll?.("[data-file]:not(.dressed)").forEach(dress));

// input[data-limits] (the most bytes of a document, and of a picture): each chosen file by its name and size; what the hall would
// not take is said at once and not sent, and any file can be taken out again. [data-uploading]: how far the files of a form are on
// their way while htmx sends it, all of them and each. Without scripts the form goes as ever, and the server says the same.

// --- what was chosen ---
const sizeOf = ({ size }) => (size >= 1e6 ? `${(size / 1e6).toFixed(1)} MB` : `${Math.ceil(size / 1000)} KB`);

function made(name, properties, ...inside) {
  const element = Object.assign(document.createElement(name), properties);
  element.append(...inside);
  return element;
}

// By the first bytes, as the server judges; empty when it may be sent.
async function wrong(file, [ofDocument, ofPicture]) {
  if (!file.size) return "是空文件";
  const head = String.fromCharCode(...new Uint8Array(await file.slice(0, 5).arrayBuffer()));
  const isPicture = head.startsWith("\xff\xd8\xff") || head.startsWith("\x89PNG");
  const most = isPicture ? ofPicture : ofDocument;
  if (file.size > most) return `超过 ${most / 1e6} MB`;
  return isPicture || head === "%PDF-" ? "" : "不是 JPG、PNG 或 PDF";
}

function keep(input, files) {
  const kept = new DataTransfer();
  files.forEach((file) => kept.items.add(file));
  input.files = kept.files;
  input.dispatchEvent(new Event("input", { bubbles: true })); // what tells how many are chosen
}

function row(input, list, file, why) {
  const out = made("button", { type: "button", className: "link", textContent: "去掉" }, made("span", { className: "vh", textContent: `：${file.name}` }));
  const state = why
    ? made("small", { className: "bad", role: "alert", textContent: `${why}，不会上传` })
    : made("small", { className: "num state" });
  const bar = made("progress", { max: 100, value: 0, ariaLabel: `${file.name} 的上传进度` });
  const item = made("li", {}, made("span", { className: "what" }, file.name, made("small", { textContent: ` ${sizeOf(file)}` })), state, out);
  if (why) item.className = "e";
  else item.append(bar);
  out.addEventListener("click", () => {
    const next = (item.nextElementSibling ?? item.previousElementSibling)?.querySelector("button") ?? input;
    item.remove();
    if (!list.children.length) list.remove();
    if (!why) keep(input, [...input.files].filter((one) => one !== file));
    next.focus();
  });
  return item;
}

async function listChosen(input) {
  const files = [...input.files];
  const limits = input.dataset.limits.split(" ").map(Number);
  const said = await Promise.all(files.map((file) => wrong(file, limits).catch(() => "读不出来")));
  if (input.files.length !== files.length || files.some((file, at) => file !== input.files[at])) return; // chosen anew meanwhile
  const field = input.closest("[data-file]") ?? input;
  if (field.nextElementSibling?.matches(".chosen")) field.nextElementSibling.remove();
  if (!files.length) return;
  const list = made("ul", { className: "chosen", ariaLabel: "已选的文件" });
  list.append(...files.map((file, at) => row(input, list, file, said[at])));
  field.after(list);
  if (said.some(Boolean)) keep(input, files.filter((_, at) => !said[at]));
}

document.addEventListener("change", (event) => { if (event.target.matches?.("input[data-limits]")) listChosen(event.target); });

// --- on the way ---
const partOf = (event) => event.target.querySelector?.("[data-uploading]");
const inputsOf = (form) => [...form.querySelectorAll("input[type=file]")].filter((input) => input.files.length);

// The files go one after another in the order of the form, so what has been sent of all tells how far each one is.
function tell(form, part, loaded, total) {
  const all = inputsOf(form).flatMap((input) => {
    const rows = (input.closest("[data-file]") ?? input).nextElementSibling?.querySelectorAll?.("li:not(.e)") ?? [];
    return [...input.files].map((file, at) => ({ size: file.size, row: rows[at] }));
  });
  let left = (loaded / total) * all.reduce((sum, { size }) => sum + size, 0);
  let done = 0;
  for (const { size, row } of all) {
    const percent = loaded >= total ? 100 : Math.floor(100 * Math.min(1, Math.max(0, left / size)));
    left -= size;
    done += percent === 100;
    if (!row) continue;
    row.querySelector("progress").value = percent;
    row.querySelector(".state").textContent = percent === 100 ? "已传完" : percent ? `${percent}%` : "等待上传";
  }
  part.querySelector("progress").value = Math.floor((loaded / total) * 100);
  const words = loaded >= total ? "已传完，正在核对" : all.length > 1 ? `正在上传，${all.length} 个文件传完 ${done} 个` : "正在上传";
  const status = part.querySelector("[role=status]");
  if (status.textContent !== words) status.textContent = words; // said once for each file, not for every percent
}

document.addEventListener("htmx:beforeRequest", (event) => {
  const part = partOf(event);
  if (!part || !inputsOf(event.target).length) return;
  part.hidden = false;
  event.target.classList.add("sending");
  tell(event.target, part, 0, 1);
});
document.addEventListener("htmx:xhr:progress", (event) => {
  const part = partOf(event);
  const { lengthComputable, loaded, total } = event.detail;
  // The answer that comes back is told of by the same event; by then the bars are full.
  if (!part || !lengthComputable || part.dataset.whole) return;
  tell(event.target, part, loaded, total);
  if (loaded >= total) part.dataset.whole = "1";
});
// A refusal that is a whole page (too many in an hour) is shown as a page, with its words.
document.addEventListener("htmx:beforeSwap", (event) => {
  if (partOf({ target: event.detail.requestConfig.elt }) && event.detail.xhr.responseText.includes('id="main"')) {
    event.detail.shouldSwap = true;
    event.detail.isError = false;
  }
});
document.addEventListener("htmx:afterRequest", (event) => {
  const part = partOf(event);
  if (!part) return;
  part.hidden = true;
  event.target.classList.remove("sending");
  delete part.dataset.whole;
});

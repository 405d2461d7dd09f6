// The import grid: a real table, edited by keyboard. The server checks every change and owns every sentence.
const box = document.querySelector("[data-grid]");
const table = box && box.querySelector("table");
const undone = [];
const done = [];
let editor = null;
let pop = null;
let said = "";
let line = Promise.resolve();

const cells = () => [...table.querySelectorAll("tbody td[data-field]")];
const rowOf = (cell) => cell.closest("tr");
const rowAt = (number) => document.getElementById(`row-${number}`);
const cellAt = (number, field) => table.querySelector(`#row-${number} td[data-field="${field}"]`);
const cellOf = (target) => (target && target.closest ? target.closest("td[data-field]") : null);
const placeOf = (cell) => [rowOf(cell).dataset.number, cell.dataset.field];
const problems = (cell) => (cell.dataset.problems ? JSON.parse(cell.dataset.problems) : []);
const isFlagged = (cell) => cell.classList.contains("e") || cell.classList.contains("q");
const flagged = () => cells().filter(isFlagged);
const labelOf = (field) => table.querySelector(`th[data-field="${field}"]`).textContent.replace("*", "");
const say = (text) => { document.getElementById("grid-live").textContent = text; };
const toast = (text, level = "error") => document.dispatchEvent(new CustomEvent("shebao:toast", { detail: { text, level } }));

function element(tag, className, text) {
  const made = document.createElement(tag);
  if (className) made.className = className;
  if (text) made.textContent = text;
  return made;
}

function button(text, act, primary) {
  const made = element("button", primary ? "btn s p" : "btn s", text);
  made.type = "button";
  made.addEventListener("mousedown", (event) => event.preventDefault());
  made.addEventListener("click", act);
  return made;
}

// --- the cell that has the focus, and what is wrong with it ---
function focusCell(cell) {
  if (!cell) return;
  for (const other of table.querySelectorAll('td[tabindex="0"]')) other.tabIndex = -1;
  cell.tabIndex = 0;
  cell.focus({ preventScroll: true });
  reveal(cell);
  showProblem(cell);
}

function reveal(cell) {
  const head = table.tHead.offsetHeight;
  if (cell.offsetTop - head < box.scrollTop) box.scrollTop = cell.offsetTop - head;
  else if (cell.offsetTop + cell.offsetHeight > box.scrollTop + box.clientHeight) box.scrollTop = cell.offsetTop + cell.offsetHeight - box.clientHeight;
  cell.scrollIntoView({ block: "nearest", inline: "nearest" });
  if (cell.classList.contains("stk")) return;
  // What is frozen on the left lies above the rest: a cell is seen only beyond its edge.
  const frozen = [...rowOf(cell).querySelectorAll(".stk")].at(-1);
  const hidden = frozen.offsetLeft + frozen.offsetWidth - cell.offsetLeft;
  if (hidden > 0) box.scrollLeft -= hidden;
}

function closeProblem() {
  if (pop) pop.remove();
  pop = null;
  for (const item of document.querySelectorAll(".is.on")) item.classList.remove("on");
}

function showProblem(cell) {
  closeProblem();
  const found = problems(cell);
  if (!found.length) return;
  const first = found.find((one) => one.level === "error") || found[0];
  const sure = first.level === "confirm" && !first.reason;
  openPop(first.level === "error" ? "pop" : "pop w", first.title, found.map((one) => (one.reason ? `${one.message}已确认：${one.reason}` : one.message)));
  if (cell.dataset.segments) pop.append(segments(JSON.parse(cell.dataset.segments)));
  const bar = element("div", "ba");
  const fixes = found.filter((one) => one.fix);
  for (const one of fixes) bar.append(button(one.fix[0], () => change([[...placeOf(cell), one.fix[1]]]).then((ok) => ok && toNext(1)), true));
  if (sure) pop.append(reasonFor(cell, first, bar));
  if (first.level === "error") bar.append(button("保存并看下一处", () => (editor ? finish("").then(() => toNext(1)) : toNext(1)), !fixes.length));
  if (isFlagged(cell)) bar.append(button("移出本批", () => act("remove", [rowOf(cell).dataset.number]).then((ok) => ok && toNext(1))));
  const all = flagged();
  if (all.includes(cell)) bar.append(element("span", "note num", `第 ${all.indexOf(cell) + 1} / ${all.length} 处`));
  if (bar.childElementCount) pop.append(bar);
  place(cell);
  const item = document.querySelector(`.is[data-code="${first.code}"][data-field="${first.field}"]`);
  if (item) item.classList.add("on");
}

function openPop(kind, title, sentences) {
  closeProblem();
  pop = element("div", kind);
  pop.setAttribute("role", "note");
  const heading = element("h2");
  const mark = document.getElementById(kind === "pop" ? "grid-mark-error" : "grid-mark-confirm").content.cloneNode(true);
  heading.append(mark, title);
  pop.append(heading);
  for (const sentence of sentences) pop.append(element("p", "", sentence));
  box.append(pop);
}

function reasonFor(cell, problem, bar) {
  const holder = element("label", "rsn");
  const input = element("input");
  input.type = "text";
  input.maxLength = 200;
  input.required = true;
  input.placeholder = "选择或写明理由";
  input.setAttribute("list", "reasons");
  const confirm = () => input.reportValidity() && act("confirm", [rowOf(cell).dataset.number], { code: problem.code, reason: input.value }).then((ok) => ok && toNext(1));
  input.addEventListener("keydown", (event) => { if (event.key === "Enter") { event.preventDefault(); confirm(); } });
  holder.append("理由", input);
  bar.append(button("确认这一处", confirm, true));
  return holder;
}

function place(cell) {
  const left = Math.max(box.scrollLeft, Math.min(cell.offsetLeft, box.clientWidth + box.scrollLeft - pop.offsetWidth - 8));
  const below = cell.offsetTop + cell.offsetHeight + 9;
  const above = cell.offsetTop - pop.offsetHeight - 9;
  const fits = below + pop.offsetHeight <= box.scrollTop + box.clientHeight;
  const isAbove = !fits && above >= box.scrollTop + table.tHead.offsetHeight;
  pop.classList.toggle("above", isAbove);
  pop.classList.toggle("end", left + 200 < cell.offsetLeft);
  pop.style.left = `${left}px`;
  pop.style.top = `${isAbove ? above : below}px`;
  if (!isAbove && !fits) pop.scrollIntoView({ block: "nearest" });
}

function segments(parts) {
  const grid = element("div", "idg num");
  for (const { text, name, wrong } of parts) {
    const part = element("div", wrong ? "x" : "");
    part.append(element("b", "", text), element("small", "", name));
    grid.append(part);
  }
  return grid;
}

// --- editing ---
function edit(cell, start) {
  if (editor || rowOf(cell).dataset.closed) return;
  const field = cell.dataset.field;
  editor = element("input");
  editor.value = start === undefined ? cell.dataset.text : start;
  editor.setAttribute("aria-label", `第 ${rowOf(cell).dataset.number} 行 ${labelOf(field)}`);
  editor.autocomplete = "off";
  if (document.getElementById(`options-${field}`)) editor.setAttribute("list", `options-${field}`);
  cell.classList.add("act");
  cell.replaceChildren(editor);
  editor.focus();
  if (start === undefined) editor.select();
}

function leave(cell, shown) {
  editor = null;
  cell.classList.remove("act");
  cell.textContent = shown;
}

function finish(move, isLeaving) {
  const cell = cellOf(editor);
  const text = editor.value.trim();
  const same = text === cell.dataset.text;
  leave(cell, same ? cell.dataset.shown : text);
  const target = step(cell, move);
  const saved = same ? Promise.resolve(true) : change([[...placeOf(cell), text]]);
  if (!isLeaving) focusCell(target);
  return saved;
}

function step(cell, move) {
  if (!cell || !move) return cell;
  const row = rowOf(cell);
  if (move === "down" || move === "up") {
    const next = move === "down" ? row.nextElementSibling : row.previousElementSibling;
    return (next && next.dataset.number && next.querySelector(`td[data-field="${cell.dataset.field}"]`)) || cell;
  }
  const all = [...row.querySelectorAll("td[data-field]")];
  return all[all.indexOf(cell) + (move === "right" ? 1 : -1)] || cell;
}

// --- the server: one request after the other, each with the versions that the one before left ---
function change(wanted, history = done) {
  const job = line.then(async () => {
    const byRow = new Map();
    for (const [number, field, text] of wanted) {
      if (!byRow.has(number)) byRow.set(number, {});
      byRow.get(number)[field] = text;
    }
    const edits = [...byRow].map(([number, changes]) => ({ number: Number(number), version: Number(rowAt(number).dataset.version), changes }));
    const body = new FormData();
    body.set("edits", JSON.stringify(edits));
    const ok = await send(box.dataset.rowsUrl, body, history);
    if (!ok) keepTyped(wanted, ok === null);
    else if (history === done) undone.length = 0;
    return ok;
  });
  line = job.catch(() => {});
  return job;
}

// What was typed is not thrown away: it stays in its cell, or the cell offers it beside the newest content.
function keepTyped(wanted, isLost) {
  if (wanted.length !== 1 || editor) return;
  const [number, field, text] = wanted[0];
  const cell = cellAt(number, field);
  if (!cell) return;
  focusCell(cell);
  if (isLost) { edit(cell, text); return; }
  if (rowOf(cell).dataset.closed) return;
  openPop("pop w", said.split("，")[0], [`现在的内容是“${cell.dataset.shown || "空"}”，您输入的“${text}”没有保存。`]);
  const bar = element("div", "ba");
  bar.append(button("用现在的内容", () => focusCell(cell), true), button(`仍改为“${text}”`, () => change([wanted[0]])));
  pop.append(bar);
  place(cell);
}

function act(name, numbers, more = {}) {
  const body = new FormData();
  for (const [key, value] of Object.entries({ act: name, numbers: numbers.join(","), ...more })) body.set(key, value);
  return send(box.dataset.groupUrl, body, null);
}

// true: done; false: refused, with the newest content shown; null: it did not arrive.
async function send(url, body, history) {
  table.setAttribute("aria-busy", "true");
  body.set("tab", box.dataset.tab);
  try {
    let answer = await post(url, body);
    if (answer.status === 403 && (await newToken())) answer = await post(url, body);
    if (answer.redirected || !(answer.headers.get("Content-Type") || "").includes("json")) {
      toast(answer.redirected || answer.status === 403 ? "登录已过期，这处修改还没有保存。请在新标签页重新登录，回到这里再按一次 Enter。" : answer.status === 503 ? "系统正在写入一批较大的数据，这处修改还没有保存。请等半分钟再按一次 Enter。" : "没有保存，请再按一次 Enter；若仍然不行，请刷新页面。已保存的修改都在。");
      return null;
    }
    const news = await answer.json();
    refresh(news, answer.ok ? history : null);
    said = news.message;
    if (news.message) toast(news.message, answer.ok ? "success" : "error");
    return answer.ok;
  } catch (lost) {
    toast("网络中断，这处修改还没有保存。请恢复网络后再按一次 Enter。");
    return null;
  } finally {
    table.removeAttribute("aria-busy");
  }
}

function post(url, body) {
  const token = document.querySelector("input[name=csrfmiddlewaretoken]").value;
  return fetch(url, { method: "POST", body, headers: { Accept: "application/json", "X-CSRFToken": token } });
}

// After signing in again in another tab the page's own token is out of date.
async function newToken() {
  const page = await fetch(window.location.href);
  if (page.redirected) return false;
  const fresh = new DOMParser().parseFromString(await page.text(), "text/html").querySelector("input[name=csrfmiddlewaretoken]");
  if (!fresh) return false;
  for (const field of document.querySelectorAll("input[name=csrfmiddlewaretoken]")) field.value = fresh.value;
  return true;
}

function refresh(news, history) {
  const here = cellOf(document.activeElement);
  const at = here && placeOf(here);
  const typed = editor && { value: editor.value, from: editor.selectionStart, to: editor.selectionEnd };
  if (typed) { editor = null; }
  const changes = [];
  const isHidden = Object.keys(news.rows).some((number) => !rowAt(number));
  for (const [number, html] of Object.entries(news.rows)) {
    const old = rowAt(number);
    if (!old) continue;
    const holder = document.createElement("tbody");
    holder.innerHTML = html;
    const fresh = holder.firstElementChild;
    for (const cell of fresh.querySelectorAll("td[data-field]")) {
      const before = old.querySelector(`td[data-field="${cell.dataset.field}"]`).dataset.text;
      if (before !== cell.dataset.text) changes.push([number, cell.dataset.field, before]);
    }
    old.replaceWith(fresh);
  }
  if (history && isHidden) history.length = 0; // a page shows a part of the rows: half an undo would be worse than none
  else if (history && changes.length) history.push(changes);
  document.getElementById("grid-rail").innerHTML = news.rail;
  document.getElementById("grid-tabs").innerHTML = news.tabs;
  document.getElementById("grid-bar").innerHTML = news.bar;
  const others = document.getElementById("grid-others");
  others.hidden = !news.other_editor;
  others.lastElementChild.textContent = news.other_editor;
  closeProblem();
  if (at) {
    focusCell(cellAt(...at));
    if (typed) { edit(cellAt(...at), typed.value); editor.setSelectionRange(typed.from, typed.to); }
  }
  say(news.left ? `已保存，还有 ${news.left} 行要处理。` : "已保存，全部通过。");
}

// --- from problem to problem, back and forth, whole blocks ---
function toNext(direction) {
  const all = flagged();
  if (!all.length) { closeProblem(); say("没有需要处理的问题了。"); return; }
  const here = cellOf(document.activeElement);
  const order = cells();
  const at = here ? order.indexOf(here) : -1;
  const after = direction > 0 ? all.find((cell) => order.indexOf(cell) > at) : [...all].reverse().find((cell) => order.indexOf(cell) < at);
  const target = after || all[direction > 0 ? 0 : all.length - 1];
  focusCell(target);
  if (target.classList.contains("e")) edit(target);
}

function replay(from, to) {
  const last = from.pop();
  if (!last) { say("没有可以撤销的修改了。"); return; }
  const there = last.filter(([number]) => rowAt(number));
  if (there.length) change(there, to).then((ok) => { if (!ok) from.push(last); else focusCell(cellAt(there[0][0], there[0][1])); });
}

function paste(cell, text) {
  const block = text.replace(/\r/g, "").replace(/\n$/, "").split("\n").map((one) => one.split("\t"));
  const fields = [...rowOf(cell).querySelectorAll("td[data-field]")].map((one) => one.dataset.field);
  const start = fields.indexOf(cell.dataset.field);
  const wanted = [];
  let row = rowOf(cell);
  let left = block.length;
  for (const values of block) {
    if (!row || !row.dataset.number) break;
    for (const [at, value] of values.entries()) {
      const target = !row.dataset.closed && cellAt(row.dataset.number, fields[start + at]);
      if (target && target.dataset.text !== value.trim()) wanted.push([row.dataset.number, fields[start + at], value.trim()]);
    }
    row = row.nextElementSibling;
    left -= 1;
  }
  if (left) toast(`这一页到此为止，还有 ${left} 行没有粘贴。`, "warning");
  if (wanted.length) change(wanted);
}
const MOVES = { ArrowDown: "down", ArrowUp: "up", ArrowLeft: "left", ArrowRight: "right" };

function onKey(event) {
  if (event.key === "F8") {
    event.preventDefault();
    event.stopPropagation();
    const direction = event.shiftKey ? -1 : 1;
    if (editor) finish("").then(() => toNext(direction)); else toNext(direction);
    return;
  }
  const cell = cellOf(event.target);
  if (!cell) return;
  if (editor) editorKey(event, cell); else cellKey(event, cell);
}

function editorKey(event, cell) {
  if (event.isComposing) return;
  if (event.key === "Enter") { event.preventDefault(); finish(event.shiftKey ? "up" : "down"); }
  if (event.key === "Tab") { event.preventDefault(); finish(event.shiftKey ? "left" : "right"); }
  if (event.key === "Escape") { event.preventDefault(); leave(cell, cell.dataset.shown); focusCell(cell); }
}

function cellKey(event, cell) {
  const control = event.ctrlKey || event.metaKey;
  const key = event.key.toLowerCase();
  const ways = control
    ? { z: () => replay(done, undone), y: () => replay(undone, done), d: () => { const at = placeOf(cell); line.then(() => fillDown(cellAt(...at), event.shiftKey)); }, home: () => focusCell(cells()[0]), end: () => focusCell(cells().at(-1)) }
    : { enter: () => edit(cell), f2: () => edit(cell), escape: closeProblem, delete: () => clear(cell) };
  if (MOVES[event.key]) ways[key] = () => focusCell(step(cell, MOVES[event.key]));
  if (!ways[key] && event.key.length === 1 && !control && !event.altKey) ways[key] = () => edit(cell, event.key);
  if (ways[key]) { event.preventDefault(); ways[key](); }
}

function clear(cell) { if (cell.dataset.text && !rowOf(cell).dataset.closed) change([[...placeOf(cell), ""]]); }
function fillDown(cell, isWhole) { // as the cell above; with Shift: as this cell, into every blank one below, in one step
  const below = isWhole ? cells().slice(cells().indexOf(cell)).filter((one) => one.dataset.field === cell.dataset.field && !one.dataset.text) : [cell];
  const text = (isWhole ? cell : step(cell, "up")).dataset.text;
  const wanted = below.filter((one) => one.dataset.text !== text && !rowOf(one).dataset.closed).map((one) => [...placeOf(one), text]);
  if (wanted.length) change(wanted); else say("没有可以填充的单元格。");
}

function start() {
  document.addEventListener("keydown", onKey, true); // before the keys of ordinary forms
  table.addEventListener("click", (event) => { const cell = cellOf(event.target); if (cell && !editor) focusCell(cell); });
  table.addEventListener("dblclick", (event) => { const cell = cellOf(event.target); if (cell) edit(cell); });
  table.addEventListener("focusout", (event) => { if (editor && event.target === editor && !box.contains(event.relatedTarget)) finish("", true); });
  table.addEventListener("mousedown", (event) => { if (editor && cellOf(event.target) !== cellOf(editor)) finish(""); });
  document.addEventListener("paste", (event) => {
    const cell = !editor && cellOf(document.activeElement);
    if (cell) { event.preventDefault(); paste(cell, event.clipboardData.getData("text/plain")); }
  });
  document.addEventListener("click", (event) => {
    const jump = event.target.closest("[data-jump]");
    const cell = jump && rowAt(jump.dataset.jump) && (cellAt(jump.dataset.jump, jump.dataset.jumpField) || cells()[0]);
    if (cell) { event.preventDefault(); focusCell(cell); }
  });
  document.addEventListener("submit", (event) => {
    if (!event.target.matches("[data-group]")) return;
    event.preventDefault();
    send(event.target.action, new FormData(event.target, event.submitter), done);
  });
  const first = flagged()[0] || cells()[0];
  if (first) first.tabIndex = 0;
}

if (table) start();

// The import grid: a real table that can be edited by keyboard. The server checks every change and owns every sentence.
const box = document.querySelector("[data-grid]");
const table = box && box.querySelector("table");
const undone = [];
const done = [];
let editor = null;
let pop = null;

const cells = () => [...table.querySelectorAll("tbody td[data-field]")];
const rowOf = (cell) => cell.closest("tr");
const cellAt = (number, field) => table.querySelector(`#row-${number} td[data-field="${field}"]`);
const problems = (cell) => (cell.dataset.problems ? JSON.parse(cell.dataset.problems) : []);
const flagged = () => cells().filter((cell) => cell.classList.contains("e") || cell.classList.contains("q"));
const say = (text) => { document.getElementById("grid-live").textContent = text; };
const toast = (text, level = "error") => document.dispatchEvent(new CustomEvent("shebao:toast", { detail: { text, level } }));

function focusCell(cell) {
  if (!cell) return;
  for (const other of table.querySelectorAll('td[tabindex="0"]')) other.tabIndex = -1;
  cell.tabIndex = 0;
  cell.focus({ preventScroll: true });
  cell.scrollIntoView({ block: "nearest", inline: "nearest" });
  showProblem(cell);
}

function element(tag, className, text) {
  const made = document.createElement(tag);
  if (className) made.className = className;
  if (text) made.textContent = text;
  return made;
}

function closeProblem() { if (pop) pop.remove(); pop = null; }

function showProblem(cell) {
  closeProblem();
  const found = problems(cell);
  if (!found.length) return;
  const first = found[0];
  pop = element("div", first.level === "error" ? "pop" : "pop w");
  pop.setAttribute("role", "note");
  pop.append(element("h2", "", first.level === "error" ? "这里要修改" : "这里要确认"));
  for (const one of found) pop.append(element("p", "", one.message));
  if (cell.dataset.segments) pop.append(segments(JSON.parse(cell.dataset.segments)));
  const bar = element("div", "ba");
  for (const one of found) if (one.fix) bar.append(button(one.fix[0], () => change(cell, one.fix[1]), true));
  bar.append(button("移出本批", () => removeRow(cell)));
  const all = flagged();
  bar.append(element("span", "note num", `第 ${all.indexOf(cell) + 1} / ${all.length} 处`));
  pop.append(bar);
  box.append(pop);
  place(cell);
}

function place(cell) {
  const left = Math.min(cell.offsetLeft, Math.max(box.scrollLeft, box.clientWidth + box.scrollLeft - pop.offsetWidth - 8));
  const below = cell.offsetTop + cell.offsetHeight + 9;
  pop.style.left = `${left}px`;
  pop.style.top = `${below}px`;
}

function segments(parts) {
  const grid = element("div", "idg num");
  for (const [text, name] of parts) {
    const part = element("div");
    part.append(element("b", "", text), element("small", "", name));
    grid.append(part);
  }
  return grid;
}

function button(text, act, primary) {
  const made = element("button", primary ? "btn s p" : "btn s", text);
  made.type = "button";
  made.tabIndex = -1;
  made.addEventListener("mousedown", (event) => event.preventDefault());
  made.addEventListener("click", act);
  return made;
}

function edit(cell, start) {
  closeProblem();
  if (editor) return;
  const field = cell.dataset.field;
  editor = element("input");
  editor.value = start === undefined ? cell.dataset.text : start;
  editor.setAttribute("aria-label", table.querySelector(`th[data-field="${field}"]`).textContent);
  if (document.getElementById(`options-${field}`)) editor.setAttribute("list", `options-${field}`);
  cell.classList.add("act");
  cell.replaceChildren(editor);
  editor.focus();
  if (start === undefined) editor.select();
}

function leave(cell) {
  editor = null;
  cell.classList.remove("act");
}

async function finish(move) {
  const cell = editor.closest("td");
  const number = rowOf(cell).dataset.number;
  const field = cell.dataset.field;
  const text = editor.value;
  leave(cell);
  if (text !== cell.dataset.text) await change(cell, text);
  else cell.textContent = text;
  focusCell(step(cellAt(number, field), move));
}

function step(cell, move) {
  if (!cell || !move) return cell;
  const row = rowOf(cell);
  if (move === "down" || move === "up") {
    let next = row;
    do { next = move === "down" ? next.nextElementSibling : next.previousElementSibling; } while (next && !next.dataset.number);
    return next ? next.querySelector(`td[data-field="${cell.dataset.field}"]`) : cell;
  }
  const line = [...row.querySelectorAll("td[data-field]")];
  return line[line.indexOf(cell) + (move === "right" ? 1 : -1)] || cell;
}

async function change(cell, text, remember = true) {
  const row = rowOf(cell);
  const before = cell.dataset.text;
  const { number, version } = row.dataset;
  const field = cell.dataset.field;
  const body = new FormData();
  body.set("version", version);
  body.set("tab", box.dataset.tab);
  body.set(`cell-${field}`, text);
  const ok = await send(box.dataset.rowUrl.replace("/0/", `/${number}/`), body);
  if (ok && remember) { done.push([number, field, before, text]); undone.length = 0; }
  focusCell(cellAt(number, field));
}

async function removeRow(cell) {
  const body = new FormData();
  body.set("act", "remove");
  body.set("numbers", rowOf(cell).dataset.number);
  if (await send(box.dataset.groupUrl, body)) toNext(1);
}

async function send(url, body) {
  table.setAttribute("aria-busy", "true");
  try {
    const token = document.querySelector("input[name=csrfmiddlewaretoken]").value;
    const answer = await fetch(url, { method: "POST", body, headers: { Accept: "application/json", "X-CSRFToken": token } });
    if (answer.redirected || !(answer.headers.get("Content-Type") || "").includes("json")) {
      toast("没有保存：可能已超时退出或这行已不能修改。请刷新页面再试，已保存的修改都在。");
      return false;
    }
    const news = await answer.json();
    refresh(news);
    if (news.message) toast(news.message, answer.ok ? "success" : "error");
    return answer.ok;
  } catch (lost) {
    toast("网络中断，这处修改还没有保存。请恢复网络后再按一次 Enter。");
    return false;
  } finally {
    table.removeAttribute("aria-busy");
  }
}

function refresh(news) {
  closeProblem();
  for (const [number, html] of Object.entries(news.rows)) {
    const old = document.getElementById(`row-${number}`);
    if (!old) continue;
    const holder = document.createElement("tbody");
    holder.innerHTML = html;
    old.replaceWith(holder.firstElementChild);
  }
  document.getElementById("grid-rail").innerHTML = news.rail;
  document.getElementById("grid-tabs").innerHTML = news.tabs;
  document.getElementById("grid-bar").innerHTML = news.bar;
  say(news.left ? `已保存，还有 ${news.left} 处要处理。` : "已保存，全部通过。");
}

function toNext(direction) {
  const all = flagged();
  if (!all.length) { say("没有需要处理的问题了。"); return; }
  const here = document.activeElement.closest ? document.activeElement.closest("td[data-field]") : null;
  const order = cells();
  const at = here ? order.indexOf(here) : -1;
  const after = direction > 0 ? all.find((cell) => order.indexOf(cell) > at) : [...all].reverse().find((cell) => order.indexOf(cell) < at);
  focusCell(after || all[direction > 0 ? 0 : all.length - 1]);
}

async function replay(from, to, pick) {
  const last = from.pop();
  if (!last) return;
  const cell = cellAt(last[0], last[1]);
  if (!cell) return;
  await change(cell, last[pick], false);
  to.push(last);
}

async function paste(cell, text) {
  const block = text.replace(/\r/g, "").replace(/\n$/, "").split("\n").map((line) => line.split("\t"));
  const { number } = rowOf(cell).dataset;
  const field = cell.dataset.field;
  let row = rowOf(cell);
  const fields = [...row.querySelectorAll("td[data-field]")].map((one) => one.dataset.field);
  const start = fields.indexOf(field);
  for (const line of block) {
    if (!row || !row.dataset.number) break;
    const next = row.nextElementSibling;
    for (const [at, value] of line.entries()) {
      const target = cellAt(row.dataset.number, fields[start + at]);
      if (target) await change(target, value.trim());
    }
    row = next;
  }
  focusCell(cellAt(number, field));
}

const MOVES = { ArrowDown: "down", ArrowUp: "up", ArrowLeft: "left", ArrowRight: "right" };

function onKey(event) {
  if (event.key === "F8") { event.preventDefault(); if (editor) finish("").then(() => toNext(event.shiftKey ? -1 : 1)); else toNext(event.shiftKey ? -1 : 1); return; }
  const cell = event.target.closest && event.target.closest("td[data-field]");
  if (!cell) return;
  if (editor) {
    if (event.key === "Enter") { event.preventDefault(); finish("down"); }
    if (event.key === "Tab") { event.preventDefault(); finish(event.shiftKey ? "left" : "right"); }
    if (event.key === "Escape") { event.preventDefault(); const old = cell.dataset.text; leave(cell); cell.textContent = old; focusCell(cell); }
    return;
  }
  const control = event.ctrlKey || event.metaKey;
  if (MOVES[event.key]) { event.preventDefault(); focusCell(step(cell, MOVES[event.key])); }
  else if (event.key === "Enter" || event.key === "F2") { event.preventDefault(); edit(cell); }
  else if (event.key === "Escape") closeProblem();
  else if (event.key === "Delete") { event.preventDefault(); change(cell, ""); }
  else if (control && event.key.toLowerCase() === "z") { event.preventDefault(); replay(done, undone, 2); }
  else if (control && event.key.toLowerCase() === "y") { event.preventDefault(); replay(undone, done, 3); }
  else if (control && event.key.toLowerCase() === "d") { event.preventDefault(); const above = step(cell, "up"); if (above !== cell) change(cell, above.dataset.text); }
  else if (control && event.key === "Home") { event.preventDefault(); focusCell(cells()[0]); }
  else if (control && event.key === "End") { event.preventDefault(); focusCell(cells().at(-1)); }
  else if (event.key.length === 1 && !control && !event.altKey) { event.preventDefault(); edit(cell, event.key); }
}

if (table) {
  document.addEventListener("keydown", onKey);
  table.addEventListener("click", (event) => { const cell = event.target.closest("td[data-field]"); if (cell && !editor) focusCell(cell); });
  table.addEventListener("dblclick", (event) => { const cell = event.target.closest("td[data-field]"); if (cell) edit(cell); });
  table.addEventListener("focusout", (event) => { if (editor && event.target === editor) finish(""); });
  document.addEventListener("paste", (event) => {
    const cell = !editor && document.activeElement.closest && document.activeElement.closest("td[data-field]");
    if (cell) { event.preventDefault(); paste(cell, event.clipboardData.getData("text/plain")); }
  });
  document.addEventListener("click", (event) => {
    const jump = event.target.closest("[data-jump]");
    if (jump && document.getElementById(`row-${jump.dataset.jump}`)) { event.preventDefault(); focusCell(cellAt(jump.dataset.jump, jump.dataset.jumpField) || cellAt(jump.dataset.jump, table.querySelector("th[data-field]").dataset.field)); }
  });
  document.addEventListener("submit", async (event) => {
    if (!event.target.matches("[data-group]")) return;
    event.preventDefault();
    const body = new FormData(event.target, event.submitter);
    await send(event.target.action, body);
  });
  const first = flagged()[0] || cells()[0];
  if (first) first.tabIndex = 0;
}

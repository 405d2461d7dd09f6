// Id numbers: full-width digits and letters, spaces and a small x are put right while typing; the segments are shown.
// The number itself is never corrected: checking is the server's, here only the shape is displayed.

function normalise(text) {
  return text
    .replace(/[\uff01-\uff5e]/g, (c) => String.fromCharCode(c.charCodeAt(0) - 0xfee0))
    .replace(/[\s\u3000\u200b]/g, "")
    .replace(/^(\d{17})x$/, "$1X");
}

function segmentBox(input) {
  let box = document.getElementById(`${input.id}-segments`);
  if (!box) {
    box = document.createElement("div");
    box.className = "idseg";
    box.id = `${input.id}-segments`;
    input.after(box);
  }
  return box;
}

function segment(value, label, wrong) {
  const part = document.createElement("span");
  if (wrong) part.className = "x";
  const number = document.createElement("b");
  number.textContent = value;
  part.append(number, label);
  return part;
}

function realDate(text) {
  const [year, month, day] = [text.slice(0, 4), text.slice(4, 6), text.slice(6, 8)].map(Number);
  const date = new Date(year, month - 1, day);
  return date.getFullYear() === year && date.getMonth() === month - 1 && date.getDate() === day;
}

function showSegments(input) {
  const text = input.value;
  if (!/^\d{7,17}[\dX]?$/.test(text)) {
    document.getElementById(`${input.id}-segments`)?.replaceChildren();
    return;
  }
  const parts = [segment(text.slice(0, 6), "地区")];
  const birth = text.slice(6, 14);
  const whole = birth.length === 8;
  parts.push(segment(birth.replace(/^(\d{4})(\d{0,2})/, "$1 $2 ").trim(), whole && !realDate(birth) ? "没有这一天" : "出生日期", whole && !realDate(birth)));
  if (text.length >= 17) parts.push(segment(text.slice(14, 17), Number(text[16]) % 2 ? "男" : "女"));
  if (text.length === 18) parts.push(segment(text[17], "校验码"));
  else parts.push(segment(String(text.length), "位，共 18 位"));
  segmentBox(input).replaceChildren(...parts);
}

function tidy(input) {
  const clean = normalise(input.value);
  if (clean !== input.value) {
    const fromEnd = input.value.length - (input.selectionEnd ?? input.value.length);
    input.value = clean;
    const place = Math.max(clean.length - fromEnd, 0);
    input.setSelectionRange(place, place);
  }
  showSegments(input);
}

document.addEventListener("input", (event) => {
  if (event.target.matches("[data-id-number]") && !event.isComposing) tidy(event.target);
});
document.addEventListener("compositionend", (event) => {
  if (event.target.matches("[data-id-number]")) tidy(event.target);
});
document.querySelectorAll("[data-id-number]").forEach((input) => input.value && showSegments(input));

// Money: thousands on leaving the field, plain digits while typing; letters are refused and the reason is shown.
// The value sent is what is seen; the server accepts 7200, 7,200 and 7,200.00.

function plain(text) {
  return text
    .replace(/[\uff01-\uff5e]/g, (c) => String.fromCharCode(c.charCodeAt(0) - 0xfee0))
    .replace(/[,\s\u3000\u00a5]/g, "")
    .replace(/\u3002/g, ".");
}

function withThousands(text) {
  const [whole, rest = ""] = text.split(".");
  const digits = whole.replace(/^0+(?=\d)/, "") || "0";
  return `${digits.replace(/\B(?=(\d{3})+$)/g, ",")}.${(rest + "00").slice(0, 2)}`;
}

function say(input, text) {
  const id = `${input.id}-typed`;
  let note = document.getElementById(id);
  if (!text) {
    note?.remove();
    return;
  }
  if (!note) {
    note = document.createElement("p");
    note.id = id;
    note.className = "err";
    note.setAttribute("role", "status");
    (input.closest(".affix") ?? input).after(note);
  }
  note.textContent = text;
}

document.addEventListener("beforeinput", (event) => {
  const input = event.target;
  if (!input.matches?.("[data-money]") || event.data === null || event.isComposing) return;
  if (/[A-Za-z]/.test(event.data)) {
    event.preventDefault();
    say(input, "只能填数字，例如 7200 或 7,200.00");
  }
});

document.addEventListener("input", (event) => {
  if (event.target.matches("[data-money]")) say(event.target, "");
});

document.addEventListener("focusin", (event) => {
  const input = event.target;
  if (input.matches("[data-money]") && !input.readOnly && input.value) {
    input.value = plain(input.value).replace(/\.00$/, "");
    input.select();
  }
});

document.addEventListener("focusout", (event) => {
  const input = event.target;
  if (!input.matches("[data-money]") || input.readOnly || !input.value.trim()) return;
  const text = plain(input.value);
  if (!/^\d+(\.\d*)?$|^\.\d+$/.test(text)) say(input, "只能填数字，例如 7200 或 7,200.00");
  else if (/\.\d{3,}/.test(text)) say(input, "最多两位小数");
  else {
    say(input, "");
    input.value = withThousands(text);
  }
});

"""What a page looks like, coarsely: the mean lightness and warmth of its cells, as text that git can show.

A screenshot is cut into cells of 24 px; each cell becomes one hexadecimal digit of lightness and one of warmth (red
less blue). Hinting, anti-aliasing and another version of a font move a cell by less than the tolerance; a block that
moved, vanished, appeared or changed its colour moves many cells by more.
"""

import base64
import json
from pathlib import Path

FOLDER = Path(__file__).parent
CELL, TALLEST = 24, 1680
NEAR = 1
"""Steps of sixteen that a cell may be off."""
STRAYS = 0.015
"""The share of cells that may be off by more: digits of a number, the end of a line."""
BLOCK = 9
"""So many cells off together in one square of 4 × 4 are a visible change, however few there are in all."""

MEANS = """async ([data, cell]) => {
  const image = new Image();
  image.src = 'data:image/png;base64,' + data;
  await image.decode();
  const canvas = new OffscreenCanvas(image.width, image.height), pen = canvas.getContext('2d');
  pen.drawImage(image, 0, 0);
  const {data: d, width: w, height: h} = pen.getImageData(0, 0, image.width, image.height);
  const across = Math.ceil(w / cell), down = Math.ceil(h / cell);
  const light = [], warm = [];
  for (let y = 0; y < down; y++) {
    let l = '', m = '';
    for (let x = 0; x < across; x++) {
      let r = 0, g = 0, b = 0, n = 0;
      for (let j = y * cell; j < Math.min((y + 1) * cell, h); j++)
        for (let i = x * cell; i < Math.min((x + 1) * cell, w); i++) {
          const at = 4 * (j * w + i);
          r += d[at]; g += d[at + 1]; b += d[at + 2]; n++;
        }
      l += Math.min(15, Math.round((0.299 * r + 0.587 * g + 0.114 * b) / n / 17)).toString(16);
      m += Math.max(0, Math.min(15, Math.round(8 + (r - b) / n / 16))).toString(16);
    }
    light.push(l); warm.push(m);
  }
  return {light, warm};
}"""


def seen(page, canvas) -> dict:
    """The grid of what `page` shows, down to a height of TALLEST; `canvas` is an empty page that counts pixels."""
    size = page.evaluate("() => [innerWidth, document.documentElement.scrollHeight]")
    clip = {"x": 0, "y": 0, "width": size[0], "height": min(size[1], TALLEST)}
    shot = page.screenshot(full_page=True, clip=clip, animations="disabled", caret="hide")
    return canvas.evaluate(MEANS, [base64.b64encode(shot).decode(), CELL])


def differences(golden: dict, found: dict) -> list[str]:
    """In words, what is visibly another; nothing for the same page on another machine."""
    told = []
    for part in ("light", "warm"):
        old, new = golden[part], found[part]
        if abs(len(old) - len(new)) > 1 or len(old[0]) != len(new[0]):
            return [f"the page is {len(new)} cells high, it was {len(old)}"]
        off = {
            (x, y)
            for y, pair in enumerate(zip(old, new, strict=False))
            for x, (a, b) in enumerate(zip(*pair, strict=True))
            if abs(int(a, 16) - int(b, 16)) > NEAR
        }
        cells = len(old) * len(old[0])
        if len(off) > STRAYS * cells:
            told.append(f"{part}: {len(off)} of {cells} cells differ")
        for x, y in sorted(off):
            together = sum((x + i, y + j) in off for i in range(4) for j in range(4))
            if together >= BLOCK:
                told.append(f"{part}: a block differs near {x * CELL}, {y * CELL} px")
                break
    return told


def load(name: str) -> dict | None:
    """The kept look of a page, if there is one."""
    file = FOLDER / f"{name}.json"
    return json.loads(file.read_text("utf-8")) if file.exists() else None


def keep(name: str, found: dict) -> None:
    """Take this for right from now on."""
    (FOLDER / f"{name}.json").write_text(json.dumps(found, indent=0) + "\n", "utf-8")

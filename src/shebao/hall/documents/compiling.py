"""The child process that turns papers into PDF. A script, run by `rendering`; imports nothing of the project.

Protocol on its pipes, until stdin ends: a request is a line of JSON {"source", "paper"}, the source the file of a
layout; an answer is a line "ok <length>" or "failed <length>", then so many bytes: the PDF, or what the compiler said.
"""

import json
import re
import sys
from functools import cache
from pathlib import Path

import typst

FONTS = Path(__file__).resolve().with_name("fonts")
RARE = Path(__file__).resolve().with_name("rare_fonts")
"""Rare name characters, since the second edition: a paper of the first keeps the box that it was printed with."""
RAREST = Path(__file__).resolve().with_name("rarest_fonts")
"""The rest of extensions B to F, since the fifth edition: 22 MB, read by a process that meets one of them."""
LATER = Path(__file__).resolve().with_name("later_fonts")
"""Most of extensions G and H, and what the others lack before them, since the sixth edition; read when met, too."""
FALLBACKS: dict[str, tuple[Path, ...]] = {**dict.fromkeys(("1", "2", "3", "4"), ()), "5": (RAREST,)}
"""What an old edition falls back on, one after the other. Any later one, and a form without editions, on all."""
TOLD = ["生僻字用字体 Shebao Later Han：BabelStone Han 15.0.5 的子集，2026-11-29 改制，按 Arphic Public License 提供"]
"""What the licence of LATER wants told where its glyphs are: among the keywords of the file."""
STANDARDS = ["a-2a", "ua-1"]
LOST = re.compile(r'the text `"([^"`]+)"` could not be displayed')


def main() -> None:
    """Answer requests until stdin ends."""
    for line in sys.stdin.buffer:
        request = json.loads(line)
        try:
            inputs = {"paper": json.dumps(request["paper"], ensure_ascii=False, sort_keys=True)}
            answer = _compile(request["source"], inputs)
            verdict = b"ok"
        except typst.TypstError as error:
            answer, verdict = str(error).encode(), b"failed"
        sys.stdout.buffer.write(verdict + b" %d\n" % len(answer) + answer)
        sys.stdout.buffer.flush()


@cache
def _compiler(source: str, fallbacks: tuple[Path, ...] = ()) -> typst.Compiler:
    """One compiler per layout, kept: building one reads the 16 MB font."""
    folder = Path(source).parent
    fonts = [FONTS, *([] if folder.name == "1" else [RARE]), *fallbacks]
    return typst.Compiler(source, root=str(folder), font_paths=[str(font) for font in fonts], ignore_system_fonts=True)


def _compile(source: str, inputs: dict[str, str]) -> bytes:
    # The standards forbid a character that the fonts lack, so the compiler says which ones they are.
    lost = ""
    fallbacks = FALLBACKS.get(Path(source).parent.name, (RAREST, LATER))
    for more in range(len(fallbacks) + 1):
        compiler = _compiler(source, fallbacks[:more])
        if LATER in fallbacks[:more]:
            inputs = {"paper": _with(inputs["paper"], fonts=TOLD)}
        try:
            return compiler.compile(format="pdf", pdf_standards=STANDARDS, sys_inputs=inputs)
        except typst.TypstError as error:
            lost = "".join(LOST.findall(error.diagnostic))
            if not lost:
                raise
    # A name is a name: such a paper is printed with a box, says which character the box stands for, and goes
    # without the declaration, rather than not at all.
    return compiler.compile(format="pdf", sys_inputs={"paper": _told(inputs["paper"], lost)})


def _told(paper: str, lost: str) -> str:
    """The paper with a note of the characters that the font lacks."""
    signs = "、".join(f"U+{ord(sign):04X}" for sign in sorted(set(lost)))
    note = f"本件用字有字库未收的，印为方框（{signs}），以登记的文字为准。"
    return _with(paper, notes=[*json.loads(paper)["notes"], note])


def _with(paper: str, **more: list[str]) -> str:
    """The paper with `more` in it."""
    return json.dumps({**json.loads(paper), **more}, ensure_ascii=False, sort_keys=True)


if __name__ == "__main__":
    main()

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
BEFORE_THE_REST = ("1", "2", "3", "4")
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
def _compiler(source: str, rarest: bool = False) -> typst.Compiler:
    """One compiler per layout, kept: building one reads the 16 MB font."""
    folder = Path(source).parent
    fonts = [FONTS, *([] if folder.name == "1" else [RARE]), *([RAREST] if rarest else [])]
    return typst.Compiler(source, root=str(folder), font_paths=[str(font) for font in fonts], ignore_system_fonts=True)


def _compile(source: str, inputs: dict[str, str]) -> bytes:
    # The standards forbid a character that the fonts lack, so the compiler says which ones they are.
    lost = ""
    for rarest in (False, True) if Path(source).parent.name not in BEFORE_THE_REST else (False,):
        compiler = _compiler(source, rarest)
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
    words = json.loads(paper)
    signs = "、".join(f"U+{ord(sign):04X}" for sign in sorted(set(lost)))
    words["notes"] = [*words["notes"], f"本件用字有字库未收的，印为方框（{signs}），以登记的文字为准。"]
    return json.dumps(words, ensure_ascii=False, sort_keys=True)


if __name__ == "__main__":
    main()

"""The child process that turns papers into PDF. A script, run by `rendering`; imports nothing of the project.

Protocol on its pipes, until stdin ends: a request is a line of JSON {"source", "paper"}, the source the file of a
layout; an answer is a line "ok <length>" or "failed <length>", then so many bytes: the PDF, or what the compiler said.
"""

import json
import re
import sys
from pathlib import Path

import typst

FONTS = Path(__file__).resolve().with_name("fonts")
RARE = Path(__file__).resolve().with_name("rare_fonts")
"""Rare name characters, since the second edition: a paper of the first keeps the box that it was printed with."""
STANDARDS = ["a-2a", "ua-1"]
LOST = re.compile(r'the text `"([^"`]+)"` could not be displayed')


def main() -> None:
    """Answer requests until stdin ends. One compiler per layout: building one reads the 16 MB font."""
    compilers: dict[str, typst.Compiler] = {}
    for line in sys.stdin.buffer:
        request = json.loads(line)
        source = request["source"]
        try:
            if source not in compilers:
                compilers[source] = typst.Compiler(
                    source,
                    root=str(Path(source).parent),
                    font_paths=_fonts_of(Path(source)),
                    ignore_system_fonts=True,
                )
            inputs = {"paper": json.dumps(request["paper"], ensure_ascii=False, sort_keys=True)}
            answer = _compile(compilers[source], inputs)
            verdict = b"ok"
        except typst.TypstError as error:
            answer, verdict = str(error).encode(), b"failed"
        sys.stdout.buffer.write(verdict + b" %d\n" % len(answer) + answer)
        sys.stdout.buffer.flush()


def _fonts_of(source: Path) -> list[str]:
    """The fonts of a layout's edition, by the folder it lies in."""
    return [str(FONTS)] if source.parent.name == "1" else [str(FONTS), str(RARE)]


def _compile(compiler: typst.Compiler, inputs: dict[str, str]) -> bytes:
    try:
        return compiler.compile(format="pdf", pdf_standards=STANDARDS, sys_inputs=inputs)
    except typst.TypstError as error:
        lost = LOST.findall(error.diagnostic)
        if not lost:
            raise
        # The standards forbid a character that the font lacks. A name is a name: such a paper is printed with
        # a box, says which character the box stands for, and goes without the declaration, rather than not at all.
        return compiler.compile(format="pdf", sys_inputs={"paper": _told(inputs["paper"], "".join(lost))})


def _told(paper: str, lost: str) -> str:
    """The paper with a note of the characters that the font lacks."""
    words = json.loads(paper)
    signs = "、".join(f"U+{ord(sign):04X}" for sign in sorted(set(lost)))
    words["notes"] = [*words["notes"], f"本件用字有字库未收的，印为方框（{signs}），以登记的文字为准。"]
    return json.dumps(words, ensure_ascii=False, sort_keys=True)


if __name__ == "__main__":
    main()

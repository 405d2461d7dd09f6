"""A paper to be signed and sent back (授权书模板): the region's words with what was filled in so far, as a PDF."""

from collections.abc import Mapping

from shebao.rules.region_registration import PaperText

from ..clock import today
from .rendering import blank_form

TO_FILL_IN = "＿＿＿＿＿＿＿＿"
FOOT = "打印后签字盖章，拍照或扫描上传"


def paper_to_sign(spec: PaperText, answers: Mapping[str, str]) -> bytes:
    """The PDF; a question without an answer leaves a line to write on. Raises PaperNotRendered."""
    words = _Words(answers)
    paragraphs = [text.format_map(words) for text in spec.paragraphs]
    return blank_form(spec.title, paragraphs, list(spec.signatures), foot=FOOT, made_on=today())


class _Words(dict):
    """The answers as they stand in a text, also those that nobody gave yet."""

    def __getitem__(self, name: str) -> str:
        return self.get(name) or TO_FILL_IN

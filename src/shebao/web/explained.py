"""The rows of 「为什么是这个数」: how every page shows the steps of a derivation."""

from collections.abc import Iterable, Mapping

from django.urls import reverse

from shebao.hall.settlement.derivations import steps_of
from shebao.hall.settlement.models import BillLine
from shebao.rules.contributions import Step
from shebao.rules.evidence import sample_words


def step_rows(steps: Iterable[Step], urls: Mapping[Step, str] | None = None) -> list[dict[str, str]]:
    """Rows for `parts/_explain_steps.html`; the note names the document, and a value that has none.

    `urls` leads from a step to what explains it further.
    """
    urls = urls or {}
    return [{"label": step.label, "text": step.value, "note": _note(step), "url": urls.get(step, "")} for step in steps]


def derivation_rows(derivation: dict) -> list[dict[str, str]]:
    """The rows of a derivation that was kept with a doubt, as they were then."""
    return step_rows(steps_of(derivation))


def side_of(operator) -> str:
    """How the names of the pages about bills begin for whoever asks: the employer's own, or the desk's."""
    return "a" if operator.is_agency else "e"


def why_of(line: BillLine, share: str, side: str = "e") -> str:
    """The page that explains one part of a line; it says the month, where alone the line is then looked for."""
    return f"{reverse(f'{side}_explain', args=[line.pk, share])}?month={line.month}"


def _note(step: Step) -> str:
    return "；".join(part for part in (step.note, step.source, sample_words(step)) if part)

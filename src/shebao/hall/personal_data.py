"""The list of personal columns (个人信息清单) of `pii.yaml`: what each is, what for, how long, and how it is masked."""

from functools import cache
from pathlib import Path
from typing import Any

from shebao.rules.identity import masked, masked_mail, masked_phone
from shebao.rules.once import read_once

OF_A_MODEL = ("purpose", "retention")


@cache
def personal_data() -> dict[str, Any]:
    """The whole list as it is written."""
    return read_once((Path(__file__).parent / "pii.yaml").read_text("utf-8"))


@cache
def class_of(label: str, column: str) -> str:
    """The class of a column, such as class_of("roster.Person", "id_number"). Raises KeyError where none is written."""
    for name, columns in personal_data()["models"][label].items():
        if name not in OF_A_MODEL and column in columns:
            return name
    raise KeyError(f"{label}.{column}")


@cache
def class_of_question(kind: str) -> str:
    """The class of what a kind of question asks, such as class_of_question("phone"). Raises KeyError for no such."""
    for name, kinds in personal_data()["questions"].items():
        if kind in kinds:
            return name
    raise KeyError(kind)


def masked_answer(kind: str, text: str) -> str:
    """An answer as somebody reads it who did not ask for the whole of it."""
    if class_of_question(kind) == "plain":
        return text
    return {"email": masked_mail, "phone": masked_phone, "telephone": masked_phone}.get(kind, masked)(text)


def retention_days() -> dict[str, tuple[str, int]]:
    """{name: (words, days)} of what is removed when it is over."""
    rows = personal_data()["retention"]
    return {name: (row["title"], row["days"]) for name, row in rows.items() if "days" in row}

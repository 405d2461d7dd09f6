"""Whether a person's household (户口性质) is one of those whom their document is given to; both lists say whose."""

from shebao.rules.code_lists import Code, CodeList

from .scene import Case, Scene

NAMED = 4
"""So many titles of a list are named as what fits; the page offers the others."""


def household_fits(scene: Scene, cases: list[Case]) -> None:
    """A document and a household of other people's do not go together: who has an identity card is no foreigner.

    What a list does not say is not asked; nor is a person whom the region's list of households leaves out.
    """
    field = next((one for one in scene.form.fields if one.feeds == "household" and one.options), None)
    if field is None:
        return
    households, kinds = scene.region.codes[field.options], scene.region.codes["id_kinds"]
    for case in cases:
        household, kind = households.get(_household(case, field.id)), kinds.get(_id_kind(case))
        if household is None or kind is None or _fit(household, kind) or not _of_others(households, kind):
            continue
        text = f"持{kind.title}的，{field.label}不能是“{household.title}”。请核对这两项："
        text += f"证件类型没有错的，{field.label}请选{_of_others(households, kind)}"
        if others := _of_others(kinds, household):
            text += f"；{field.label}没有错的，证件类型请选{others}"
        case.add("household_fits", field.id, "error", f"{text}。")


def _fit(one: Code, other: Code) -> bool:
    return not (one.whose and other.whose) or bool({*one.whose} & {*other.whose})


def _of_others(codes: CodeList, known: Code) -> str:
    """The titles of a list that go with a code of the other one, the first few; "" for none."""
    titles = [one.title for one in codes.offered if {*one.whose} & {*known.whose}]
    return "、".join(titles[:NAMED]) + ("等" if len(titles) > NAMED else "")


def _household(case: Case, name: str) -> str:
    """The household as it is declared, or as on the roster where only the document changes."""
    said = str(case.values.get(name) or "")
    return said or (case.employee.household if case.employee and case.values.get("new_id_kind") else "")


def _id_kind(case: Case) -> str:
    """The kind of document: as it is changed to, as on the roster, as chosen, or as its number tells."""
    known = case.employee.person.id_kind if case.employee else case.values.get("id_kind")
    return str(case.values.get("new_id_kind") or known or (case.identity.kind if case.identity.ok else ""))

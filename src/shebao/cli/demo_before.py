"""What comes before a declaration where a demo region says so: labour registered or ended, papers seen."""

from shebao.rules.conditions import holds


def prepare(history, service, rows: list[dict[str, str]]) -> None:
    """Do first what the checks of the service ask for; `history` is whose declarations they are."""
    if "labour_registered" in service.checks:
        history._do("register_labour", rows)
    if "labour_ended" in service.checks:
        history._do("end_labour", [_ending(row) for row in rows])
    if service.pre_entry is not None:
        _pre_enter(history, service, rows)


def _ending(row: dict[str, str]) -> dict[str, str]:
    last = {"ended_on": f"{row['cessation_month']}-01", "reason": "2"}
    return {"id_number": row["id_number"], "name": row["name"]} | last


def _pre_enter(history, service, rows: list[dict[str, str]]) -> None:
    from shebao.hall.roster.operations import pre_enter_person

    for row in rows:
        if holds(service.pre_entry, row):
            pre_enter_person(row["id_number"], row["name"], by=history.reviewer)

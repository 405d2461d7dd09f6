"""What is wrong with an answer at the door."""

from .walk import Answer, Case, asks_first, expected

THE_RECORD = ("audit", "audit_export")
"""Where the audit administrator reads what everybody in the region did, with their names."""


def unsafe_file(answer: Answer) -> str:
    """What is wrong with how a file is sent: its kind is never guessed, it is saved, and its name is UTF-8.

    Only pages, data for our own scripts, papers and pictures are shown in the browser.
    """
    kind = answer.headers.get("Content-Type", "").partition(";")[0]
    how = answer.headers.get("Content-Disposition", "")
    if answer.headers.get("X-Content-Type-Options") != "nosniff":
        return "lets the browser guess what it is"
    if answer.status != 200 or kind in ("text/html", "application/json", "text/plain", "image/svg+xml", ""):
        return ""
    if how.startswith("inline") and kind not in ("application/pdf", "image/jpeg", "image/png", "image/webp"):
        return f"shows {kind} in the browser"
    if not how.startswith(("attachment", "inline")):
        return f"sends {kind} without saying how"
    is_named = "filename*=UTF-8''" in how or "filename=" in how
    return "" if is_named or (how == "inline" and kind.startswith("image/")) else "sends a file without its name"


def wrong(case: Case, answer: Answer) -> str:
    """What is wrong with the answer, in words; empty when nothing is."""
    want, status = expected(case), answer.status
    told = case.actor.told_by_the_record if case.row.name in THE_RECORD else ""
    if leaked := set(answer.text) & set(case.actor.forbidden) - set(told):
        return f"shows what must stay hidden: {''.join(sorted(leaked))}"
    if problem := unsafe_file(answer):
        return problem
    if case.actor.role and "no-store" not in answer.headers.get("Cache-Control", ""):
        return "may be kept by a browser"
    if status >= 500:
        return f"fails with {status}"
    if want == "nobody's":
        return "" if status != 403 else "is refused with 403"
    if want == "reached":
        if case.row.answers:
            return "" if status == case.row.answers else f"gives {status}, not {case.row.answers}"
        return "" if status not in (401, 403, 404, 405) else f"is refused with {status}"
    if answer.tables:
        return f"was refused and wrote to {', '.join(answer.tables)}"
    ways = {
        "sign_in": status == 302 and answer.location.startswith("/login"),
        "change_password": status == 302 and answer.location == "/password",
        "refused": status in (403, 404, 405),
        "403": status == 403 or (status == 404 and not asks_first(case)),
        "404": status == 404,
    }
    return "" if ways[want] else f"gives {status}, not {want}"

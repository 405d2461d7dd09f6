"""Which function of the employer's menu an address belongs to: the one table of menu, buttons and addresses.

A function is a key: "settle", "service:employee_enrolment", "page:refused_declaration". Operators have functions
withheld (权限树), employers have not opened all (开通业务); what the table says is shut is neither shown nor reachable.
"""

from collections.abc import Iterable
from functools import lru_cache
from itertools import chain

from django.urls import Resolver404, ResolverMatch, resolve

from shebao.hall.documents.vouchers import voucher_kind
from shebao.hall.documents.withheld import permit_wages, tells_wages
from shebao.hall.errors import Refused
from shebao.hall.operators.models import SERVICE, Operator
from shebao.hall.regions import region as region_of
from shebao.rules.region import Region
from shebao.rules.region_pages import Page

ALWAYS = ""
"""The workbench, one's own account and what is public: nobody can be kept from these."""

FUNCTIONS: dict[str, str] = {
    "e_home": ALWAYS,
    "e_home_month": "bills",
    **dict.fromkeys(("e_declare", "e_declare_preview", "e_draft", "e_declare_many"), "service:{service}"),
    **dict.fromkeys(
        ("e_basket", "e_check", "e_submit", "e_submitted", "e_remove", "e_restore", "e_basket_send_back"), "basket"
    ),
    **dict.fromkeys(
        ("e_cases", "e_case", "e_repair", "e_repair_draft", "e_case_copy", "e_papers", "e_password", "e_case_move"),
        "cases",
    ),
    **dict.fromkeys(("e_undo", "e_evidence", "e_evidence_change", "e_voucher"), "cases"),
    **dict.fromkeys(("e_import", "e_batch", "e_batch_match", "e_batch_rows", "e_batch_group"), "import"),
    **dict.fromkeys(("e_batch_marked", "e_batch_review", "e_batch_confirm", "e_batch_undo"), "import"),
    **dict.fromkeys(
        ("e_batch_resume", "e_batch_discard", "e_batch_progress", "e_import_template", "e_import_roster"), "import"
    ),
    **dict.fromkeys(("e_settle", "e_adjustments"), "settle"),
    **dict.fromkeys(("e_voids", "e_void", "e_void_withdraw"), "voids"),
    **dict.fromkeys(
        (
            "e_bills",
            "e_bill",
            "e_bill_export",
            "e_explain",
            "e_explain_sum",
            "e_explain_person",
            "e_explain_total",
            "e_explain_assessed",
            "e_explain_late_fee",
            "e_doubt",
        ),
        "bills",
    ),
    **dict.fromkeys(
        ("e_pay", "e/pay", "e_pay_bill", "e_payment", "e_pay_voucher", "e_pay_voucher_print", "e_payment_ask"), "pay"
    ),
    **dict.fromkeys(
        ("e_documents", "e_documents_of", "e_documents_pack", "e_document_issue", "e_document_print"), "documents"
    ),
    # What paper a number is, and what a batch holds, their views ask: `open_papers`.
    **dict.fromkeys(("e_document", "e_document_download", "e_document_revoke", "e_documents_issued"), ALWAYS),
    **dict.fromkeys(("e_yearly_plan", "e_yearly_plan_export", "e_yearly_plan_print"), "yearly_plan"),
    **dict.fromkeys(("e_statement", "e_statement_print"), "statement:{key}"),
    **dict.fromkeys(("e_print_runs", "e_print_run", "e_print_progress", "e_print_resume", "e_print_file"), ALWAYS),
    **dict.fromkeys(("e_roster", "e_roster_export", "e_employee", "e_employee_reveal", "e_search"), "roster"),
    **dict.fromkeys(("e_letter", "e_letter_hand_over"), "roster"),
    **dict.fromkeys(("e_queries", "e_query", "e_query_forget", "e_query_keep", "e_query_export"), "queries"),
    **dict.fromkeys(("e_export", "e_export_progress", "e_export_restart", "e_export_file"), "queries"),
    **dict.fromkeys(("e_reminder", "e_reminder_export"), "reminder:{page}"),
    **dict.fromkeys(("e_employer", "e_employer_changes", "e_departments", "e_department"), "employer"),
    "e_labour": "labour",
    "e_projects": "projects",
    "e_page": "page:{key}",
    **dict.fromkeys(("e_own_papers_remove", "e_own_papers_restore", "e_own_paper", "e_own_paper_edit"), "cases"),
    "e_mail_again": "cases",
    **dict.fromkeys(("e_notices", "e_notice", "e_notice_confirm", "e_notice_file", "e_privileged"), ALWAYS),
    **dict.fromkeys(("e_payment_withdraw", "e_people_voucher"), "pay"),
    **dict.fromkeys(("e_counter_business", "e_evidence_small"), "cases"),
    "e_sign_content": "basket",
    "e_print_joined": ALWAYS,
    **dict.fromkeys(("e_operator", "e_operator_remove", "e_operator_hand_over", "e_second"), ALWAYS),
    **dict.fromkeys(("e_joins", "e_join", "e_join_decline"), ALWAYS),
}
"""Every address of the employer's side by its name (its route, where it has none) → the function it belongs to."""
OF_ONE_KIND = {"e_statement": "key", "e_statement_print": "key", "e_documents_of": "kind"}
"""Pages of one kind of paper, and what in their address says of which."""
PAPERS = {
    **dict.fromkeys(("settled", "paid"), ("documents",)),
    "declared": ("yearly_plan",),
    "people": ("pay", "page:people_payment"),
    "chosen": ("cases", "page:vouchers"),
    "ordered": ("pay",),
}
"""The stage of a paper → the functions that issue it; `page:` with the kind of page, under whatever key it stands."""
PAGE_NEEDS = {
    **dict.fromkeys(("case_list", "employer_papers", "monthly_papers", "sheet_templates"), "declare"),
    **dict.fromkeys(("blank_forms", "vouchers"), "print"),
    **dict.fromkeys(("bank_debit", "people_payment"), "pay"),
    "who_computes": "settle",
    **dict.fromkeys(("roster_sheet", "guide", "counter_business"), "see_roster"),
}
"""What each kind of page of the catalogue asks for: its one address asks for nothing by itself."""
KINDS = {"statement": "statements"}
"""Functions that an area opens all at once: whoever has not opened the second has none of the first."""


def function_of(match: ResolverMatch) -> str:
    """The function that a resolved address belongs to; empty for what is always open. KeyError: no row above."""
    if not match.route.startswith("e/"):
        return ALWAYS
    return FUNCTIONS[match.url_name or match.route].format(**match.kwargs)


def is_open(operator: Operator, function: str) -> bool:
    """Whether the operator may use a function: not withheld from them, and opened by their employer."""
    if operator.is_agency or not function:
        return True
    kind = KINDS.get(function.partition(":")[0], "")
    return operator.may_use(function) and not (kind and operator.is_closed(kind))


def may_open(operator: Operator, address: str) -> bool:
    """Whether an address of the hall can be opened by the operator; what is no address of ours always can."""
    path = address.partition("?")[0].partition("#")[0]
    if not path.startswith("/"):
        return True
    match = _match(path)
    if match is None:
        return True
    is_shown = not _hides_wages(operator, _paper_at(operator, match))
    return is_shown and all(map(operator.may, needs_of(operator, match))) and is_open(operator, function_of(match))


def _paper_at(operator: Operator, match: ResolverMatch) -> str:
    """The kind of paper that all of an address is about; "" for other addresses."""
    if named := OF_ONE_KIND.get(match.url_name or ""):
        return str(match.kwargs[named])
    spec = region_of(operator.region)
    page = spec.pages.get(match.kwargs.get("key", "")) if match.url_name == "e_page" else None
    return voucher_kind(spec) if page and page.page == "vouchers" else ""


def _hides_wages(operator: Operator, kind: str) -> bool:
    """Whether a kind of paper tells people's wages, and the operator is not shown them."""
    return not operator.sees_wages and tells_wages(region_of(operator.region), kind)


@lru_cache(maxsize=4096)
def _match(path: str) -> ResolverMatch | None:
    """What stands behind an address; kept, because every page asks it of the whole menu."""
    try:
        return resolve(path)
    except Resolver404:
        return None


def needs_of(operator: Operator, match: ResolverMatch) -> set[str]:
    """The permissions that an address asks for: its view's, or those of the page of the region's catalogue there."""
    page = region_of(operator.region).pages.get(match.kwargs.get("key", "")) if match.url_name == "e_page" else None
    return {getattr(match.func, "needs", ""), PAGE_NEEDS.get(page.page, "") if page else ""} - {""}


def issuers_of(region: Region, kind: str) -> tuple[str, ...]:
    """The functions that issue a kind of paper; none for what anybody may read anyway, such as a guide."""
    if kind in region.statements:
        return (f"statement:{kind}",)
    if kind not in region.documents:
        return ()
    pages = region.pages.values()
    named = (
        [one] if ":" not in one else [f"page:{page.key}" for page in pages if f"page:{page.page}" == one]
        for one in PAPERS[str(region.documents[kind]["stage"])]
    )
    return tuple(chain.from_iterable(named))


def may_open_papers(operator: Operator, kinds: Iterable[str]) -> bool:
    """Whether papers of all these kinds are open to the operator: for each, something that issues it is."""
    return all(_opens_paper(operator, kind) for kind in kinds)


def _opens_paper(operator: Operator, kind: str) -> bool:
    issuers = issuers_of(region_of(operator.region), kind)
    return not _hides_wages(operator, kind) and (not issuers or any(is_open(operator, one) for one in issuers))


def open_papers(operator: Operator, kinds: Iterable[str]) -> None:
    """Refuse whoever has no function that issues papers of these kinds: they are not reached by their number."""
    for kind in kinds:
        permit_wages(kind, by=operator)
        if not _opens_paper(operator, kind):
            raise shut(operator, issuers_of(region_of(operator.region), kind)[0])


def sees_bills(operator: Operator) -> bool:
    """Whether the amounts of the month are for this operator: bills are, by permission and by ticks."""
    return operator.sees_bills


def open_page(operator: Operator, page: Page) -> None:
    """Refuse whoever has not the permission that this page of the catalogue asks for, or is not of its readers."""
    from .access import refusal

    needed = PAGE_NEEDS[page.page]
    if not operator.may(needed) or (page.may and operator.role not in page.may):
        raise refusal(operator, needed)


def shut(operator: Operator, function: str) -> Refused:
    """The 403 in words: not opened by the employer and how to open it, or not open to this operator and who helps."""
    from .access import administrators_of

    if operator.is_closed(function) or operator.is_closed(KINDS.get(function.partition(":")[0], "")):
        areas = region_of(operator.region).registration.areas
        names = "、".join(f"“{area.title}”" for area in areas if function in area.opens) or "这项业务"
        text = f"本单位还没有开通{names}，不能使用这个功能。要开通的，请带授权书到经办机构窗口办理。"
        return Refused("area_not_opened", text, status=403)
    page = region_of(operator.region).terms.get("menu.operators", "操作员")
    text = f"您的账号没有开放这个功能，请联系{administrators_of(operator)}在“{page}”里勾选。"
    return Refused("function_withheld", text, status=403)


def service_key(function: str) -> str:
    """The service behind a function; empty for what is no service."""
    return function.removeprefix(SERVICE) if function.startswith(SERVICE) else ""

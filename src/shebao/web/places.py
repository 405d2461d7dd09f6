"""Where the pages are that a region's data names: the words of `PAGES` and the addresses behind them."""

from django.urls import reverse

from shebao.rules.page_words import PAGES
from shebao.rules.region import GuideStep, Page, Region

NAMES = {
    "home": "e_home",
    "import_sheets": "e_import",
    "basket": "e_basket",
    "cases": "e_cases",
    "settle": "e_settle",
    "bills": "e_bills",
    "pay": "e_pay",
    "documents": "e_documents",
    "roster": "e_roster",
    "employer": "e_employer",
    "departments": "e_departments",
    "trial": "trial",
    "password": "change_password",
    "sign_in": "sign_in",
    "operators": "operators",
    "audit": "audit",
    "employer_accounts": "a_employers",
    "certificate": "sign_in_certificate",
    "forgotten": "forgotten",
    "question": "account_question",
    "account": "account",
    "settings": "account",
    "employers": "employers",
    "numbers": "employer_numbers",
    "leaving": "leaving",
    "regions": "register",
    "announcements": "e_notices",
    "notices": "e_notices",
    "policies": "e_notices",
}
KINDS = {"announcements": "announcement", "notices": "notice", "policies": "policy"}
"""Pages that are one list of a kind: the word in their address."""
REGISTERS = {
    "yearly_plan": "e_yearly_plan",
    "privileged_query": "e_privileged",
}
"""Pages that have no place of their own in the menu, but the one that the catalogue gives them."""
KEYED = (
    *("case_list", "employer_papers", "monthly_papers", "vouchers"),
    *("blank_forms", "sheet_templates", "roster_sheet", "guide", "bank_debit"),
    *("counter_business", "who_computes", "people_payment"),
)
"""Pages that a region may show several times, each under a name of its own: their address tells which."""
CATALOGUED = (*KEYED, "departments")
"""Pages that the menu shows where the catalogue has them, among what is declared."""
PUBLIC = {"rates": "rates_of", "register": "register_at"}
"""Pages for everybody; their address tells the region."""
TERMS = {"import_sheets": "menu.import", "employer": "menu.employer_profile"}
PERMISSIONS = {"arrears": "settle", "privileged_query": "see_audit"}
"""What a reminder asks of whoever opens it; the others ask for the roster."""


def address_of(page: str, region: Region) -> str:
    """The address of a page by its word in the vocabulary."""
    if page in PUBLIC:
        return reverse(PUBLIC[page], args=[region.code])
    if page in KINDS:
        return f"{reverse(NAMES[page])}?kind={KINDS[page]}"
    known = NAMES | REGISTERS
    return reverse(known[page]) if page in known else reverse("e_reminder", args=[page])


def address_of_row(row: Page, region: Region) -> str:
    """The address of a row of the catalogue."""
    return reverse("e_page", args=[row.key]) if row.page in KEYED else address_of(row.page, region)


def name_of(page: str, region: Region) -> str:
    """What the page is called here: by its row of the catalogue, by the menu's word, or nationally."""
    row = next((one for one in region.pages.values() if one.page == page), None)
    return row.title if row else region.terms.get(TERMS.get(page, f"menu.{page}"), PAGES[page])


def permission_of(page: str) -> str:
    """The permission that the page of a catalogue row asks for."""
    return PERMISSIONS.get(page, "see_roster")


def link_of(step: GuideStep, region: Region) -> dict[str, str] | None:
    """Where a step of a guide is done, with the words of the menu; None where nowhere in the hall."""
    if step.service in region.services:
        label = region.terms.get(f"menu.{step.service}", region.services[step.service].title)
        return {"label": label, "url": reverse("e_declare", args=[step.service])}
    return {"label": name_of(step.page, region), "url": address_of(step.page, region)} if step.page else None

"""What is wrong with a registration, step by step, and what its reviewer should know."""

from collections.abc import Mapping
from dataclasses import dataclass

from django.db.models import F

from shebao.rules.check_words import titles_of
from shebao.rules.forms import Problem, clean
from shebao.rules.region import Region

from .. import clock
from ..crypto import blind_index
from ..employers.models import Employer
from ..employers.operations import divisions_of
from ..operators.models import Operator
from ..sign_in.codes import sends_messages
from ..sign_in.models import Contact
from .models import Registration, RegistrationSignature
from .states import UNDECIDED, State

YES, NO = "1", "0"
TAIL = 4
"""So many digits of the administrator's telephone are shown to whoever types the employer's code."""
OTHER = "这个单位已有一份注册申请在审核中，不用再次注册；凭那一份的申请号和专管员手机号可以查询进度"


@dataclass(frozen=True)
class Fault:
    """Something that keeps a registration from being submitted: on which step, at which field, in words."""

    step: int
    field: str
    text: str


@dataclass(frozen=True)
class Finding:
    """One automatic check for the reviewer; `text` is empty where it passed, `against` what it was compared with."""

    title: str
    text: str
    against: str = ""


def judged(
    here: Region, step: int, raw: Mapping[str, str], *, at_counter: bool = False
) -> tuple[dict[str, str], list[Problem]]:
    """The answers of one step as they are kept, and all that is wrong. What cannot be read is kept as typed.

    `at_counter`: the agency enters it, which may give the number itself.
    """
    kept: dict[str, str] = {}
    problems: list[Problem] = []
    for part in here.registration.steps[step].parts:
        form = here.forms[part.form]
        cleaned = clean(form, raw, here)
        problems += cleaned.problems
        kept |= {field.id: str(cleaned.values.get(field.id) or raw.get(field.id) or "") for field in form.fields}
    void = {YES: "first_insured_on", NO: "employer_number"}.get(kept.get("has_number", ""), "")
    kept |= {void: ""} if void in kept else {}  # what the other answer would have asked
    problems += _unanswered(kept) + _taken(here, kept) + _misnumbered(here, kept)
    if at_counter and here.registration.is_issued_at_counter and not kept.get("employer_number"):
        problems = [one for one in problems if (one.code, one.field) != ("required", "employer_number")]
    return kept, problems


def _unanswered(answers: Mapping[str, str]) -> list[Problem]:
    """What one answer asks of another: a number where there is one, a first day where there is none."""
    found, has = [], answers.get("has_number")
    if has == YES and not answers.get("employer_number", "x"):
        found.append(Problem("required", "employer_number", "error", "已有单位编号的，请填写编号"))
    if has == NO and not answers.get("first_insured_on", "x"):
        found.append(Problem("required", "first_insured_on", "error", "没有单位编号的，请填写新参保日期"))
    if has == NO and answers.get("joined_at_setup") == YES:
        text = "设立登记时已同步参加社会保险的，是否已有单位编号应选“是”"
        found.append(Problem("joined_at_setup", "has_number", "error", text))
    return found


def _misnumbered(here: Region, answers: Mapping[str, str]) -> list[Problem]:
    """A number that was issued elsewhere has its length, and nobody else's."""
    number, spec = answers.get("employer_number", ""), here.registration
    if not (spec.is_issued and number):
        return []
    label = here.term("employer_number")
    if not (number.isascii() and number.isdigit() and len(number) == spec.digits):
        text = f"{label}应为 {spec.digits} 位数字，现在是 {len(number)} 位"
        return [Problem("number_length", "employer_number", "error", text)]
    others = Employer.objects.filter(region=here.code, employer_number=number)
    if others.exclude(credit_code=answers.get("credit_code", "")).exists():
        text = f"{label} {number} 已登记在其他单位，请核对；没有填错的，请联系{here.term('agency')}"
        return [Problem("number_taken", "employer_number", "error", text)]
    return []


def asked_code(here: Region, credit_code: str, *, besides: int | None = None) -> list[Problem]:
    """What the step of the credit code says of it, for whoever has just typed it and left the field.

    `besides`: the registration that asks.
    """
    kept, problems = judged(here, 0, {"credit_code": credit_code})
    problems += under_review(here.code, kept, besides=besides)
    return [problem for problem in problems if problem.field == "credit_code" and kept.get("credit_code")]


def stands_for(here: Region, credit_code: str) -> Operator | None:
    """Who administers the accounts of the employer with this code; None where it has no account in use."""
    employer = on_file(here.code, credit_code)
    return employer.operators.filter(is_active=True).order_by("-role", "pk").first() if employer else None


def _taken(here: Region, answers: Mapping[str, str]) -> list[Problem]:
    """An employer with an account need not register. Who asks learns by which telephone a colleague knows the
    administrator, and nothing else: decision 0031.
    """
    owner = stands_for(here, answers.get("credit_code", ""))
    if not owner:
        return []
    contact = Contact.objects.filter(operator=owner).first()
    tail = f"，管理员手机尾号 {contact.phone[-TAIL:]}" if contact and contact.phone else ""
    return [Problem("already_registered", "credit_code", "error", f"该单位已有账号{tail}")]


def under_review(code: str, answers: Mapping[str, str], *, besides: int | None = None) -> list[Problem]:
    """An employer has one registration under review: who begins another is told at once, and nothing of the first.

    `besides`: the registration that asks, which is not another one.
    """
    digest = credit_digest(answers.get("credit_code", ""))
    same = Registration.objects.filter(region=code, credit_digest=digest, state__in=UNDECIDED)
    if not (digest and same.exclude(pk=besides).exists()):
        return []
    return [Problem("other_registration", "credit_code", "error", OTHER)]


def on_file(code: str, credit_code: str) -> Employer | None:
    """The employer with this credit code in a region."""
    return Employer.objects.filter(region=code, credit_code=credit_code).first() if credit_code else None


def credit_digest(credit_code: str) -> str:
    """What a registration is looked up by, and what makes it the only one of its employer."""
    return blind_index("registration-credit-code", credit_code) if credit_code else ""


def phone_digest(phone: str) -> str:
    """What the applicant's telephone is compared by."""
    return blind_index("registration-phone", phone) if phone else ""


def faults(registration: Registration, here: Region) -> list[Fault]:
    """Everything that keeps a registration from being submitted, in the order of the steps."""
    found, at_counter = [], registration.entered_by_id is not None
    for number, step in enumerate(here.registration.steps):
        if step.kind == "form":
            _, problems = judged(here, number, registration.answers, at_counter=at_counter)
            found += [Fault(number, problem.field, problem.message) for problem in problems]
        elif step.kind == "areas" and not registration.areas:
            found.append(Fault(number, "", "请至少选择一项要开通的业务"))
        elif step.kind == "agreement" and is_unagreed(registration, here):
            found.append(Fault(number, "", f"请阅读《{here.registration.agreement.title}》，再继续"))
        elif step.kind == "papers":
            found += [Fault(number, "", f"请上传“{title}”") for title in missing_papers(registration)]
    return found


def asks_agreement(registration: Registration, here: Region) -> bool:
    """Whether an area to be opened asks for the agreement to be read."""
    agreed = {area.key for area in here.registration.areas if area.is_agreed}
    return bool(agreed & set(registration.areas))


def is_unagreed(registration: Registration, here: Region) -> bool:
    """Whether the agreement, in its present words, is still to be read."""
    text = here.registration.agreement
    return asks_agreement(registration, here) and not registration.agreements.filter(digest=text.digest).exists()


def missing_papers(registration: Registration) -> list[str]:
    """The papers that must be uploaded and are not; those that were seen at the counter need not be."""
    there = {*registration.papers.values_list("title", flat=True), *registration.seen_papers}
    return [
        paper.title
        for paper in registration.spec.papers
        if paper.keep == "upload" and paper.required and paper.title not in there
    ]


def papers_then(registration: Registration) -> dict[str, str]:
    """Which files each paper has as it is returned: kept beside the answers, so that a changed paper is told."""
    keys: dict[str, list[str]] = {}
    for title, stored in registration.papers.order_by("pk").values_list("title", "stored"):
        keys.setdefault(title, []).append(str(stored))  # a paper that is replaced stays, its file does not
    return {f"paper_{n}": " ".join(keys.get(paper.title, ())) for n, paper in enumerate(registration.spec.papers)}


def unrepaired(registration: Registration, here: Region) -> list[Fault]:
    """What its reviewer marked and is still as it was returned, by name. Nothing is known of what is not kept."""
    marks, before = registration.marks, registration.before
    if not marks:
        return []
    found = [
        Fault(step, one.id, one.label)
        for step, one in here.registration.fields(here.forms)
        if one.id in marks and one.id in before and registration.answers.get(one.id, "") == before[one.id]
    ]
    now = papers_then(registration)
    step = next((n for n, one in enumerate(here.registration.steps) if one.kind == "papers"), 0)
    named = {f"paper_{n}": paper.title for n, paper in enumerate(registration.spec.papers)}
    same = [name for name in named if name in marks and name in before and now[name] == before[name]]
    return found + [Fault(step, name, named[name]) for name in same]


def findings(registration: Registration, here: Region) -> list[Finding]:
    """The automatic checks of the desk: what a reviewer would otherwise look up by hand."""
    answers = registration.answers
    employer = on_file(here.code, answers.get("credit_code", ""))
    taken = _taken(here, answers)
    same = Registration.objects.filter(region=registration.region, credit_digest=registration.credit_digest)
    earlier = same.exclude(pk=registration.pk).filter(state__in=(*UNDECIDED, "rejected")).count()
    rows = [
        Finding("信用代码", taken[0].message if taken else "", titles_of("accounts")),
        Finding("单位登记", _about_file(employer, answers), titles_of("register")),
        Finding("单位编号", _about_number(here.code, employer, answers), titles_of("register")),
        Finding("以前的申请", f"同一信用代码另有 {earlier} 份申请" if earlier else "", titles_of("registrations")),
    ]
    if sends_messages():
        is_proved = registration.proved_digest == registration.phone_digest
        text = "" if is_proved else "手机号没有用短信验证码验证过"
        rows.append(Finding("专管员手机", text, titles_of("messages")))
    if "agency_division" in answers:
        rows.append(Finding("行政区划", _about_division(here.code, answers), titles_of("divisions")))
    return rows


def _about_file(employer: Employer | None, answers: Mapping[str, str]) -> str:
    """The employer is on file already: what was registered stays, and where it differs is told."""
    if employer is None:
        return ""
    named = {"name": "单位名称", "legal_representative": "法定代表人"}
    differs = [label for name, label in named.items() if getattr(employer, name) != answers.get(name)]
    told = f"，{'、'.join(differs)}与登记的不同" if differs else ""
    return f"已登记为 {employer.employer_number}，没有账号{told}；通过后只开通账号，登记的信息不变"


def _about_number(code: str, employer: Employer | None, answers: Mapping[str, str]) -> str:
    number = answers.get("employer_number", "")
    if answers.get("has_number") != YES or not number:
        return "单位称没有编号，但已经登记" if employer and answers.get("has_number") == NO else ""
    if employer:
        return "" if employer.employer_number == number else f"登记的编号是 {employer.employer_number}"
    if Employer.objects.filter(region=code, employer_number=number).exists():
        return f"编号 {number} 登记在其他单位"
    return f"没有编号 {number} 的登记，请核对后录入"


def _about_division(code: str, answers: Mapping[str, str]) -> str:
    """The third to eighth character of a credit code name the division of the authority that issued it."""
    issuer, chosen = answers.get("credit_code", "")[2:8], answers["agency_division"]
    if issuer.startswith(chosen.rstrip("0")):
        return ""
    names = divisions_of(code)
    issued_in, chosen_in = (_named(one, names) for one in (issuer, chosen))
    return f"发证机关在{issued_in}，所选社保局在{chosen_in}，请核对是否同级"


def _named(division: str, names: Mapping[str, str]) -> str:
    """A division by its name, or that of the city above it; by its code where neither is listed."""
    found = names.get(division) or names.get(f"{division[:4]}00")
    return found or f"行政区划 {division}"


def proposed(registration: Registration, here: Region) -> dict[str, str]:
    """What the agency decides, filled in as far as the answers and the region's rule for numbers tell."""
    answers = registration.answers
    employer = on_file(here.code, answers.get("credit_code", ""))
    if employer:
        return {
            "employer_number": employer.employer_number, "first_month": str(employer.first_month),
            "industry_class": employer.industry_class, "float_grade": employer.float_grade,
        }  # fmt: skip
    given = answers.get("employer_number", "") if answers.get("has_number", YES) == YES else ""
    first = answers.get("first_insured_on", "") if answers.get("has_number", NO) == NO else ""
    grade = here.forms["registration_approval"].field("float_grade")
    return {
        "employer_number": given or next_number(here, at_counter=registration.entered_by_id is not None),
        "first_month": (first or str(clock.today()))[:7],
        "industry_class": answers.get("industry_class", ""),
        "float_grade": grade.default if grade else "",
    }


def next_number(here: Region, *, at_counter: bool = False) -> str:
    """The number after the highest of the region's length; "" where the agency types numbers, or others give them."""
    digits, spec = here.registration.digits, here.registration
    if not digits or (spec.is_issued and not (at_counter and spec.is_issued_at_counter)):
        return ""
    fits = Employer.objects.filter(region=here.code, employer_number__regex=rf"^[0-9]{{{digits}}}$")
    last = fits.order_by("-employer_number").values_list("employer_number", flat=True).first()
    signed = [one for one in signed_numbers(here.code) if one.isascii() and one.isdigit() and len(one) == digits]
    return f"{int(max([last or '0', *signed], key=int)) + 1:0{digits}d}"


def signed_numbers(code: str, *, besides: int | None = None) -> dict[str, str]:
    """Numbers that somebody signed for a registration and that are not on file yet, with its own number."""
    rows = RegistrationSignature.objects.filter(
        registration__region=code, registration__state=State.SUBMITTED, version=F("registration__version"),
        withdrawn_at=None,
    )  # fmt: skip
    found = rows.exclude(registration=besides).values_list("decided", "registration__number")
    return {decided.get("employer_number", ""): number for decided, number in found}

"""What an applicant does: begins a registration, fills in its steps, agrees, uploads papers, submits.

Nobody is signed in: the record names the registration and no operator.
"""

import secrets
from collections.abc import Mapping
from datetime import timedelta

from django.db import IntegrityError, transaction

from shebao.rules.forms import Problem
from shebao.rules.region import Region
from shebao.rules.region_registration import AgreementText

from .. import clock
from ..audit.operations import record
from ..errors import Conflict, Refused
from ..evidence.files import Upload, fitted, forget, turned_upload, written
from ..operators.models import DESK_ROLES, Operator
from ..regions import all_regions, region
from . import checks
from .models import Agreement, Registration, RegistrationPaper
from .proving import UNPROVED, is_unproved
from .registering import note_step, register
from .states import WITH_APPLICANT, State, advance

NUMBER_ALPHABET = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"
KEEPS = timedelta(days=30)
"""How long a draft is kept after it was last written to."""
MOST = 5
"""How many files one paper may have."""


def wizard_region(code: str) -> Region:
    """The region, if employers register there through the pages. Raises Refused (404)."""
    try:
        here = region(code)
    except Refused as no:
        raise Refused(no.code, no.message, status=404) from None
    if here.registration is None:
        raise Refused("no_registration", f"{here.title}不在网上受理单位注册，请到经办机构办理。", status=404)
    return here


def open_regions() -> list[Region]:
    """The regions where employers may register now: through the pages, and with somebody at the desk to see it."""
    desks = set(Operator.objects.filter(role__in=DESK_ROLES, is_active=True).values_list("region", flat=True))
    return [one for one in all_regions().values() if one.registration and one.code in desks]


def open_region(code: str) -> Region:
    """The region, if a registration may begin there. Raises Refused (404): what nobody would ever see is not taken."""
    here = wizard_region(code)
    if here not in open_regions():
        raise Refused("no_agency", f"{here.title}的经办机构还没有在这里开通，请到经办窗口办理单位注册。", status=404)
    return here


@transaction.atomic
def start_registration(code: str, raw: Mapping[str, str]) -> tuple[Registration | None, list[Problem]]:
    """Begin a registration with the answers of the first step (开始注册); nothing is kept while one is wrong."""
    here = open_region(code)
    answers, problems = checks.judged(here, 0, raw)
    problems += checks.under_review(code, answers)
    if problems:
        return None, problems
    _forget_old_drafts()
    made = Registration(region=code, number=new_number(), touched_at=clock.now())
    keep_answers(made, answers)
    made.save()
    record("registration.started", made, by=None)
    return made, []


@transaction.atomic
def save_step(pk: int, step: int, raw: Mapping[str, str]) -> list[Problem]:
    """Keep the answers of one step as far as they can be read, and return what is wrong with them (保存)."""
    made, here = _writable(pk)
    answers, problems = checks.judged(here, _numbered(here, step, "form"), raw)
    problems += checks.under_review(made.region, answers, besides=made.pk)
    keep_answers(made, answers)
    _touch(made)
    return problems


@transaction.atomic
def choose_areas(pk: int, step: int, areas: list[str]) -> None:
    """Say which business areas are to be opened (开通业务). Raises Refused where none is chosen."""
    made, here = _writable(pk)
    _numbered(here, step, "areas")
    chosen = [area.key for area in here.registration.areas if area.key in areas]
    if not chosen:
        raise Refused("no_area", "请至少选择一项要开通的业务。", field=f"area_{here.registration.areas[0].key}")
    made.areas = chosen
    _touch(made)


@transaction.atomic
def agree(pk: int, digest: str) -> Agreement:
    """Agree to the text that was shown (同意电子协议): the text, its version, who and when are kept.

    Raises Conflict when the region's text is another by now: nobody agrees to what they did not read.
    """
    made, here = _writable(pk)
    text = here.registration.agreement
    if text is None or digest != text.digest:
        raise Conflict("agreement_changed", "协议刚更新过，请阅读现在的文本再继续。")
    return note_agreement(made, text, by=None)


def note_agreement(made: Registration, text: AgreementText, *, by) -> Agreement:
    """Keep what was agreed to, once; `by` is who of the agency saw it signed on paper."""
    agreed, is_new = Agreement.objects.get_or_create(
        registration=made,
        digest=text.digest,
        defaults={
            "title": text.title, "version": text.version, "text": text.text,
            "agreed_by": made.answers["clerk_name"], "agreed_at": clock.now(),
        },
    )  # fmt: skip
    if is_new:
        _touch(made)
        record("registration.agreed", made, by=by, number=text.version)
    return agreed


def add_papers(pk: int, title: str, uploads: list[Upload], *, via: str = "") -> list[RegistrationPaper]:
    """Add files to one of the papers that the region asks for (上传材料); all of them, or none.

    Pictures are made to fit first: that takes a moment, in which nobody waits for the database. `via`: what the
    record says of the way they came.
    """
    return _add_papers(pk, title, [fitted(one) for one in uploads], {"via": via} if via else {})


@transaction.atomic
def _add_papers(pk: int, title: str, uploads: list[Upload], said: dict[str, str]) -> list[RegistrationPaper]:
    made, here = _writable(pk)
    if not any(paper.title == title and paper.keep == "upload" for paper in here.registration.papers):
        raise Refused("no_such_paper", "这里不收这种材料，请刷新页面后再试。", status=404)
    there = made.papers.filter(title=title)
    if there.count() + len(uploads) > MOST:
        raise Refused("too_many_files", f"“{title}”最多 {MOST} 个文件。多页材料可以合并成一个 PDF。")
    known = set(there.values_list("stored__digest", flat=True))
    with written(uploads, None, by=None, at=clock.now()) as files:
        new = [file for file in files if file.digest not in known]
        if not new:
            raise Refused("already_uploaded", f"“{files[0].name}”已经在“{title}”里，没有重复添加。")
        for file in new:
            file.save()
        now = clock.now()
        added = [RegistrationPaper.objects.create(registration=made, title=title, stored=f, added_at=now) for f in new]
        _touch(made)
        record("registration.paper_added", made, by=None, count=len(added), **said)
    return added


def replace_paper(pk: int, paper: int, upload: Upload) -> RegistrationPaper:
    """Put another file in the place of one (替换), made to fit."""
    return _replace_paper(pk, paper, fitted(upload))


def turn_paper(pk: int, paper: int) -> RegistrationPaper:
    """Turn a picture by a quarter, clockwise (转 90°): another file in its place, its small picture with it."""
    one = RegistrationPaper.objects.select_related("stored").get(pk=paper, registration=pk)
    return _replace_paper(pk, paper, turned_upload(one.stored))


@transaction.atomic
def _replace_paper(pk: int, paper: int, upload: Upload) -> RegistrationPaper:
    made, _ = _writable(pk)
    one = made.papers.select_related("stored").get(pk=paper)
    old = one.stored
    with written([upload], None, by=None, at=clock.now()) as files:
        if made.papers.filter(title=one.title, stored__digest=files[0].digest).exists():
            raise Refused("already_uploaded", f"“{files[0].name}”已经在“{one.title}”里，没有重复添加。")
        files[0].save()
        one.stored, one.added_at = files[0], clock.now()
        one.save()
        forget(old)
        _touch(made)
        record("registration.paper_replaced", made, by=None)
    return one


@transaction.atomic
def remove_paper(pk: int, paper: int) -> None:
    """Take a file away again (移除)."""
    made, _ = _writable(pk)
    one = made.papers.select_related("stored").get(pk=paper)
    stored = one.stored
    one.delete()
    forget(stored)
    _touch(made)
    record("registration.paper_removed", made, by=None)


@transaction.atomic
def submit_registration(pk: int, *, keeps_marked: bool = False) -> Registration:
    """Give the registration to the agency, or where nobody reviews, register a new employer at once (提交申请).

    Whoever would take over an employer that is on file is always reviewed: nothing proves that it is theirs.
    `keeps_marked`: the applicant was told which marked items are unchanged, and leaves them so.
    Raises Refused while anything is missing, Conflict when it was submitted already or the employer has another one.
    """
    made, here = _locked(pk)
    return give_in(made, here, keeps_marked=keeps_marked, by=None)


def give_in(made: Registration, here: Region, *, keeps_marked: bool, by) -> Registration:
    """Submit a registration that the caller's transaction holds; `by` is who of the agency entered it, None: nobody."""
    spec = here.registration
    is_direct = spec.is_direct and checks.on_file(made.region, made.answers.get("credit_code", "")) is None
    move = "complete" if is_direct else "submit"
    advance(made, move, by=by)
    wrong = checks.faults(made, here)
    if wrong:
        raise Refused("incomplete", f"还有 {len(wrong)} 处没有填好：{'；'.join(fault.text for fault in wrong)}。")
    if is_unproved(made):
        raise Refused("phone_unproved", UNPROVED, field="phone")
    left = [fault.text for fault in checks.unrepaired(made, here)]
    if left and not keeps_marked:
        text = f"还有 {len(left)} 项没有改：{'、'.join(left)}。请按审核意见修改；核对过不用改的，勾选确认后再提交。"
        raise Refused("unrepaired", text, field="same")
    if checks.under_review(made.region, made.answers, besides=made.pk):
        raise _other()
    made.revision += 1
    made.version += 1
    made.submitted_at = clock.now()
    made.due_on = None if is_direct else here.calendar.add_working_days(clock.today(), spec.decide_within)
    try:
        with transaction.atomic():
            if is_direct:
                register(made, checks.proposed(made, here), by=by)
            made.save()
            note_step(made, move, by=by, at=made.submitted_at)
    except IntegrityError as error:
        raise _other() from error
    record("registration.entered" if by else "registration.submitted", made, by=by, revision=made.revision)
    return made


def _other() -> Conflict:
    return Conflict("other_registration", f"{checks.OTHER}。")


def _writable(pk: int) -> tuple[Registration, Region]:
    made, here = _locked(pk)
    if made.state not in WITH_APPLICANT:
        raise Conflict("wrong_state", f"申请 {made.number} 现在是“{made.state_label}”，不能再修改。")
    return made, here


def _locked(pk: int) -> tuple[Registration, Region]:
    made = Registration.objects.select_for_update().get(pk=pk)
    return made, wizard_region(made.region)


def _numbered(here: Region, step: int, kind: str) -> int:
    steps = here.registration.steps
    if not 0 <= step < len(steps) or steps[step].kind != kind:
        raise Refused("no_such_step", "没有这一步，请从注册页面重新进入。", status=404)
    return step


def keep_answers(made: Registration, answers: Mapping[str, str]) -> None:
    """Write answers into a registration that the caller saves, with what is looked up by them."""
    made.answers = made.answers | answers
    made.credit_digest = checks.credit_digest(made.answers.get("credit_code", ""))
    made.agency_division = made.answers.get("agency_division") or ""
    made.phone_digest = checks.phone_digest(made.answers.get("clerk_phone", ""))


def _touch(made: Registration) -> None:
    made.touched_at = clock.now()
    made.version += 1
    made.save()


def new_number() -> str:
    """Ten characters nobody guesses: with the telephone they are the applicant's key."""
    drawn = "".join(secrets.choice(NUMBER_ALPHABET) for _ in range(10))
    return f"{drawn[:5]}-{drawn[5:]}"


def _forget_old_drafts() -> None:
    """Drafts that nobody came back to, with their files: what was never submitted concerns nobody."""
    old = Registration.objects.filter(state=State.DRAFT, touched_at__lt=clock.now() - KEEPS)
    for draft in old[:50]:
        for paper in draft.papers.select_related("stored"):
            stored = paper.stored
            paper.delete()
            forget(stored)
        record("registration.forgotten", draft, by=None)
        draft.delete()

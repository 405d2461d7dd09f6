"""What is kept only so long goes when its time is over, with a record; what is younger or business stays (保存期限)."""

import itertools
from datetime import timedelta
from unittest import mock

import pytest
from django.contrib.sessions.models import Session
from django.db import DatabaseError
from django.utils import timezone
from django_tasks_db.models import DBTaskResult

from shebao.cli import chores
from shebao.hall import retention
from shebao.hall.audit.models import AuditEntry, SpentKey
from shebao.hall.audit.operations import broken_links
from shebao.hall.declarations.models import FormDraft
from shebao.hall.evidence.files import content_of
from shebao.hall.evidence.models import StoredFile
from shebao.hall.operators.models import Attempt
from shebao.hall.personal_data import retention_days
from shebao.hall.registration.deciding import reject_registration
from shebao.hall.registration.models import Activation, JoinRequest, Registration, RegistrationPaper
from shebao.hall.sheets.models import Batch, BatchState
from shebao.hall.sign_in.models import OpenSession, SentCode
from tests.factories import NOW, OperatorFactory, at, enrolled
from tests.registration.applying import drafted, submitted


@pytest.fixture(autouse=True)
def _files(db, settings, tmp_path):
    settings.SHEBAO_FILES_DIR = tmp_path
    with at(NOW):
        yield


def old_and_young(name: str):
    """The moments an hour too old and an hour young enough."""
    last = timezone.make_aware(NOW) - timedelta(days=retention_days()[name][1])
    return last - timedelta(hours=1), last + timedelta(hours=1)


def _draft(moment, me, n):
    return FormDraft.objects.create(
        operator=me, employer=me.employer, service=f"s{n}", answers={"name": "王"}, saved_at=moment
    )


def _job(moment, me, n):
    return DBTaskResult.objects.create(
        status="SUCCESSFUL", finished_at=moment, args_kwargs={}, task_path="x", backend_name="default", run_after=moment
    )


def _signed_in(moment, me, n):
    return OpenSession.objects.create(
        operator=me, key="k", key_digest=f"{n}", way="password", began_at=moment, seen_at=moment
    )


def _join(me, n, **more):
    return JoinRequest.objects.create(employer=me.employer, number=f"J{n}", **{"phone_digest": "x"} | more)


MADE = {
    "form_drafts": _draft,
    "attempts": lambda moment, me, n: Attempt.objects.create(purpose="x", who=f"{n}", at=moment),
    "spent_keys": lambda moment, me, n: SpentKey.objects.create(digest=f"{n}", fingerprint="x", at=moment),
    "sessions": lambda moment, me, n: Session.objects.create(session_key=f"k{n}", session_data="x", expire_date=moment),
    "jobs": _job,
    "activations": lambda moment, me, n: Activation.objects.create(
        operator=me, digest=f"{n}", made_at=moment, until=moment
    ),
    "sent_codes": lambda moment, me, n: SentCode.objects.create(operator=me, purpose="x", digest=f"{n}", until=moment),
    "sign_ins": _signed_in,
    "join_drafts": lambda moment, me, n: _join(me, n, state="draft", started_at=moment),
    "join_requests": lambda moment, me, n: _join(
        me, n, state="withdrawn", started_at=moment, submitted_at=moment, until=moment, ended_at=moment
    ),
}


@pytest.mark.parametrize("name", MADE)
def test_what_is_past_its_time_goes_and_what_is_an_hour_younger_stays(name):
    me = OperatorFactory()
    old, young = (MADE[name](moment, me, n) for n, moment in enumerate(old_and_young(name)))
    assert {one.name: one.count for one in retention.overdue()}[name] == 1
    assert retention.forget_what_is_over(by=None) == {name: 1}
    assert list(type(old).objects.filter(pk__in=[old.pk, young.pk])) == [young]
    row = AuditEntry.objects.get(action="retention.forgotten")
    assert row.detail == {"kind": name, "count": 1} and list(broken_links()) == []
    assert retention.forget_what_is_over(by=None) == {}


def test_a_request_to_join_that_nobody_ever_looked_at_is_not_kept_for_ever():
    me, (old, young) = OperatorFactory(), old_and_young("join_requests")
    rows = [_join(me, n, state="submitted", phone_digest=f"{n}", started_at=moment, submitted_at=moment, until=moment)
            for n, moment in enumerate((old, young))]  # fmt: skip
    assert retention.forget_what_is_over(by=None) == {"join_requests": 1}
    assert list(JoinRequest.objects.all()) == rows[1:]


def test_a_discarded_sheet_keeps_its_line_and_loses_what_it_said():
    me, (old, young) = OperatorFactory(), old_and_young("unused_batches")

    def batch(moment, state):
        return Batch.objects.create(
            employer=me.employer, service="employee_enrolment", month="2026-11", state=state, file_name="a.xlsx",
            file_digest="0", file_content={"rows": [["王示例"]]}, columns=["姓名"], created_by=me, created_at=moment,
        )  # fmt: skip

    gone, kept, used = batch(old, BatchState.DISCARDED), batch(young, BatchState.DISCARDED), batch(old, BatchState.DONE)
    row = gone.rows.create(number=2, cells={"name": "王示例"})
    assert retention.forget_what_is_over(by=None) == {"unused_batches": 1}
    assert retention.forget_what_is_over(by=None) == {}
    for one in (gone, kept, used):
        one.refresh_from_db()
    assert gone.file_content == {} and gone.columns == [] and not gone.rows.filter(pk=row.pk).exists()
    assert kept.file_content and used.file_content


def test_a_registration_nobody_submitted_goes_with_its_papers_and_their_bytes(tmp_path):
    old, young = old_and_young("registration_drafts")
    gone, kept = drafted(n=1), drafted(n=2)
    Registration.objects.filter(pk=gone.pk).update(touched_at=old)
    Registration.objects.filter(pk=kept.pk).update(touched_at=young)
    files = len([path for path in tmp_path.rglob("*") if path.is_file()])
    with _committed():
        assert retention.forget_what_is_over(by=None) == {"registration_drafts": 1}
    assert list(Registration.objects.all()) == [kept]
    assert all(content_of(paper.stored) for paper in RegistrationPaper.objects.all())
    assert StoredFile.objects.count() == RegistrationPaper.objects.count() > 0
    assert 0 < len([path for path in tmp_path.rglob("*") if path.is_file()]) < files


def test_the_papers_of_a_refused_registration_go_and_the_decision_stays():
    old, _ = old_and_young("refused_registration_papers")
    refused, waiting = submitted(n=1), submitted(n=2)
    reviewer = OperatorFactory(reviewer=True, region=refused.region)
    reject_registration(refused.pk, "地址与执照不符。", by=reviewer, seen=refused.version)
    Registration.objects.filter(pk=refused.pk).update(decided_at=old)
    count = refused.papers.count()
    assert count and retention.forget_what_is_over(by=None) == {"refused_registration_papers": count}
    assert not refused.papers.exists() and waiting.papers.exists()
    assert Registration.objects.filter(pk=refused.pk).exists()


def test_business_and_records_are_never_removed():
    me = OperatorFactory()
    employee = enrolled(me.employer)
    with at(NOW.replace(year=2046)):
        retention.forget_what_is_over(by=None)
    employee.refresh_from_db()
    assert employee.spells.count() == 4 and AuditEntry.objects.filter(action="retention.forgotten").count() <= 2


def test_serve_removes_it_at_its_start_and_daily_and_goes_on_when_it_cannot(capsys, monkeypatch):
    me = OperatorFactory()
    _draft(old_and_young("form_drafts")[0], me, 1)
    seconds = itertools.count(0, chores.HOUR)
    monkeypatch.setattr(chores.time, "monotonic", lambda: next(seconds))
    its_own = chores.Chores(tuple(one for one in chores.CHORES if one.work is chores.forget))
    with mock.patch("django.db.connection.close"):
        its_own.do_what_is_due()
        assert "已清理超期记录 1 条" in capsys.readouterr().out and not FormDraft.objects.exists()
        with mock.patch.object(retention, "forget_what_is_over", side_effect=DatabaseError("locked")) as asked:
            for _ in range(25):
                its_own.do_what_is_due()
            assert asked.call_count == 1
    assert "超期记录没有清理成：locked" in capsys.readouterr().err


def _committed():
    from django.test import TestCase

    return TestCase.captureOnCommitCallbacks(execute=True)


def test_what_cannot_be_taken_away_is_met_once_and_not_forever(monkeypatch):
    me, (old, _) = OperatorFactory(), old_and_young("attempts")
    for n in range(3):
        MADE["attempts"](old, me, n)
    found, _ = retention.FORGETTING["attempts"]
    met = []
    monkeypatch.setitem(retention.FORGETTING, "attempts", (found, met.extend))
    monkeypatch.setattr(retention, "AT_ONCE", 2)
    assert retention.forget_what_is_over(by=None) == {"attempts": 3}
    assert len(met) == len({row.pk for row in met}) == 3

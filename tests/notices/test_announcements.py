"""What the agency tells employers: for whom, until when, who has read it, and no word of it is a tag."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shebao.hall import clock
from shebao.hall.audit.models import AuditEntry
from shebao.hall.errors import Conflict, Refused
from shebao.hall.evidence.files import Upload
from shebao.hall.mail import wording
from shebao.hall.mail.models import Mail
from shebao.hall.notices import operations
from shebao.hall.notices.models import Announcement
from shebao.hall.notices.operations import Words
from shebao.hall.notices.queries import listed, public_announcements, to_confirm, unread_count
from shebao.web.templatetags.notices import notice_text
from tests.factories import NOW, EmployerFactory, OperatorFactory, at

pytestmark = pytest.mark.django_db
PDF = b"%PDF-1.4\n%%EOF"


@pytest.fixture
def head(clerk):
    return OperatorFactory(agency_admin=True, name="陈志远")


def words(**changes) -> Words:
    return Words(**{"kind": "announcement", "title": "元旦放假安排", "text": "1 月 1 日休息。"} | changes)


def published(head, **changes) -> Announcement:
    made = operations.write_announcement(words(**changes), by=head)
    return operations.publish_announcement(made.pk, by=head)


def test_a_draft_is_for_nobody_outside_and_a_published_one_is_unread_until_it_is_opened(head, clerk):
    made = operations.write_announcement(words(), by=head)
    assert not listed(clerk) and not unread_count(clerk)
    with pytest.raises(Announcement.DoesNotExist):
        operations.note_reading(made.pk, by=clerk)
    operations.publish_announcement(made.pk, by=head)
    assert list(listed(clerk)) == [made] and unread_count(clerk) == 1
    operations.note_reading(made.pk, by=clerk)
    assert unread_count(clerk) == 0
    assert unread_count(OperatorFactory(clerk=True, employer=clerk.employer)) == 1


def test_what_must_be_confirmed_stays_unread_until_it_is_and_a_new_version_asks_again(head, clerk):
    made = published(head, must_confirm=True)
    operations.note_reading(made.pk, by=clerk)
    assert to_confirm(clerk) == made and unread_count(clerk) == 1
    operations.confirm_reading(made.pk, by=clerk, version=1)
    assert to_confirm(clerk) is None and unread_count(clerk) == 0
    operations.change_announcement(made.pk, words(text="1 月 2 日也休息。", must_confirm=True), by=head, version=1)
    assert to_confirm(clerk) == made
    with pytest.raises(Conflict, match="最新内容"):
        operations.confirm_reading(made.pk, by=clerk, version=1)
    with pytest.raises(Conflict):
        operations.change_announcement(made.pk, words(), by=head, version=1)
    entry = AuditEntry.objects.get(action="notice.confirmed")
    assert entry.employer == clerk.employer


def test_it_begins_and_ends_when_it_says(head, clerk):
    tomorrow = clock.now() + timedelta(days=1)
    published(head, from_at=tomorrow, until_at=tomorrow + timedelta(days=2))
    assert not listed(clerk)
    with at(NOW + timedelta(days=2)):
        assert len(listed(clerk)) == 1
    with at(NOW + timedelta(days=4)):
        assert not listed(clerk)
    with pytest.raises(Refused, match="晚于"):
        operations.write_announcement(words(from_at=tomorrow, until_at=tomorrow), by=head)


def test_it_reaches_the_kinds_of_employers_that_it_is_for_and_no_other_region(head, clerk):
    mine = clerk.employer
    mine.account_kind = "3"
    mine.save()
    published(head, audience="account_kind", codes=["3"])
    other = OperatorFactory(clerk=True, employer=EmployerFactory(account_kind="5"))
    elsewhere = OperatorFactory(clerk=True, employer=EmployerFactory(region="leshan", account_kind="3"))
    assert [len(listed(one)) for one in (clerk, other, elsewhere)] == [1, 0, 0]
    for codes in ([], ["没有"]):
        with pytest.raises(Refused, match="单位"):
            operations.write_announcement(words(audience="account_kind", codes=codes), by=head)


def test_everybody_reads_only_the_kinds_that_the_region_makes_public(head):
    shown = published(head)
    published(head, kind="notice")
    published(head, kind="policy", audience="industry_class", codes=["1"])
    assert list(public_announcements("tianjin")) == [shown]
    operations.withdraw_announcement(shown.pk, by=head)
    assert not public_announcements("tianjin")


def test_files_are_told_by_their_content_and_only_who_may_publish_writes(head, clerk, reviewer):
    made = published(head)
    with pytest.raises(Refused, match="不是 JPG"):
        operations.attach_files(made.pk, [Upload("附件.pdf", b"MZ...")], by=head)
    (one,) = operations.attach_files(made.pk, [Upload("安排.pdf", PDF)], by=head)
    operations.remove_file(made.pk, one.pk, by=head)
    assert not made.files.filter(removed_at=None).exists()
    for who in (clerk, reviewer):
        with pytest.raises(Refused, match="权限"):
            operations.write_announcement(words(), by=who)


def test_the_few_marks_become_tags_and_everything_else_stays_text():
    html = notice_text("# 标题\n\n一段**重要**的话\n- 甲\n- 乙\n\n1. 先\n2. 后\n[网站](https://a.cn/x?y=1&z=2)")
    for piece in ("<h2>标题</h2>", "<b>重要</b>", "<ul><li>甲</li><li>乙</li></ul>", "<ol><li>先</li><li>后</li></ol>"):
        assert piece in html
    assert 'href="https://a.cn/x?y=1&amp;z=2"' in html
    wild = notice_text('<script>alert(1)</script> [x](javascript:alert(1)) [y](https://a.cn/"onclick="x)')
    assert "<script" not in wild and "<a " not in wild


@given(st.text(alphabet="<>\"'&[]()*#-1. \nhtps:/甲x", max_size=80))
def test_no_text_brings_a_tag_of_its_own(text):
    import re

    html = notice_text(text)
    tags = set(re.findall(r"<\s*/?\s*([a-z0-9]*)", html))
    assert tags <= {"p", "br", "h2", "ul", "ol", "li", "b", "a"}
    for inside in re.findall(r"<a ([^>]*)>", html):
        assert re.fullmatch(r'href="https?://[^"<>]*" rel="noopener noreferrer nofollow" target="_blank"', inside)


def test_words_of_letters_are_changed_by_version_and_need_what_the_reader_needs(head, reviewer):
    key, own = "registration_sms", wording.WORDINGS["registration_sms"].text
    for text, said in (
        ("您好 {number}", "缺少 {result}"),
        ("{number} {result} {password}", "没有内容可填"),
        ("{number} {result} {0.__class__}", "没有内容可填"),
        ("{number} {result}" + "字" * 140, "最多"),
    ):
        with pytest.raises(Refused, match=said.replace("{", r"\{")):
            wording.change_template(key, "", text, by=head, version=0)
    with pytest.raises(Refused, match="权限"):
        wording.change_template(key, "", own, by=reviewer, version=0)
    made = wording.change_template(key, "", "津社保：{number}{result}", by=head, version=0)
    assert made.version == 1
    with pytest.raises(Conflict):
        wording.change_template(key, "", own, by=head, version=0)
    assert wording.worded("tianjin", key, number="1", result="通过")[1] == "津社保：1通过"
    assert wording.worded("leshan", key, number="1", result="通过")[1] == "【社保网厅】单位注册申请 1 通过"
    wording.restore_template(key, by=head, version=1)
    assert wording.worded("tianjin", key, number="1", result="通过")[1].startswith("【社保网厅】")
    assert [one.version for one in wording.versions(head, key)] == [2, 1]
    assert not Mail.objects.exists()


def test_what_is_filled_in_is_never_read_as_a_place():
    assert wording.filled("{employer} {number}", {"employer": "{number}", "number": "7"}) == "{number} 7"
    assert wording.filled("{secret}", {}) == "{secret}"


def test_of_two_who_change_one_draft_or_whom_it_is_for_the_second_reads_what_the_first_wrote(head, client):
    made = operations.write_announcement(words(), by=head)
    for state in ("draft", "published"):
        made.refresh_from_db()
        assert made.state == state
        seen, version = made.edition, made.version
        with at(NOW + timedelta(minutes=1 + (state == "published"))):
            operations.change_announcement(made.pk, words(must_confirm=True), by=head, version=version, seen=seen)
            with pytest.raises(Conflict, match="您的修改没有保存"):
                operations.change_announcement(made.pk, words(title="别的"), by=head, version=version, seen=seen)
        if state == "draft":
            with pytest.raises(Conflict, match="没有发布"):
                operations.publish_announcement(made.pk, by=head, seen=seen)
            made.refresh_from_db()
            operations.publish_announcement(made.pk, by=head, seen=made.edition)
    client.force_login(head)
    made.refresh_from_db()
    typed = {"kind": "announcement", "title": "元旦放假", "text": "休息。", "audience": "", "version": made.version}
    late = client.post(f"/a/notices/{made.pk}", typed | {"seen": seen})
    text = late.content.decode()
    assert late.status_code == 409 and f'name="seen" value="{made.edition}"' in text and "元旦放假" in text
    assert client.post(f"/a/notices/{made.pk}", typed | {"seen": made.edition}).status_code == 302

"""The words of letters and short messages: the hall's own, or what the agency's administrator wrote instead.

A wording is a closed thing: code names the occasions, and which `{places}` a text may have and must have; a text can
leave places out but never bring one of its own, nor any expression.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from django.db import transaction

from .. import clock
from ..audit.operations import record
from ..errors import Conflict, Refused, permit
from ..regions import region as region_of
from .models import Channel, MessageTemplate

PLACE = re.compile(r"\{([a-z_]+)\}")


@dataclass(frozen=True)
class Wording:
    """The hall's own words for an occasion. `places` are what a text may hold, with their meaning and an example."""

    title: str
    channel: str
    subject: str
    text: str
    places: Mapping[str, tuple[str, str]]
    needed: tuple[str, ...] = ()


EMPLOYER = {"employer": ("单位名称", "示例制造有限公司"), "number": ("申请号", "202611000123")}
JOINING = {"employer": EMPLOYER["employer"], "number": ("申请号", "8F3KM-2QWXA")}
TOLD = {
    "employer": EMPLOYER["employer"],
    "change": ("发生的变更", "变更了法定代表人"),
    "agency": ("经办机构", "示例市社会保险中心"),
}
CODE = {"purpose": ("正在办理的事", "登录"), "secret": ("验证码", "482913")}
PAPER = {
    "employer": EMPLOYER["employer"],
    "month": ("单据的年月", "2026 年 11 月"),
    "title": ("单据名称", "申报凭证"),
    "number": ("单据编号", "D202611200000000001"),
    "code": ("单据验证码", "ABCDEFGH23456789"),
    "link": ("核验的网址", "https://hall.example.cn/verify"),
}
WORDINGS: Mapping[str, Wording] = MappingProxyType(
    {
        "registration_result": Wording(
            "单位注册结果（邮件）",
            Channel.MAIL,
            "单位注册申请{result}",
            "{employer}：\n\n单位注册申请（申请号 {number}）{result}。\n{details}\n\n本邮件由系统发出，请勿回复。",
            EMPLOYER | {"result": ("结果", "已退回"), "details": ("意见和办法", "法定代表人：请与证件一致。")},
            ("number", "result", "details"),
        ),
        "registration_link": Wording(
            "账号激活（邮件）",
            Channel.MAIL,
            "单位注册审核通过，请设置密码",
            "{employer}：\n\n单位注册申请（申请号 {number}）审核通过。\n单位编号 {employer_number}，账号 {account}。\n"
            "请在 24 小时内打开下面的链接设置密码，链接只能用一次：\n\n{secret}\n\n"
            "过期的，请向经办机构索取新的链接。本邮件由系统发出，请勿回复。",
            EMPLOYER
            | {
                "employer_number": ("单位编号", "100001"),
                "account": ("账号", "91990101MA0000001X"),
                "secret": ("激活链接", "https://hall.example.cn/activate/…"),
            },
            ("account", "secret"),
        ),
        "registration_sms": Wording(
            "单位注册结果（短信）",
            Channel.SMS,
            "",
            "【社保网厅】单位注册申请 {number} {result}",
            {"number": EMPLOYER["number"], "result": ("结果", "已退回，请凭申请号和手机号在网厅查看。")},
            ("number", "result"),
        ),
        "join_link": Wording(
            "加入申请已同意（邮件）",
            Channel.MAIL,
            "加入申请已同意，请设置密码",
            "{employer}的管理员已同意您的加入申请（申请号 {number}），账号 {account}。\n"
            "请在 24 小时内打开下面的链接设置密码，链接只能用一次：\n\n{secret}\n\n"
            "过期的，请向本单位管理员索取。本邮件由系统发出，请勿回复。",
            JOINING
            | {
                "account": ("账号", "91990101MA0000001X-2"),
                "secret": ("激活链接", "https://hall.example.cn/activate/…"),
            },
            ("account", "secret"),
        ),
        "join_result": Wording(
            "加入申请结果（邮件）",
            Channel.MAIL,
            "加入申请{result}",
            "{employer}的管理员{result}您的加入申请（申请号 {number}）。\n{details}\n\n本邮件由系统发出，请勿回复。",
            JOINING | {"result": ("结果", "没有同意"), "details": ("原因", "原因：请先到人力资源部登记。")},
            ("number", "result", "details"),
        ),
        "join_sms": Wording(
            "加入申请结果（短信）",
            Channel.SMS,
            "",
            "【社保网厅】加入申请 {number} {result}",
            {"number": JOINING["number"], "result": ("结果", "没有同意，请凭申请号和手机号在网厅查看原因。")},
            ("number", "result"),
        ),
        "old_contacts": Wording(
            "告知原联系人（邮件）",
            Channel.MAIL,
            "{employer}：{change}",
            "{employer}：\n\n{change}。\n\n您是变更以前登记的联系人，所以收到这封邮件。不是本单位办理的，请立即联系{agency}。\n\n"
            "本邮件由系统发出，请勿回复。",
            TOLD,
            ("change",),
        ),
        "old_contacts_sms": Wording(
            "告知原联系人（短信）",
            Channel.SMS,
            "",
            "【社保网厅】{employer}{change}。不是本单位办理的，请立即联系{agency}。",
            TOLD,
            ("change",),
        ),
        # What asks for it is needed: a code without it could be talked out of somebody for anything.
        "code": Wording(
            "验证码（邮件）",
            Channel.MAIL,
            "{purpose}验证码",
            "【社保网厅】您正在{purpose}，验证码 {secret}，10 分钟内有效。请勿告诉他人。",
            CODE,
            ("purpose", "secret"),
        ),
        "code_sms": Wording(
            "验证码（短信）",
            Channel.SMS,
            "",
            "【社保网厅】您正在{purpose}，验证码 {secret}，10 分钟内有效。请勿告诉他人。",
            CODE,
            ("purpose", "secret"),
        ),
        "forgotten_link": Wording(
            "找回密码的链接（邮件）",
            Channel.MAIL,
            "找回密码",
            "您正在找回密码。请在 24 小时内打开下面的链接设置新密码，链接只能用一次：\n\n{secret}\n\n"
            "不是本人操作的，请立即联系管理员。本邮件由系统发出，请勿回复。",
            {"secret": ("设置密码的链接", "https://hall.example.cn/activate/…")},
            ("secret",),
        ),
        "reset_sms": Wording(
            "经办机构重置密码（短信）",
            Channel.SMS,
            "",
            "账号 {account} 的密码已由{agency}重置，原密码作废。不是本单位申请的，请立即联系{agency}。",
            {"account": ("账号", "91990101MA0000001X"), "agency": TOLD["agency"]},
            ("account", "agency"),
        ),
        "document": Wording(
            "寄送单据（邮件）",
            Channel.MAIL,
            "{title}（{number}）",
            "{employer}：\n\n附件是 {month}的{title}，编号 {number}，验证码 {code}。\n可以凭验证码核验：{link}\n\n"
            "本邮件由系统发出，请勿回复。",
            PAPER,
            ("number", "code"),
        ),
        "account_letter": Wording(
            "社保账号告知书（邮件）",
            Channel.MAIL,
            "{number_title}告知",
            "{details}",
            {
                "number_title": ("编号的名称", "个人编号"),
                "details": ("告知的各项，一行一项", "姓名：李示例\n个人编号：1000000001"),
                "agency": TOLD["agency"],
            },
            ("details",),
        ),
    }
)
SUBJECT_LENGTH = 160
SMS_LENGTH = 140
"""What a short message may have in characters, with its examples filled in."""


def template_of(code: str, key: str) -> MessageTemplate | None:
    """What a region's administrator wrote for an occasion, the newest version; None: the hall's own words hold."""
    found = MessageTemplate.objects.filter(region=code, key=key).order_by("-version").first()
    return found if found and found.text else None


def worded(code: str, key: str, /, **places: str) -> tuple[str, str]:
    """Subject and text of a letter for an occasion in a region. `{secret}` stays: it is filled in as it goes out."""
    own = WORDINGS[key]
    kept = template_of(code, key)
    subject, text = (kept.subject, kept.text) if kept else (own.subject, own.text)
    # What is filled in may have lines; a subject is one, and no longer than it is kept.
    return " ".join(filled(subject, places).split())[:SUBJECT_LENGTH], filled(text, places)


def filled(text: str, places: Mapping[str, str]) -> str:
    """The text with its places filled in, each once: what is filled in is never looked at again."""
    return PLACE.sub(lambda found: str(places.get(found[1], found[0])), text)


def preview(key: str, subject: str, text: str) -> tuple[str, str]:
    """As it would arrive, with examples in the places."""
    examples = {name: example for name, (_, example) in WORDINGS[key].places.items()}
    return filled(subject, examples), filled(text, examples)


def check(key: str, subject: str, text: str) -> None:
    """Refuse a text that lacks what its reader needs, or has places that nobody fills in."""
    own = WORDINGS[key]
    there = set(PLACE.findall(subject + text))
    if strange := sorted(there - set(own.places)) or re.findall(r"\{[^{}]*\}", PLACE.sub("", subject + text)):
        names = "、".join(f"{{{name}}}" if not name.startswith("{") else name for name in strange)
        raise Refused("unknown_place", f"{names} 没有内容可填，请只用右边列出的。", field="text")
    if lost := [name for name in own.needed if name not in there]:
        said = "、".join(f"{{{name}}}（{own.places[name][0]}）" for name in lost)
        raise Refused("place_missing", f"正文里缺少 {said}，收信人会不知道怎么办。", field="text")
    if own.channel == Channel.MAIL and not subject.strip():
        raise Refused("subject_missing", "请填写主题。", field="subject")
    if "secret" in PLACE.findall(subject):
        raise Refused("secret_in_subject", "{secret} 只能写在正文里。", field="subject")
    if own.channel == Channel.SMS and len(preview(key, "", text)[1]) > SMS_LENGTH:
        raise Refused("too_long", f"短信最多 {SMS_LENGTH} 个字（按示例填好以后），请写短一些。", field="text")


@transaction.atomic
def change_template(key: str, subject: str, text: str, *, by, version: int) -> MessageTemplate:
    """Put other words in force for the region (修改模板), as a new version; the older ones stay on file.

    `version` is the one the writer saw. Raises Refused (field named) and Conflict.
    """
    permit(by, "configure", "修改消息模板")
    check(key, subject, text)
    return _next(key, subject.strip()[:100], text.replace("\r\n", "\n").strip()[:2000], by, version)


@transaction.atomic
def restore_template(key: str, *, by, version: int) -> MessageTemplate:
    """Let the hall's own words hold again (恢复默认)."""
    permit(by, "configure", "修改消息模板")
    return _next(key, "", "", by, version)


def _next(key: str, subject: str, text: str, by, version: int) -> MessageTemplate:
    region_of(by.region)
    last = MessageTemplate.objects.filter(region=by.region, key=key).order_by("-version").first()
    if (last.version if last else 0) != version:
        raise Conflict("changed_meanwhile", "模板刚被别人改过，您的修改没有保存，请看过最新内容再改。")
    made = MessageTemplate.objects.create(
        region=by.region, key=key, version=version + 1, subject=subject, text=text, changed_by=by,
        changed_at=clock.now(),
    )  # fmt: skip
    record("template.changed", made, by=by, kind=key, revision=made.version)
    return made


def versions(actor, key: str) -> list[MessageTemplate]:
    """Every version of a region's words, the newest first."""
    rows = MessageTemplate.objects.filter(region=actor.region, key=key).select_related("changed_by")
    return list(rows.order_by("-version"))

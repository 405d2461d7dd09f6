"""The details of the audit record in words: what a code says is said, and what only the machine needs stays unsaid.

The record itself keeps everything; here stands what a person reads of it.
"""

from collections.abc import Mapping
from typing import Any

from shebao.hall.mail.queries import PURPOSES
from shebao.hall.mail.wording import WORDINGS
from shebao.hall.notices.models import Kind as NoticeKind
from shebao.hall.operators.models import Role
from shebao.hall.payments.models import Clearing, ReceiptKind
from shebao.hall.personal_data import retention_days
from shebao.hall.sheets.models import BatchState
from shebao.hall.sheets.queries import TITLES as FINDINGS
from shebao.hall.sign_in.models import FactorKind
from shebao.rules.proposals import proposable
from shebao.rules.region import Region
from shebao.rules.vocabulary import COMPUTED_BY

from ..templatetags.ui import yuan
from .audit_places import place_title

REFUSED = {"403": "没有权限", "404": "没有这一件，或不归其查看"}
SAID = {"succeeded": "扣款成功", "refused": "没有扣款", "unknown": "结果不明", "waiting": "正在办理"}
WHY_REFUSED = {"order_refused": "银行没有接受", "bank_silent": "银行没有应答", "expired": "报送日期已过"}
SCOPES = {"employer": "一个单位", "person": "一个人"}
UNSAID = frozenset({"stored", "batch", "notice", "declaration"})
"""Row numbers: what they point at is named as the object, or by nothing that a reader knows."""
CODES = frozenset({"kind", "state", "channel", "service", "query", "role", "said", "reason_code", "findings", "file"})
"""Details whose text is a word of the machine: without a word of ours it is not shown."""
COUNTED = frozenset({"drawn", "chosen"})
"""Lists of row numbers: how many they are says something."""
AMOUNTS = (
    "total",
    "total_fen",
    "amount_fen",
    "adjusted_fen",
    "back_paid_fen",
    "borne_fen",
    "credit_fen",
    "late_fee_fen",
    "before_fen",
    "paid_fen",
    "claimed_fen",
    "approved_fen",
)
KEYS = {
    "note": "意见",
    "month": "年月",
    "service": "事项",
    "count": "笔数",
    "total": "金额（元）",
    "total_fen": "金额（元）",
    "amount_fen": "金额（元）",
    "adjusted_fen": "补差（元）",
    "back_paid_fen": "补缴（元）",
    "borne_fen": "补缴滞纳金和利息（元）",
    "credit_fen": "待转金（元）",
    "late_fee_fen": "滞纳金（元）",
    "before_fen": "暂核定（元）",
    "paid_fen": "已缴转入（元）",
    "claimed_fen": "费用总额（元）",
    "approved_fen": "核定报销（元）",
    "paid_on": "支付日期",
    "basis_month": "所按年月",
    "case": "办件号",
    "declaration": "申报",
    "stored": "文件",
    "file": "文件",
    "kind": "种类",
    "role": "角色",
    "revision": "第几次提交",
    "batch": "批次",
    "number": "编号",
    "certificate": "证书序列号",
    "bill": "账单号",
    "heads": "人数",
    "notice": "银行通知",
    "said": "银行答复",
    "reason_code": "原因",
    "channel": "渠道",
    "reason": "原因",
    "findings": "核验提示",
    "rows": "读取行数",
    "left": "还剩",
    "added": "新增行数",
    "updated": "更新行数",
    "kept": "保留页面修改行数",
    "state": "步骤",
    "fields": "改动项",
    "query": "查询",
    "papers": "份数",
    "account": "账号",
    "was": "原权限",
    "now": "现权限",
    "given": "新开放",
    "taken": "不再开放",
    "drafts": "申报笔数",
    "drawn": "抽中的申报",
    "chosen": "通过的申报",
    "title": "名称",
    "batches": "报盘批数",
    "minutes": "分钟数",
    "digest": "内容摘要",
    "via": "由",
}

KEYS_OF = {
    "access.refused": {"kind": "页面", "state": "原因"},
    "data.exported": {"kind": "内容"},
    "document": {"kind": "单据"},
    "employer.account_classified": {"kind": "参保户类型"},
    "employer.way_chosen": {"kind": "方式"},
    "factor": {"kind": "方式"},
    "mail": {"kind": "内容"},
    "notice": {"kind": "类别", "revision": "第几版"},
    "privileged": {"kind": "范围"},
    "receipt": {"kind": "收款方式"},
    "retention": {"kind": "内容"},
    "session.ended": {"count": "登录数"},
    "suspense": {"kind": "处理"},
    "template": {"kind": "模板", "revision": "第几版"},
}
"""What a key is called for one action, or for all of an area (the word before the dot), where that is clearer."""


class Details:
    """The details of entries in the words of a region; made once for a page."""

    def __init__(self, region: Region):
        self.region = region
        services = {key: one.title for key, one in region.services.items()}
        papers = {key: str(one["title"]) for key, one in region.documents.items()}
        papers |= {key: one.title for key, one in region.statements.items()}
        charged = services | {key: one.title for key, one in region.settlements.items()}
        self._by_key: dict[str, Mapping[str, str]] = {
            "service": services,
            "query": {key: one.title for key, one in region.queries.items()},
            "channel": {key: one.title for key, one in region.collection.ways.items()},
            "role": dict(Role.choices),
            "state": dict(BatchState.choices),
            "findings": {code: words.removeprefix("{label}") for code, words in FINDINGS.items()},
            "said": SAID,
            "reason_code": WHY_REFUSED,
            "file": proposable(region),
        }
        self._kinds: dict[str, Mapping[str, str]] = {
            "document": papers,
            "factor": dict(FactorKind.choices),
            "mail": PURPOSES | papers,
            "notice": dict(NoticeKind.choices),
            "privileged": SCOPES,
            "receipt": dict(ReceiptKind.choices),
            "retention": {name: title for name, (title, _) in retention_days().items()},
            "suspense": dict(Clearing.choices),
            "template": {key: one.title for key, one in WORDINGS.items()},
            "employer.account_classified": _choices(region, "account_kinds"),
            "employer.way_chosen": COMPUTED_BY,
            "month": charged,
            "back_payments": charged,
            "late_fees": charged,
            "leavers": charged,
        }

    def text(self, action: str, detail: Mapping[str, Any]) -> str:
        """The detail of an entry of this action, on one line."""
        area = action.partition(".")[0]
        called = KEYS | KEYS_OF.get(area, {}) | KEYS_OF.get(action, {})
        parts = ((called.get(key, key), self._value(action, key, value)) for key, value in detail.items())
        return "，".join(f"{name} {words}" for name, words in parts if words)

    def _value(self, action: str, key: str, value: Any) -> str:
        """What one detail says; "" for what says nothing to a reader."""
        if value in ("", None, [], {}) or key in UNSAID:
            return ""
        if key in COUNTED:
            return f"{len(value)} 笔"
        if key in AMOUNTS and isinstance(value, int):
            return yuan(value)
        if key not in CODES or not isinstance(value, str):
            return "、".join(map(str, value)) if isinstance(value, list) else str(value)
        words = self._words(action, key)
        said = [words.get(one, "" if one.isascii() else one) for one in value.split(",")]
        return "、".join(one for one in said if one)

    def _words(self, action: str, key: str) -> Mapping[str, str]:
        """The words for the codes of one key of an action."""
        if action == "access.refused":
            return REFUSED if key == "state" else _Places(self.region)
        if key != "kind":
            return self._by_key.get(key, {})
        return self._kinds.get(action) or self._kinds.get(action.partition(".")[0], {})


class _Places(dict):
    """Names of addresses → titles of their pages."""

    def __init__(self, region: Region):
        super().__init__()
        self.region = region

    def get(self, name: str, _: Any = None) -> str:
        return place_title(name, self.region)


def _choices(region: Region, catalogue: str) -> dict[str, str]:
    found = region.codes.get(catalogue)
    return {item.code: item.title for item in found.items} if found else {}

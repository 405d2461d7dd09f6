"""The closed vocabulary of statements: what they read, what they ask, their columns and the words of their text."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType


@dataclass(frozen=True)
class StatementColumn:
    """A column: its title and kind: text, name (never broken), count, money (fen), month, date or moment;
    and its share of the page width, 10 being usual."""

    title: str
    kind: str = "text"
    width: int = 10


STATEMENT_COLUMNS: Mapping[str, StatementColumn] = MappingProxyType(
    {
        "number": StatementColumn("序号", "count", 5),
        "person_number": StatementColumn("个人编号", "name", 13),
        "name": StatementColumn("姓名", "name", 9),
        "id_number": StatementColumn("证件号码", "name", 18),
        "department": StatementColumn("部门", "name", 9),
        "month": StatementColumn("费款所属期", "month", 9),
        "booking_month": StatementColumn("结算期", "month", 9),
        "first_month": StatementColumn("起始年月", "month", 9),
        "last_month": StatementColumn("终止年月", "month", 9),
        "months": StatementColumn("月数", "count", 6),
        "year": StatementColumn("年度", "count", 7),
        "scheme": StatementColumn("险种", "text", 17),
        "schemes": StatementColumn("险种", "text", 22),
        "line_kind": StatementColumn("应缴类型", "name", 10),
        "head_count": StatementColumn("人数", "count", 6),
        "wage": StatementColumn("申报工资", "money", 11),
        "base": StatementColumn("缴费基数", "money", 11),
        "employer_due": StatementColumn("单位应缴", "money", 11),
        "employee_due": StatementColumn("个人应缴", "money", 11),
        "late_fee": StatementColumn("滞纳金", "money", 9),
        "total_due": StatementColumn("应缴合计", "money", 11),
        "employer_paid": StatementColumn("单位已缴", "money", 11),
        "employee_paid": StatementColumn("个人已缴", "money", 11),
        "paid": StatementColumn("已缴合计", "money", 11),
        "owed": StatementColumn("欠缴", "money", 10),
        "paid_mark": StatementColumn("缴费标志", "name", 8),
        "paid_on": StatementColumn("到账日期", "date", 10),
        "booked_on": StatementColumn("登账日期", "date", 10),
        "bill": StatementColumn("账单号", "name", 13),
        "opening": StatementColumn("年初累计", "money", 11),
        "principal": StatementColumn("本年个人缴费", "money", 11),
        "closing": StatementColumn("年末累计", "money", 11),
        "status": StatementColumn("参保状态", "name", 8),
        "change": StatementColumn("变更类型", "name", 8),
        "reason": StatementColumn("变更原因", "text", 13),
        "changed_in": StatementColumn("变更时间", "month", 9),
        "review": StatementColumn("复核标志", "name", 9),
        "operator": StatementColumn("经办人", "name", 8),
        "done_at": StatementColumn("经办时间", "moment", 13),
        "payment": StatementColumn("缴费流水", "name", 16),
        "channel": StatementColumn("缴费方式", "name", 9),
        "amount": StatementColumn("金额", "money", 11),
        "state": StatementColumn("状态", "name", 10),
        "bank_serial": StatementColumn("银行流水", "name", 13),
        "started_at": StatementColumn("发起时间", "moment", 13),
        "paid_at": StatementColumn("到账时间", "moment", 13),
        "document": StatementColumn("单据", "text", 12),
        "document_number": StatementColumn("单据编号", "name", 17),
        "issued_at": StatementColumn("开具时间", "moment", 13),
        "issued_by": StatementColumn("开具人", "name", 8),
        "first_printed_at": StatementColumn("首次打印", "moment", 13),
        "contact": StatementColumn("联系电话", "name", 11),
        "note": StatementColumn("备注", "text", 10),
    }
)


@dataclass(frozen=True)
class Source:
    """What a statement reads. `asks` are the questions that the page puts, `totals` the columns that are added up."""

    title: str
    asks: tuple[str, ...]
    columns: tuple[str, ...]
    totals: tuple[str, ...] = ()


ASKS: Mapping[str, str] = MappingProxyType(
    {"span": "开始年月、终止年月", "month": "一个月份", "people": "姓名、拼音、个人编号或证件号码末几位"}
)
_DUES = ("employer_due", "employee_due", "late_fee", "total_due")
_PAID = ("employer_paid", "employee_paid", "paid", "owed")

SOURCES: Mapping[str, Source] = MappingProxyType(
    {
        "bills": Source(
            "每月一行：账单的应缴、已缴、到账日期",
            ("span",),
            ("month", "bill", "head_count", "base", *_DUES, *_PAID, "paid_mark", "paid_on"),
            (*_DUES, *_PAID),
        ),
        "schemes": Source(
            "每月每险种一行：应缴、已缴、欠缴（台账）",
            ("span",),
            (
                *("month", "booking_month", "scheme", "line_kind", "head_count", "base"),
                *(*_DUES, *_PAID, "paid_mark", "paid_on", "booked_on"),
            ),
            (*_DUES, *_PAID),
        ),
        "person_lines": Source(
            "每人每月每险种一行：基数、应缴、是否到账",
            ("span", "people"),
            (
                *("number", "person_number", "name", "id_number", "month", "booking_month", "scheme", "line_kind"),
                *("wage", "base", "employer_due", "employee_due", "total_due", "paid_mark", "paid_on"),
            ),
            ("employer_due", "employee_due", "total_due"),
        ),
        "person_sums": Source(
            "每人一行：缴费的起止、月数、单位与个人合计",
            ("span", "people"),
            (
                *("number", "person_number", "name", "id_number", "first_month", "last_month", "months", "schemes"),
                *("employer_due", "employee_due", "total_due", "paid"),
            ),
            ("employer_due", "employee_due", "total_due", "paid"),
        ),
        "person_schemes": Source(
            "每人每险种一行：参保起止、实际缴费月数、现在是否在保",
            ("people",),
            (
                *("number", "person_number", "name", "id_number", "scheme", "first_month", "last_month", "months"),
                *("base", "employer_paid", "employee_paid", "paid", "status"),
            ),
            ("employer_paid", "employee_paid", "paid"),
        ),
        "pension_account": Source(
            "每年一行：养老保险个人缴费的年初累计、本年到账、年末累计",
            ("people",),
            ("year", "months", "base", "opening", "principal", "closing"),
            ("principal",),
        ),
        "changes": Source(
            "某月增加和减少的人员",
            ("month",),
            (
                *("number", "person_number", "name", "id_number", "department", "schemes", "change", "reason"),
                *("changed_in", "wage", "review", "operator", "done_at"),
            ),
        ),
        "roster": Source(
            "现在在保的人员",
            (),
            ("number", "person_number", "name", "id_number", "department", "first_month", "schemes", "wage"),
            ("wage",),
        ),
        "payments": Source(
            "缴费的每一次发起和结果",
            ("span",),
            ("month", "bill", "payment", "channel", "amount", "state", "bank_serial", "started_at", "paid_at"),
        ),
        "receipts": Source(
            "缴费凭证的开具和打印",
            ("span",),
            ("month", "document", "document_number", "amount", "issued_at", "issued_by", "first_printed_at"),
        ),
        "blank": Source(
            "空白行，打印后手填",
            (),
            (
                *("number", "name", "id_number", "department", "change", "reason", "changed_in", "wage", "contact"),
                "note",
            ),
        ),
    }
)
EACH: Mapping[str, str] = MappingProxyType({"employer": "所选内容合为一份", "person": "每人一份"})
STATEMENT_LAYOUTS: Mapping[str, str] = MappingProxyType(
    {"statement": "表：表头、各行、合计", "certificate": "证明：一段文字，再附表"}
)
OF_PERSON: Mapping[str, str] = MappingProxyType({"sex": "性别", "household": "户口性质"})
WORDING: Mapping[str, str] = MappingProxyType(
    {
        "employer_name": "单位名称",
        "employer_number": "单位编号",
        "credit_code": "统一社会信用代码",
        "name": "姓名（每人一份时）",
        "id_number": "证件号码（每人一份时）",
        "person_number": "个人编号（每人一份时）",
        "first_month": "所查起始年月",
        "last_month": "所查终止年月",
        "rows": "行数",
        "paid": "已缴合计（元）",
        "status": "现在在保，或已停保（每人一份时）",
    }
)

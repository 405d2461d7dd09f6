"""The demo city: two employers and an agency in every region, twelve months of history, a month in full swing.

Everything is invented and everything goes through the operations that pages use. Division 9901 does not exist, so the
id numbers belong to nobody. Passwords are random and printed once.
"""

import json
import random
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from shebao.bank import signing
from shebao.rules.identity import credit_check_character, id_check_digit
from shebao.rules.months import Month

SURNAMES = "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗梁宋郑谢韩唐冯于董萧程曹袁邓许傅沈曾彭吕苏卢蒋蔡贾丁魏薛叶阎"
GIVEN = [
    "文静",
    "一鸣",
    "雨桐",
    "嘉豪",
    "思远",
    "晓峰",
    "立诚",
    "志远",
    "海燕",
    "建国",
    "志强",
    "丽华",
    "明哲",
    "欣怡",
    "子轩",
    "佳琪",
    "国栋",
    "春梅",
    "永强",
    "雪莹",
    "浩然",
    "婉清",
    "俊杰",
    "若曦",
    "德明",
]
DEPARTMENTS = ["生产一部", "生产二部", "质量部", "财务部", "行政部", "销售部"]
HOUSEHOLDS = ["11", "12", "21", "22"]


@dataclass(frozen=True)
class Account:
    """A sign-in of the demo city."""

    region_title: str
    role: str
    employer: str
    username: str
    password: str


class People:
    """An endless supply of invented people, the same for the same seed."""

    def __init__(self, seed: str, division: str):
        self.random = random.Random(seed)
        self.division = division
        self.sequence = 0

    def next(self, month: Month) -> dict[str, str]:
        """The typed answers of an enrolment form for a new person insured from `month`."""
        self.sequence += 1
        pick = self.random
        born = date(pick.randint(1968, 2003), pick.randint(1, 12), pick.randint(1, 28))
        body = f"{self.division}{born:%Y%m%d}{self.sequence % 1000:03}"
        return {
            "id_kind": "01",
            "id_number": body + id_check_digit(body),
            "name": pick.choice(SURNAMES) + pick.choice(GIVEN),
            "enrolment_kind": "11",
            "household": pick.choice(HOUSEHOLDS),
            "employment_kind": "41",
            "contract_from": f"{month}-01",
            "position": pick.choice("12"),
            "department": pick.choice(DEPARTMENTS),
            "phone": f"1390000{self.sequence:04}",
            "enrolment_month": str(month),
            "declared_wage": f"{pick.randint(56, 240) * 100}.00",
        }


def load_demo_city() -> list[Account]:
    """Fill an empty database and return the sign-ins; an installation that has employers is left alone."""
    from shebao.hall.employers.models import Employer
    from shebao.hall.regions import all_regions

    if Employer.objects.exists():
        return []
    accounts: list[Account] = []
    for number, region in enumerate(all_regions().values(), 1):
        if region.services and region.schemes:
            accounts += _load_region(region, number)
    return accounts


def sign_ins_text(accounts: list[Account], address: str) -> str:
    """What the terminal shows, once."""
    if not accounts:
        return f"演示城市此前已经载入，账号和密码只在首次显示。打开 {address} 登录。\n"
    rows = [f"\n演示城市已载入，请打开 {address} 登录。以下密码随机生成，只显示这一次：\n"]
    for a in accounts:
        rows.append(
            f"  {a.region_title}　{a.role}　{a.employer or '经办机构'}\n      账号 {a.username}　密码 {a.password}"
        )
    return "\n".join(rows) + "\n\n按 Ctrl+C 停止。\n"


def _load_region(region, number: int) -> list[Account]:
    from shebao.hall.operators.models import Role

    accounts: list[Account] = []
    division = f"{ {1: '12', 2: '51'}.get(number, '33') }9901"
    people = People(region.code, division)
    staff = {role: _operator(region, role, None, accounts) for role in (Role.REVIEWER, Role.AGENCY_ADMIN)}
    for index, (name, size) in enumerate((("云岭精密制造有限公司", 60), ("清泉食品有限公司", 8)), 1):
        employer = _employer(region, number, index, f"{region.short_title}{name}")
        clerk = _operator(region, Role.CLERK, employer, accounts)
        _operator(region, Role.EMPLOYER_ADMIN, employer, accounts)
        _History(region, employer, clerk, staff[Role.REVIEWER], people).live(size)
    return accounts


def _employer(region, number: int, index: int, name: str):
    from django.db import transaction

    from shebao.hall.audit.operations import record
    from shebao.hall.employers.models import Employer

    body = f"91990100MA0{number:03}{index:02}X"
    with transaction.atomic():
        employer = Employer.objects.create(
            region=region.code,
            employer_number=f"{number:02}{index:06}",
            credit_code=body + credit_check_character(body),
            name=name,
            industry_class="3",
            float_grade="100",
            legal_representative="示例法人",
            address="示例路 1 号",
            phone="02200000000",
            bank_name="示例银行第一支行",
            bank_account=f"990100000000{number:03}{index:03}",
            first_month=_this_month().previous(11),
        )
        record("employer.registered", employer, by=None)
    return employer


def _operator(region, role, employer, accounts: list[Account]):
    from django.db import transaction

    from shebao.hall.audit.operations import record
    from shebao.hall.operators.models import Operator

    names = {"clerk": "王敏", "employer_admin": "周立", "reviewer": "李娜", "agency_admin": "陈主任"}
    suffix = f"-{employer.employer_number[-1]}" if employer else ""
    username = f"{region.code}-{role.value.replace('_', '-')}{suffix}"
    password = secrets.token_urlsafe(9)
    operator = Operator(username=username, name=names[role], role=role, employer=employer, region=region.code)
    operator.set_password(password)
    with transaction.atomic():
        operator.save()
        record("operator.created", operator, by=None, employer=employer)
    accounts.append(Account(region.short_title, role.label, employer.name if employer else "", username, password))
    return operator


def _this_month() -> Month:
    from shebao.hall import clock

    return Month.of(clock.today())


class _History:
    """Eleven settled and paid months, and the current one half done."""

    def __init__(self, region, employer, clerk, reviewer, people: People):
        self.region, self.employer, self.clerk, self.reviewer, self.people = region, employer, clerk, reviewer, people
        self.random = random.Random(employer.name)
        self.services = {s.operation: s for s in region.services.values()}
        self.insured: list[dict[str, str]] = []

    def live(self, size: int) -> None:
        month = self.employer.first_month
        while month < _this_month():
            self._at(month, 2, 9, lambda m=month: self._changes(m, size))
            self._at(month, 9, 10, lambda m=month: self._settle(m))
            self._at(month, 10, 15, lambda m=month: self._pay(m))
            month = month.next()
        self._current(month)

    def _at(self, month: Month, day: int, hour: int, act: Callable[[], None]) -> None:
        from shebao.hall import clock

        with clock.pretending(datetime.combine(month.first_day + timedelta(days=day), time(hour))):
            act()

    def _changes(self, month: Month, size: int) -> None:
        first = month == self.employer.first_month
        joining = size if first else self.random.randint(0, max(size // 20, 1))
        rows = [self.people.next(month) for _ in range(joining)]
        self._do("enrol_employees", rows)
        self.insured += rows
        if not first and len(self.insured) > 5 and month.number % 3 == 0:
            self._do("cease_employees", [self._leaver(self.insured.pop(3), month)])

    @staticmethod
    def _leaver(person: dict[str, str], month: Month) -> dict[str, str]:
        return {
            "id_number": person["id_number"],
            "name": person["name"],
            "cessation_month": str(month),
            "reason": "6301",
        }

    def _do(self, operation: str, rows: list[dict[str, str]], approve: bool = True) -> list:
        from shebao.hall.declarations import operations

        if not rows:
            return []
        service = self.services[operation]
        made = operations.save_declarations(
            self.employer.pk, service.key, rows, by=self.clerk, confirmed=[_everything(service)] * len(rows)
        )
        if not service.is_direct and approve:
            pks = [declaration.pk for declaration in made]
            operations.submit_declarations(pks, by=self.clerk)
            operations.approve_declarations(pks, by=self.reviewer)
        return made

    def _settle(self, month: Month) -> None:
        from shebao.hall.settlement import operations, progress

        kind = progress.applicable_settlement(self.employer, month)
        operations.settle_month(self.employer.pk, month, kind.key, by=self.clerk, confirmations=kind.confirmations)

    def _pay(self, month: Month) -> None:
        from shebao.hall import clock
        from shebao.hall.payments import channels, operations
        from shebao.hall.settlement.models import Bill

        bill = Bill.objects.visible_to(self.clerk).get(month=month)
        payment = operations._begin(bill.pk, by=self.clerk, name="bank")
        # The past was paid at a bank that is not running yet: its notice comes through the same signed door.
        said = {
            "message_id": f"past-{payment.number}"[:40],
            "order_id": payment.number,
            "state": "succeeded",
            "amount_fen": payment.amount_fen,
            "bank_serial": f"{bill.pk:016}",
            "paid_at": clock.now().isoformat(),
        }
        body = json.dumps(said).encode()
        headers = signing.sign(channels.bank_secret(), body, at=clock.now().timestamp(), nonce=secrets.token_hex(16))
        operations.receive_notice(headers, body)

    def _current(self, month: Month) -> None:
        from shebao.hall.declarations import operations

        enrol = self.services["enrol_employees"]
        self._do("enrol_employees", [self.people.next(month) for _ in range(3)])
        if enrol.is_direct:
            return
        in_review = self._do("enrol_employees", [self.people.next(month) for _ in range(4)], approve=False)
        pks = [declaration.pk for declaration in in_review]
        operations.submit_declarations(pks, by=self.clerk)
        operations.return_declaration(
            pks[0],
            by=self.reviewer,
            marks={"contract_from": "与劳动合同上的日期不一致"},
            note="请核对劳动合同起始日期后重报。",
        )
        self._do("enrol_employees", [self.people.next(month) for _ in range(2)], approve=False)
        if len(self.insured) > 5:
            self._do("cease_employees", [self._leaver(self.insured[-1], month)], approve=False)


def _everything(service) -> dict[str, str]:
    return dict.fromkeys(service.checks, "已与职工本人和合同核对")

"""The demo city: employers and an agency in every region, twelve months of history, a month in full swing.

Everything is invented and everything goes through the operations that pages use. Division 9901 does not exist, so the
id numbers belong to nobody. Passwords are random and printed once.
"""

import random
import secrets
from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

import numpy as np

from shebao.rules.identity import credit_check_character, id_check_digit
from shebao.rules.months import Month
from shebao.rules.retirement import retirement

from .demo_before import prepare
from .demo_claims import pay_back_by_hand
from .demo_papers import upload_missing
from .demo_payments import pay_at_the_bank

SURNAMES = "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗梁宋郑谢韩唐冯于董萧程曹袁邓许傅沈曾彭吕苏卢蒋蔡贾丁魏薛叶阎"
# By the digit of the id number that tells the sex: even for women, odd for men.
GIVEN = (
    "文静雨桐海燕丽华欣怡佳琪春梅雪莹婉清若曦秀兰晓琳梦瑶玉珍静怡思雨红霞美玲慧敏艳芳淑萍嘉怡",
    "一鸣嘉豪思远晓峰立诚志远建国志强明哲子轩国栋永强浩然俊杰德明宇航海涛文博振华天佑学军少杰",
)
DEPARTMENTS = ["生产一部", "生产二部", "质量部", "财务部", "行政部", "销售部"]
HOUSEHOLDS = ["11", "12", "21", "22"]
DIVISIONS = ("12", "51", "33", "44", "53")
OPERATORS = {
    "clerk": ("王敏", "刘佳"), "employer_admin": ("周立", "吴海涛"), "reviewer": ("李娜", "孙颖"),
    "agency_admin": ("陈志远", "何静"), "system_admin": ("高远",), "security_admin": ("方正",),
    "audit_admin": ("严明",),
}  # fmt: skip
REACHED_AT = "13900004420"
"""An administrator's telephone: whoever types the employer's code to register it is shown how it ends."""
# A year of a factory of a hundred, by calendar month: leavers around Spring Festival, graduates in summer.
JOINING = {2: 2, 3: 7, 4: 3, 7: 8, 8: 4, 9: 2, 10: 2}
LEAVING = {1: 3, 2: 5, 6: 2, 9: 3, 12: 2}
RAISING = {4: 10, 7: 40, 10: 5}
LOW_WAGE = "4200.00"


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
        self.names: set[str] = set()

    def next(self, month: Month, born: date | None = None) -> dict[str, str]:
        """The typed answers of an enrolment form for a new person insured from `month`."""
        self.sequence += 1
        pick = self.random
        wage = min(max(int(pick.lognormvariate(8.98, 0.34)), 5_300), 24_000)  # yuan: most between 6,000 and 11,000
        oldest = 1968 if self.sequence % 2 else 1978  # nobody is about to retire
        born = born or date(pick.randint(oldest, 2003), pick.randint(1, 12), pick.randint(1, 28))
        body = f"{self.division}{born:%Y%m%d}{self.sequence % 1000:03}"
        return {
            "id_kind": "01",
            "id_number": body + id_check_digit(body),
            "name": self._name(),
            "enrolment_kind": "11",
            "household": pick.choice(HOUSEHOLDS),
            "household_address": "示例市示例路 1 号",
            "employment_kind": "41",
            "contract_from": f"{month}-01",
            "labour_registered_on": f"{month}-01",
            "position": pick.choice("12"),
            "department": pick.choice(DEPARTMENTS),
            "phone": f"1390000{self.sequence:04}",
            "enrolment_month": str(month),
            "declared_wage": f"{wage // 50 * 50}.00",
        }

    def _name(self) -> str:
        """A name that nobody bore before, as long as there are any."""
        given = GIVEN[self.sequence % 2]
        for _ in range(20):
            at = self.random.randrange(0, len(given), 2)
            name = self.random.choice(SURNAMES) + given[at : at + 2]
            if name not in self.names:
                break
        self.names.add(name)
        return name


def load_demo_city(codes: Collection[str] | None = None) -> list[Account]:
    """Give every open region its employers and return the new sign-ins; a region that has any is left alone.

    `codes` are the regions to load; every open one unless told.
    """
    from shebao.hall.employers.models import Employer
    from shebao.hall.regions import all_regions

    settled = set(Employer.objects.order_by().values_list("region", flat=True).distinct())
    wanted = [region for code, region in all_regions().items() if code not in settled and (not codes or code in codes)]
    accounts: list[Account] = []
    for number, region in enumerate((one for one in wanted if one.services and one.schemes), len(settled) + 1):
        accounts += _load_region(region, number)
    return accounts


def sign_ins_text(accounts: list[Account], address: str, bank: str = "") -> str:
    """What the terminal shows, once; `bank` says where the demonstration bank listens."""
    if not accounts:
        return f"演示城市此前已经载入，账号和密码只在首次显示。打开 {address} 登录。\n{bank}"
    rows = [f"\n演示城市已载入，请打开 {address} 登录。以下密码随机生成，只显示这一次：\n"]
    width = max(len(a.username) for a in accounts) + 2
    rows.append(f"  {'账号':<{width - 2}}密码")
    for a in accounts:
        rows.append(f"  {a.username:<{width}}{a.password}    {a.region_title} {a.role}　{a.employer}".rstrip("　"))
    return "\n".join(rows) + f"\n\n{bank}按 Ctrl+C 停止。\n"


def _load_region(region, number: int) -> list[Account]:
    """A large employer in the middle of its month, and a small one whose month brought no changes."""
    from shebao.hall.operators.models import AGENCY_ROLES, Role
    from shebao.hall.sign_in.contacts import keep_contact

    accounts: list[Account] = []
    people = People(region.code, f"{DIVISIONS[number % len(DIVISIONS)]}99{number:02}")  # nobody is of two regions
    staff = {role: _operator(region, role, None, accounts) for role in AGENCY_ROLES}
    for role in (Role.REVIEWER, Role.AGENCY_ADMIN):  # what takes two people can be tried
        _operator(region, role, None, accounts, 2)
    for index, (name, size) in enumerate((("云岭精密制造有限公司", 76), ("清泉食品有限公司", 8)), 1):
        employer = _employer(region, number, index, f"{region.short_title}{name}")
        clerk = _operator(region, Role.CLERK, employer, accounts)
        if index == 1:
            keep_contact(_operator(region, Role.EMPLOYER_ADMIN, employer, accounts), REACHED_AT, "")
        history = _History(region, employer, clerk, staff[Role.REVIEWER], people)
        history.live(size)
        if index == 1:
            history.work_on_this_month()
            pay_back_by_hand(history)
        elif history.is_direct:
            history.settle(_this_month())  # and not paid: another place to stand in the month
    return accounts


def _employer(region, number: int, index: int, name: str):
    from django.db import transaction

    from shebao.hall.audit.operations import record
    from shebao.hall.employers.models import Employer
    from shebao.hall.employers.operations import divisions_of

    body = f"91990100MA0{number:03}{index:02}X"
    divisions = list(divisions_of(region.code)) or [""]
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
            economic_kind="150",
            bank_name="示例银行第一支行",
            bank_account=f"990100000000{number:03}{index:03}",
            first_month=max(_this_month().previous(11), region.opened_on),
            agency_division=divisions[index % len(divisions)],
        )
        record("employer.registered", employer, by=None)
    return employer


def _operator(region, role, employer, accounts: list[Account], number: int = 1):
    """An account with its random password; at the agency the first of its role, or the second."""
    from django.db import transaction

    from shebao.hall.audit.operations import record
    from shebao.hall.operators.models import Operator

    names = OPERATORS[role]
    name = names[int(employer.employer_number[-1]) % len(names) - 1] if employer else names[number - 1]
    suffix = f"-{employer.employer_number[-1]}" if employer else f"-{number}" if number > 1 else ""
    username = f"{region.code}-{role.value.replace('_', '-')}{suffix}"
    password = secrets.token_urlsafe(9)
    operator = Operator(username=username, name=name, role=role, employer=employer, region=region.code)
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
    """Eleven settled and paid months; then, if asked for, the current one in full swing."""

    def __init__(self, region, employer, clerk, reviewer, people: People):
        self.region, self.employer, self.clerk, self.reviewer, self.people = region, employer, clerk, reviewer, people
        self.random = random.Random(employer.name)
        self.services = {s.operation: s for s in reversed(region.services.values())}  # the first of each kind
        self.insured: list[dict[str, str]] = []
        self.birthday_of_the_oldest = _about_to_retire()

    @property
    def is_direct(self) -> bool:
        """Nobody reviews: what is declared takes effect at once."""
        return self.services["enrol_employees"].is_direct

    def live(self, size: int) -> None:
        """From the first month to the one before this."""
        month = self.employer.first_month
        while month < _this_month():
            self._at(month, 2, 9, lambda m=month: self._changes(m, size))
            self._at(month, 9, 10, lambda m=month: self.settle(m))
            self._at(month, 10, 15, lambda m=month: pay_at_the_bank(self, m))
            month = month.next()

    def _at(self, month: Month, day: int, hour: int, act: Callable[[], None]) -> None:
        from shebao.hall import clock

        with clock.pretending(datetime.combine(month.first_day + timedelta(days=day), time(hour))):
            act()

    def _changes(self, month: Month, size: int) -> None:
        if month == self.employer.first_month:
            self._enrol(month, size)
            if size > len(DEPARTMENTS) * 2:
                self._do("enrol_employees", [self.people.next(month, self.birthday_of_the_oldest)])
            return
        joining, leaving, raising = (plan.get(month.number, 0) * size // 100 for plan in (JOINING, LEAVING, RAISING))
        self._enrol(month, joining)
        self._do("cease_employees", [self._leaver(self._somebody(leaves=True), month) for _ in range(leaving)])
        raising = raising if self._may_raise(month) else 0
        raised = {one["id_number"]: one for one in (self._somebody() for _ in range(raising))}
        self._do("declare_wages", [self._raise(one, month, 105) for one in raised.values()])

    def _may_raise(self, month: Month) -> bool:
        """Where wages are declared once a year, all are in the first month of its window."""
        window = self.region.calendar.yearly_wages
        return not self.services["declare_wages"].is_yearly or window.first[0] == month.number

    def _enrol(self, month: Month, count: int) -> None:
        rows = [self.people.next(month) for _ in range(count)]
        self._do("enrol_employees", rows)
        self.insured += rows

    def _somebody(self, *, leaves: bool = False) -> dict[str, str]:
        index = self.random.randrange(len(self.insured))
        return self.insured.pop(index) if leaves else self.insured[index]

    @staticmethod
    def _leaver(person: dict[str, str], month: Month) -> dict[str, str]:
        last = {"cessation_month": str(month), "reason": "6301"}
        return {"id_number": person["id_number"], "name": person["name"]} | last

    @staticmethod
    def _raise(person: dict[str, str], month: Month, percent: int) -> dict[str, str]:
        """A wage declaration; the person keeps the new wage, whole yuan."""
        person["declared_wage"] = f"{int(person['declared_wage'].split('.')[0]) * percent // 100}.00"
        return {
            "id_number": person["id_number"],
            "name": person["name"],
            "first_month": str(month),
            "declared_wage": person["declared_wage"],
        }

    def _do(self, operation: str, rows: list[dict[str, str]], *, until: str = "approved", at: float | None = None):
        """Declare rows and see them through `until` saved, submitted or approved; now, or `at` a share of the month."""
        from shebao.hall.declarations import operations

        if not rows:
            return []
        if at is not None:
            with self._this_month_at(at):
                return self._do(operation, rows, until=until)
        service = self.services[operation]
        prepare(self, service, rows)
        made = operations.save_declarations(
            self.employer.pk, service.key, rows, by=self.clerk, confirmed=[_everything(service)] * len(rows)
        )
        if service.waits and until != "saved":
            upload_missing(made, self.clerk)
            operations.submit_declarations([declaration.pk for declaration in made], by=self.clerk)
            if until == "approved" and not service.is_direct:
                self._approve(made)
        return made

    def _approve(self, declarations: list) -> None:
        """What has findings is looked at one by one, the rest together."""
        from shebao.hall.declarations import review

        plain = [declaration.pk for declaration in declarations if not declaration.problems]
        if plain:
            review.approve_declarations(plain, by=self.reviewer)
        for declaration in declarations:
            if declaration.problems:
                review.approve_declarations([declaration.pk], by=self.reviewer)

    def settle(self, month: Month) -> None:
        """Settle as the region wants it."""
        from shebao.hall.settlement import operations, progress

        kind = progress.applicable_settlement(self.employer, month)
        operations.settle_month(self.employer.pk, month, kind.key, by=self.clerk, confirmations=kind.confirmations)

    def work_on_this_month(self) -> None:
        """Some declarations are in force; where somebody reviews, others are returned, in review or not submitted."""
        month, next_person = _this_month(), self.people.next
        leavers = [self._somebody(leaves=True) for _ in range(2)]
        raised = [self._somebody(leaves=True) for _ in range(4)]
        low = next_person(month) | {"declared_wage": LOW_WAGE, "employment_kind": "41"}
        self._do("enrol_employees", [next_person(month), next_person(month), low], at=0.1)
        raised = raised if self._may_raise(month) else []
        first_two = zip(raised[:2], (108, 130), strict=False)
        self._do("declare_wages", [self._raise(one, month, percent) for one, percent in first_two], at=0.3)
        self._do("cease_employees", [self._leaver(leavers[0], month)], at=0.4)
        if self.is_direct:
            return
        with self._this_month_at(0.6):
            self._return(next_person(month))
        self._do("enrol_employees", [next_person(month), next_person(month)], at=0.9, until="submitted")
        self._do("declare_wages", [self._raise(one, month, 106) for one in raised[2:3]], at=0.92, until="submitted")
        self._do("enrol_employees", [next_person(month), next_person(month)], at=0.95, until="saved")
        self._do("cease_employees", [self._leaver(leavers[1], month)], at=0.96, until="saved")
        self._do("declare_wages", [self._raise(one, month, 104) for one in raised[3:]], at=0.97, until="saved")

    def _return(self, person: dict[str, str]) -> None:
        from shebao.hall.declarations import review

        (declaration,) = self._do("enrol_employees", [person], until="submitted")
        refuse = review.reject_declaration if declaration.spec.is_copied else review.return_declaration
        refuse(
            declaration.pk,
            by=self.reviewer,
            marks={"contract_from": "与劳动合同上的日期不一致"},
            note="劳动合同起始日期与合同原件不一致，请核对后重报。",
        )

    def _this_month_at(self, share: float):
        """The hall's clock at a share of the time from the first of the month until now, in office hours.

        Where the window has closed since, the end of the window stands for now.
        """
        from shebao.hall import clock

        closed = self.region.calendar.window(_this_month()).declare_until
        now, begin = min(clock.local_now(), closed), datetime.combine(_this_month().first_day, time(9))
        moment = begin + max(now - begin, timedelta(0)) * share
        office = datetime.combine(moment.date(), time(9, 5)) + timedelta(minutes=int(share * 450))
        return clock.pretending(min(office, now))


def _about_to_retire() -> date:
    """A birthday of somebody whose statutory month is three to six months away."""
    here = _this_month().index
    tracks = np.array(["man"])
    for left, months in ((left, months) for left in (5, 4, 3) for months in range(720, 757)):
        born = here + left - months
        if retirement(np.array([born], dtype=np.int64), tracks).statutory[0] == here + left:
            return Month.from_index(born).first_day
    raise AssertionError("nobody retires soon")


def _everything(service) -> dict[str, str]:
    return dict.fromkeys(service.checks, "已与职工本人和合同核对")

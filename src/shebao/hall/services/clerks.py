"""The employer's people at the hall (专管员): an account is made, or handed over, once the agency approves.

An approved account has no password yet. It is handed out once, random, by `operators.operations.hand_out_password`.
"""

from ..crypto import blind_index
from ..errors import Conflict
from ..mail.old_contacts import reached_at, tell_old_contacts
from ..operators.models import Operator, Role
from ..operators.operations import hand_over_account, open_account, withdraw_account
from .scene import Case, Scene, field_of_kind


def register_clerk(declarations: list, *, by) -> None:
    """Make the accounts that the declarations ask for (本单位其他专管员账号注册生效)."""
    for declaration in declarations:
        answers, employer = declaration.answers, declaration.employer
        reached = reached_at(employer)
        open_account(employer, answers["account"], answers["clerk_name"], answers["role"], by=by)
        said = "开通了一个操作员账号"
        tell_old_contacts(employer, reached, said, occasion=f"{declaration.pk}", by=by)


def replace_clerk(declarations: list, *, by) -> None:
    """Give the office of one clerk to another (专管员变更生效): same role, the former account ends."""
    for declaration in declarations:
        answers, employer = declaration.answers, declaration.employer
        former = Operator.objects.filter(employer=employer, username=answers["replaced"])
        reached = reached_at(employer, *former)
        hand_over_account(employer, answers["replaced"], answers["account"], answers["clerk_name"], by=by)
        said = "变更了专管员，原专管员的账号已停用"
        tell_old_contacts(employer, reached, said, occasion=f"{declaration.pk}", by=by)


def undo_clerks(declarations: list, *, by) -> None:
    """Withdraw accounts that nobody used yet (撤销账号注册). Raises Conflict when somebody has signed in."""
    for declaration in declarations:
        withdraw_account(declaration.employer, declaration.answers["account"], by=by)


def not_undone(declarations: list, *, by) -> None:
    """A hand-over is not taken back: the next one is declared (专管员变更不能撤销)."""
    raise Conflict("not_undone", "专管员变更已经生效，不能撤销。请重新办理专管员变更。")


def operator_case(scene: Scene, case: Case) -> None:
    """Whom the case is about: the account that is to be opened."""
    account = str(case.values.get("account") or "")
    case.digest = blind_index("operator", account or str(scene.employer.pk))
    case.subject, case.month = str(case.values.get("clerk_name") or account), scene.month


def account_free(scene: Scene, cases: list[Case]) -> None:
    """Nobody signs in by that name yet."""
    name = field_of_kind(scene.form, "account")
    wanted = {case.values[name] for case in cases if case.values.get(name)}
    taken = set(Operator.objects.filter(username__in=wanted).values_list("username", flat=True))
    for case in cases:
        if (account := case.values.get(name)) in taken:
            case.add("account_free", name, "error", f"账号“{account}”已被使用，请换一个。")


def administrator_left(scene: Scene, cases: list[Case]) -> None:
    """The account that is replaced is one of the employer's own and in use; its role goes to the new one."""
    name = field_of_kind(scene.form, "operator")
    known = {o.username: o for o in Operator.objects.filter(employer=scene.employer, is_active=True)}
    for case in cases:
        replaced = case.values.get(name)
        if replaced and replaced not in known:
            text = f"本单位没有启用中的账号“{replaced}”，请从列表中选择。"
            case.add("administrator_left", name, "error", text)
        elif replaced and known[replaced].role == Role.EMPLOYER_ADMIN:
            text = "这个账号是单位管理员：变更之后由新的专管员担任管理员，原账号停用。"
            case.add("administrator_left", name, "hint", text)

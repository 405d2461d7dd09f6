"""How the hall says no."""

from shebao.rules.vocabulary import ROLES


class Refused(Exception):
    """A refusal in words that a clerk can act on. `code` is stable for machines; the words may change.

    `field` names the field it belongs to, when there is one; `status` is the HTTP status a page answers with.
    """

    def __init__(self, code: str, message: str, *, field: str = "", status: int = 422):
        super().__init__(message)
        self.code, self.message, self.field, self.status = code, message, field, status


class Conflict(Refused):
    """Somebody else changed it first: nothing was done, look again."""

    def __init__(self, code: str, message: str):
        super().__init__(code, message, status=409)


def may_do(by, service) -> bool:
    """Whether an actor may declare a service: by permission, by the roles that the region names, by what is open."""
    return by.may("declare") and (not service.may or by.role in service.may) and by.may_use(f"service:{service.key}")


def permit_declaring(by, title: str) -> None:
    """Refuse who may neither declare for their own employer nor enter at the agency's counter."""
    permit(by, "enter_at_counter" if by.is_agency else "declare", title)


def permit_service(by, service, title: str = "申报") -> None:
    """Refuse an actor who may not declare this service; the sentence says who may."""
    permit_declaring(by, title)
    if by.is_agency:
        return
    if not by.may_use(f"service:{service.key}"):
        closed = by.is_closed(f"service:{service.key}")
        text = "本单位还没有开通这项业务" if closed else f"您的账号没有开放“{service.title}”"
        raise Refused("not_permitted", f"{text}，不能{title}。请联系单位管理员。", status=403)
    if not may_do(by, service):
        who = "、".join(ROLES[role] for role in service.may)
        text = f"“{service.title}”由{who}办理，您的账号不能{title}。请联系单位管理员。"
        raise Refused("not_permitted", text, status=403)


def permit(by, permission: str, title: str) -> None:
    """Refuse an actor whose role does not give the permission; `title` is what they wanted to do."""
    if not by.may(permission):
        raise Refused("not_permitted", f"您的账号没有“{title}”的权限，请联系管理员。", status=403)

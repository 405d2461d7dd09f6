"""操作员管理 at an employer: rights on the menu tree, scope, leaving, handing over, the second pair of eyes."""

from django.contrib import messages
from django.shortcuts import redirect, render
from django.urls import path, resolve, reverse
from django.views.decorators.http import require_http_methods, require_POST

from shebao.hall.errors import Refused
from shebao.hall.operators import managing
from shebao.hall.operators.models import DUTIES, NARROW, Duty, Operator, Role
from shebao.hall.operators.operations import EMPLOYER_ROLES
from shebao.hall.regions import region
from shebao.hall.workbench.handing_over import hand_over, kit_of, may_take_over
from shebao.rules.settling_words import settle_name

from ..access import needs, permission_title
from ..chosen import whole
from ..menus import leaves_of, menu_tree, with_the_whole
from ..navigation import employer_menu
from ..rights import needs_of
from .common import crumbs, here, word

DUTY_NOTES = {
    Duty.ALL: "专管员的全部业务",
    Duty.ENTRY: "录入申报、看花名册；内部复核时由别人确认",
    Duty.CHECK: "核对并提交别人录入的申报，打印单据",
    Duty.FINANCE: "{}、缴费、打印单据，不办申报",
    Duty.READ: "只看花名册（不含工资）、打印单据",
}


@require_http_methods(["GET", "HEAD", "POST"])
@needs("manage_operators")
def operator(request, pk):
    """One operator: name, role, duty, the menu tree, departments and schemes. A parent's button flips its branch."""
    found = Operator.objects.visible_to(request.user).get(pk=pk)
    shown, no = _kept(found), None
    if request.method == "POST":
        shown = _typed(request, found)
        if "toggle" not in request.POST:
            try:
                titles = {leaf["key"]: leaf["label"] for leaf in leaves_of(_tree(found))}
                changed = managing.change_operator(
                    pk, shown["name"], shown["role"], _rights(shown), by=request.user, titles=titles
                )
            except Refused as refused:
                no = refused
            else:
                messages.success(request, _saved(found, changed) + _not_open(found, shown))
                return redirect("operators")
    context = _context(request, found, shown, no)
    return render(request, "employer/operator.html", context, status=no.status if no else 200)


def _tree(found: Operator) -> list[dict]:
    whole = with_the_whole(found)
    return menu_tree(whole, employer_menu(whole, region(found.region)))


def _kept(found: Operator) -> dict:
    names = ("name", "role", "duty", "withheld", "departments", "schemes")
    return {name: getattr(found, name) for name in names}


def _typed(request, found: Operator) -> dict:
    said = request.POST
    tree = _tree(found)
    every = [leaf["key"] for leaf in leaves_of(tree)]
    open_now = set(said.getlist("function"))
    if "toggle" in said:
        branch = [leaf["key"] for leaf in leaves_of(_branch(tree, said["toggle"]))]
        open_now = open_now - set(branch) if open_now.issuperset(branch) else open_now | set(branch)
    return {
        "name": said.get("name", ""),
        "role": said.get("role", ""),
        "duty": said.get("duty", ""),
        "withheld": [key for key in every if key not in open_now],
        "departments": said.getlist("department"),
        "schemes": said.getlist("scheme"),
    }


def _branch(tree: list[dict], place: str) -> list[dict]:
    """What is below the branch at a place of the tree: "2" is the third, "2-0" the first below it."""
    nodes = tree
    for number in place.split("-"):
        at = whole(number, len(nodes))
        nodes = nodes[at].get("nodes", []) if at < len(nodes) else []
    return nodes


def _rights(shown: dict) -> managing.Rights:
    return managing.Rights(
        shown["duty"], tuple(shown["withheld"]), tuple(shown["departments"]), tuple(shown["schemes"])
    )


def _context(request, found: Operator, shown: dict, no: Refused | None) -> dict:
    title = word(request, "menu.operators", "操作员")
    names = managing.departments_of(found.employer)
    return {
        "operator": found,
        "crumbs": crumbs(found.name, (title, reverse("operators"))),
        "left_traces": managing.left_traces(found),
        "is_self": found.pk == request.user.pk,
        "fields": _fields(shown, no, settle_name(here(request).terms)),
        "tree": _drawn(found, _tree(found), shown),
        "departments": [(name, name in shown["departments"]) for name in names],
        "schemes": [(one.key, one.title, one.key in shown["schemes"]) for one in here(request).open_schemes],
        "errors": [{"id": no.field or "name", "text": no.message}] if no else [],
    }


def _drawn(found: Operator, nodes: list[dict], shown: dict, place: str = "") -> list[dict]:
    """A level of the tree as it is shown: leaves ticked or not, branches ticked, half ticked or not, with their place.

    A branch all of whose entries open along with others is a heading alone: there is nothing in it to tick.
    """
    drawn = []
    for number, node in enumerate(nodes):
        if "nodes" not in node:
            is_on = node["key"] not in shown["withheld"]
            drawn.append(node | {"on": is_on, "lacks": _lacks(found, node["url"], shown)})
            continue
        at = f"{place}-{number}" if place else str(number)
        leaves = leaves_of(node["nodes"])
        ticked = sum(leaf["key"] not in shown["withheld"] for leaf in leaves)
        state = "true" if ticked == len(leaves) else "mixed" if ticked else "false"
        branch = {"heading": node["heading"], "place": at, "ticked": ticked, "of": len(leaves), "state": state}
        drawn.append(branch | {"nodes": _drawn(found, node["nodes"], shown, at)})
    return drawn


def _lacks(operator: Operator, url: str, shown: dict) -> str:
    """Why a function stays shut though it is ticked: the duty, or that only some of the people are theirs."""
    given, asked = DUTIES.get(shown["duty"], set()), needs_of(operator, resolve(url.partition("?")[0]))
    if lacking := asked - given:
        return f"岗位不含“{'、'.join(permission_title(operator, one) for one in sorted(lacking))}”"
    return "限定范围的不办" if (shown["departments"] or shown["schemes"]) and asked - NARROW else ""


def _saved(found: Operator, changed: Operator) -> str:
    """What was saved, and what becomes of whoever is signed in now."""
    if managing.rights_of(found) == managing.rights_of(changed):
        return f"已保存{changed.name}的信息，权限没有变动。"
    return f"已保存{changed.name}的权限，其登录已结束，对方须重新登录，重新登录后生效。"


def _not_open(found: Operator, shown: dict) -> str:
    """Which ticked functions stay shut all the same, for whoever ticked them to hear at once."""
    if shown["role"] != Role.CLERK:
        return ""
    leaves = leaves_of(_drawn(found, _tree(found), shown))
    names = [leaf["label"] for leaf in leaves if leaf["on"] and leaf["lacks"]]
    return f"勾选的{'、'.join(names[:5])}{'等' if len(names) > 5 else ''}不在岗位或范围之内，不开放。" if names else ""


def _fields(shown: dict, no: Refused | None, name: str) -> list[dict]:
    """The fields of an operator; `name` is what the region calls the right to settle."""
    fields = [
        {"id": "name", "label": "姓名", "kind": "text", "maxlength": 60, "required": True},
        {"id": "role", "label": "角色", "kind": "radios", "required": True, "full": True,
         "options": [(role.value, Role(role).label) for role in EMPLOYER_ROLES],
         "hint": "单位管理员有全部功能，下面的岗位、功能和范围只用于社保专管员"},
        {"id": "duty", "label": "岗位", "kind": "radios", "required": True, "full": True,
         "options": [(duty.value, f"{duty.label}：{DUTY_NOTES[duty].format(name)}") for duty in Duty]},
    ]  # fmt: skip
    for field in fields:
        field |= {"name": field["id"], "value": shown[field["id"]]}
        if no and no.field == field["id"]:
            field["error"] = no.message
    return fields


@require_POST
@needs("manage_operators")
def remove(request, pk):
    """Delete an account; one with traces is disabled, and the answer says so."""
    name = Operator.objects.visible_to(request.user).get(pk=pk).name
    try:
        is_gone = managing.remove_operator(pk, by=request.user)
    except Refused as no:
        messages.error(request, no.message)
    else:
        text = f"已删除{name}的账号。" if is_gone else f"{name}办理过业务，账号已停用；操作记录须保留，不能删除。"
        messages.success(request, text)
    return redirect("operators")


@require_http_methods(["GET", "HEAD", "POST"])
@needs("manage_operators")
def handing_over(request, pk):
    """The hand-over kit (交接): what is open, who takes it; a sheet to print and sign."""
    kit = kit_of(pk, by=request.user)
    error = ""
    if request.method == "POST":
        to = request.POST.get("to", "")
        try:
            moved, sheets = hand_over(pk, whole(to), by=request.user)
        except Refused as no:
            error = no.message
        else:
            messages.success(request, f"已交接 {moved} 笔申报、{sheets} 批报盘。")
            return redirect("operators")
    title = word(request, "menu.operators", "操作员")
    context = {
        "kit": kit,
        "crumbs": crumbs("交接", (title, reverse("operators"))),
        "field": {
            "id": "to", "name": "to", "label": "接手人", "kind": "choice", "required": True, "placeholder": "请选择",
            "options": [(str(one.pk), f"{one.name}（{one.username}）") for one in may_take_over(kit, by=request.user)],
            "value": request.POST.get("to", ""), "error": error,
        },
        "errors": [{"id": "to", "text": error}] if error else [],
        "employer": request.user.employer,
    }  # fmt: skip
    return render(request, "employer/operator_hand_over.html", context, status=422 if error else 200)


@require_POST
@needs("manage_operators")
def second(request):
    """Switch the employer's own confirmation on or off."""
    wanted = request.POST.get("wanted") == "1"
    try:
        managing.ask_for_a_second(wanted, by=request.user)
    except Refused as no:
        messages.error(request, no.message)
    else:
        text = "已开启内部复核：一人送出的申报，另一人确认后才提交；谁办{}谁不缴费。" if wanted else "已关闭内部复核。"
        text = text.format(settle_name(here(request).terms))
        messages.success(request, text)
    return redirect("operators")


urlpatterns = [
    path("operators/second/", second, name="e_second"),
    path("operators/<int:pk>/", operator, name="e_operator"),
    path("operators/<int:pk>/remove/", remove, name="e_operator_remove"),
    path("operators/<int:pk>/hand-over/", handing_over, name="e_operator_hand_over"),
]

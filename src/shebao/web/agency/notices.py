"""公告通知 at the agency: write, preview, publish, take down; and who has read it."""

from collections.abc import Sequence
from datetime import date, timedelta

from django.contrib import messages
from django.core.paginator import Paginator
from django.shortcuts import redirect, render
from django.urls import path, reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from shebao.hall.clock import midnight
from shebao.hall.errors import Refused
from shebao.hall.notices import operations, queries
from shebao.hall.notices.models import Announcement, Audience, Kind
from shebao.hall.regions import region as region_of

from ..access import needs
from ..chosen import left_empty, typed_day, whole
from ..middleware import go
from ..sent_files import sent, uploads

PAGE, TITLE = 30, "公告通知"
LOST = {"kind": "请选择公告、通知或政策。", "title": "请填写标题。", "text": "请填写正文。"}


@require_safe
@needs("publish_notices")
def notices(request):
    """Everything that was written, drafts first."""
    rows = queries.with_readers(queries.listed(request.user))
    context = {
        "page": Paginator(rows, PAGE).get_page(request.GET.get("page")),
        "actions": [{"label": "起草", "url": reverse("a_notice_new"), "icon": "edit", "kind": "p"}],
        "title": TITLE,
    }
    return render(request, "agency/notices.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@needs("publish_notices")
def new(request):
    """A new one."""
    if request.method != "POST":
        return _form(request, None)
    if lost := left_empty(request, LOST):
        return _form(request, None, lost=lost)
    try:
        made = operations.write_announcement(_words(request), by=request.user)
    except Refused as no:
        return _form(request, None, no)
    messages.success(request, "已存为草稿，看过预览再发布。")
    return redirect("a_notice", made.pk)


@require_http_methods(["GET", "HEAD", "POST"])
@needs("publish_notices")
def notice(request, pk):
    """One of them as its readers see it, with the form to change it."""
    made = Announcement.objects.visible_to(request.user).get(pk=pk)
    if request.method != "POST":
        return _form(request, made)
    if lost := left_empty(request, LOST):
        return _form(request, made, lost=lost)
    version = request.POST.get("version", "")
    try:
        operations.change_announcement(
            pk, _words(request), by=request.user, version=whole(version), seen=request.POST.get("seen", "")
        )
    except Refused as no:
        return _form(request, made, no)
    messages.success(request, "已保存。")
    return go(request, reverse("a_notice", args=[pk]))


def _words(request) -> operations.Words:
    given = request.POST
    from_on, until_on = _day(given, "from_on", "生效日期"), _day(given, "until_on", "最后一天")
    return operations.Words(
        kind=given.get("kind", ""),
        title=given.get("title", ""),
        text=given.get("text", ""),
        from_at=midnight(from_on) if from_on else None,
        until_at=midnight(until_on + timedelta(days=1)) if until_on else None,
        audience=given.get("audience", ""),
        codes=[one.partition(":")[2] for one in given.getlist("codes") if one.startswith(f"{given.get('audience')}:")],
        must_confirm="must_confirm" in given,
    )


def _day(given, name: str, label: str) -> date | None:
    text = given.get(name, "").strip()
    try:
        return typed_day(text) if text else None
    except ValueError:
        raise Refused("bad_day", f"{label}“{text[:20]}”不是日期，请写成 2026-11-05 的样子。", field=name) from None


def _form(request, made: Announcement | None, error: Refused | None = None, lost: Sequence[dict] = ()):
    errors = [{"id": error.field, "text": error.message}] if error else lost
    here = region_of(request.user.region)
    context = {
        "made": made,
        "seen": _seen(request, made, error),
        "fields": _fields(request, made, {one["id"]: one["text"] for one in errors}),
        "audiences": [
            {"value": key, "label": label, "codes": _choices(here, key)} for key, label in Audience.choices
        ],
        "chosen": request.POST.get("audience", made.audience if made else ""),
        "codes": set(request.POST.getlist("codes")) or ({f"{made.audience}:{one.code}" for one in made.codes.all()}
                                                        if made else set()),
        "must_confirm": "must_confirm" in request.POST if errors else bool(made and made.must_confirm),
        "files": made.files.filter(removed_at=None).select_related("stored") if made else [],
        "readers": queries.readers(request.user, made)[:PAGE] if made else [],
        "errors": [one | {"id": f"id_{one['id']}" if one["id"] else ""} for one in errors],
        "is_public": bool(made and made.kind in here.agency.public_kinds and not made.audience),
        "title": made.title if made else "起草公告通知",
        "crumbs": [{"label": TITLE, "url": reverse("a_notices")}, {"label": made.title if made else "起草"}],
    }  # fmt: skip
    return render(request, "agency/notice.html", context, status=error.status if error else 422 if errors else 200)


def _seen(request, made: Announcement | None, error: Refused | None) -> str:
    """What the form is written upon: what it was, until the page says that somebody changed it, and shows that."""
    if made is None:
        return ""
    is_told = error is None or error.status == 409
    return made.edition if is_told else request.POST.get("seen", made.edition)


def _choices(here, fact: str) -> list[tuple[str, str]]:
    name = operations.CODE_LISTS.get(fact, "")
    return [(f"{fact}:{one.code}", one.label) for one in here.codes[name].items] if name in here.codes else []


def _fields(request, made: Announcement | None, wrong: dict[str, str]) -> list[dict]:
    until = timezone.localtime(made.until_at) - timedelta(days=1) if made and made.until_at else None
    kept = {
        "kind": made.kind if made else Kind.ANNOUNCEMENT,
        "title": made.title if made else "",
        "from_on": f"{timezone.localtime(made.from_at):%Y-%m-%d}" if made else "",
        "until_on": f"{until:%Y-%m-%d}" if until else "",
        "text": made.text if made else "",
    }
    fields = [
        {"name": "kind", "label": "种类", "kind": "choice", "options": Kind.choices, "required": True},
        {"name": "title", "label": "标题", "kind": "text", "maxlength": 80, "required": True},
        {"name": "from_on", "label": "生效日期", "kind": "date", "help": "不写即发布之时"},
        {"name": "until_on", "label": "最后一天", "kind": "date", "help": "不写即一直有效"},
        {"name": "text", "label": "正文", "kind": "textarea", "maxlength": 10_000, "required": True, "full": True,
         "help": "可用：# 小标题、- 列表、1. 编号、**粗体**、[文字](https://网址)；空一行另起一段"},
    ]  # fmt: skip
    for field in fields:
        field |= {"id": f"id_{field['name']}", "value": request.POST.get(field["name"], kept[field["name"]])}
        field["error"] = wrong.get(field["name"], "") or (
            wrong.get("until_at", "") if field["name"] == "until_on" else ""
        )
    return fields


def _do(request, pk: int, deed, said: str):
    try:
        deed()
    except Refused as no:
        messages.error(request, no.message)
    else:
        messages.success(request, said)
    return go(request, reverse("a_notice", args=[pk]))


@require_POST
@needs("publish_notices")
def publish(request, pk):
    """Show it to its readers."""
    seen = request.POST.get("seen", "")
    return _do(request, pk, lambda: operations.publish_announcement(pk, by=request.user, seen=seen), "已发布。")


@require_POST
@needs("publish_notices")
def withdraw(request, pk):
    """Take it down."""
    return _do(request, pk, lambda: operations.withdraw_announcement(pk, by=request.user), "已撤下，单位看不到了。")


@require_POST
@needs("publish_notices")
def attach(request, pk):
    """Add files to it."""
    return _do(request, pk, lambda: operations.attach_files(pk, uploads(request), by=request.user), "附件已上传。")


@require_POST
@needs("publish_notices")
def detach(request, pk, file):
    """Take a file away."""
    return _do(request, pk, lambda: operations.remove_file(pk, file, by=request.user), "附件已移除。")


@require_safe
@needs("publish_notices")
def download(request, pk, file):
    """One file."""
    made = Announcement.objects.visible_to(request.user).get(pk=pk)
    return sent(made.files.select_related("stored").get(pk=file, removed_at=None).stored)


urlpatterns = [
    path("notices/", notices, name="a_notices"),
    path("notices/new", new, name="a_notice_new"),
    path("notices/<int:pk>", notice, name="a_notice"),
    path("notices/<int:pk>/publish", publish, name="a_notice_publish"),
    path("notices/<int:pk>/withdraw", withdraw, name="a_notice_withdraw"),
    path("notices/<int:pk>/files", attach, name="a_notice_attach"),
    path("notices/<int:pk>/files/<int:file>", download, name="a_notice_file"),
    path("notices/<int:pk>/files/<int:file>/remove", detach, name="a_notice_detach"),
]

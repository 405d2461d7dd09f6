"""消息模板: the words of the letters and short messages that the hall sends, by occasion."""

from django.contrib import messages
from django.http import Http404
from django.shortcuts import redirect, render
from django.urls import path, reverse
from django.views.decorators.http import require_http_methods, require_safe

from shebao.hall.errors import Refused
from shebao.hall.mail import wording
from shebao.hall.mail.models import Channel

from ..access import needs
from ..chosen import whole

TITLE = "消息模板"


@require_safe
@needs("configure")
def templates(request):
    """Every occasion, and whether the hall's own words hold."""
    rows = [
        {"key": key, "wording": one, "kept": wording.template_of(request.user.region, key)}
        for key, one in wording.WORDINGS.items()
    ]
    return render(request, "agency/templates.html", {"rows": rows, "title": TITLE})


@require_http_methods(["GET", "HEAD", "POST"])
@needs("configure")
def template(request, key):
    """One occasion: its words, how they would arrive, and its versions."""
    if key not in wording.WORDINGS:
        raise Http404
    own, kept = wording.WORDINGS[key], wording.template_of(request.user.region, key)
    past = wording.versions(request.user, key)
    subject = request.POST.get("subject", kept.subject if kept else own.subject)
    text = request.POST.get("text", kept.text if kept else own.text)
    error = None
    if request.method == "POST":
        try:
            if done := _write(request, key, subject, text):
                messages.success(request, done)
                return redirect("a_template", key)
        except Refused as no:
            error = no
    shown = wording.preview(key, subject, text)
    context = {
        "key": key,
        "own": own,
        "is_mail": own.channel == Channel.MAIL,
        "version": past[0].version if past else 0,
        "past": past,
        "fields": _fields(own, subject, text, error),
        "shown": {"subject": shown[0], "text": shown[1]},
        "places": [(f"{{{name}}}", words, example) for name, (words, example) in own.places.items()],
        "errors": [{"id": f"id_{error.field}" if error.field else "", "text": error.message}] if error else [],
        "crumbs": [{"label": TITLE, "url": reverse("a_templates")}, {"label": own.title}],
    }
    return render(request, "agency/template.html", context, status=error.status if error else 200)


def _write(request, key: str, subject: str, text: str) -> str:
    """Do what the button says; "" where it only asked to see it."""
    way, version = request.POST.get("way"), request.POST.get("version", "")
    seen = whole(version)
    if way == "restore":
        wording.restore_template(key, by=request.user, version=seen)
        return "已恢复默认文字。"
    if way == "save":
        wording.change_template(key, subject, text, by=request.user, version=seen)
        return "已保存，以后发出的按新的文字。"
    wording.check(key, subject, text)
    return ""


def _fields(own, subject: str, text: str, error: Refused | None) -> list[dict]:
    fields = [
        {"name": "subject", "label": "主题", "kind": "text", "maxlength": 100, "value": subject, "full": True},
        {"name": "text", "label": "正文", "kind": "textarea", "maxlength": 2000, "value": text, "full": True,
         "required": True},
    ]  # fmt: skip
    fields = fields if own.channel == Channel.MAIL else fields[1:]
    for field in fields:
        field["id"] = f"id_{field['name']}"
        if error and error.field == field["name"]:
            field["error"] = error.message
    return fields


urlpatterns = [
    path("templates/", templates, name="a_templates"),
    path("templates/<slug:key>", template, name="a_template"),
]

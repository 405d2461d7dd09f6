"""Pages for what went wrong: what happened, whether anything was done, and what to do next.

Each shows the number of its request (错误编号); the line of the log with that number says which page, whose account and
what kind of error it was, and nothing of what was typed.
"""

import logging
import sys

from django.http import HttpResponse, HttpResponseServerError
from django.shortcuts import render
from django.template import loader

from shebao.hall.errors import Refused
from shebao.hall.patience import is_busy, is_part_done

from ..access import public

logger = logging.getLogger("shebao.web")

RETRY_SECONDS = 30
TITLES = {
    400: "请求有误",
    403: "没有权限",
    404: "没有找到",
    409: "已有变化",
    410: "已经失效",
    422: "未能办理",
    429: "请稍后再试",
}


def show(request, status: int, text: str, *, title: str = ""):
    """An error page, or for a fragment request a banner."""
    context = {"title": title or TITLES.get(status, "未能办理"), "text": text, "status": status}
    context["number"] = _noted(request, status)
    if getattr(request, "htmx", False):
        return render(request, "errors/fragment.html", context, status=status)
    request.is_refused = True
    user = getattr(request, "user", None)
    name = "errors/inside.html" if user is not None and user.is_authenticated else "errors/outside.html"
    return render(request, name, context, status=status)


def _noted(request, status: int) -> str:
    """Write the line that ties the number on the page to the log; the name of the page, never what was asked for."""
    number, place = getattr(request, "number", ""), getattr(request, "resolver_match", None)
    # Whoever is not known yet is not looked up here: the database may be what failed.
    known = getattr(request, "_cached_user", None)
    logger.log(
        logging.ERROR if status >= 500 else logging.WARNING,
        "error %s: %s %s %s, account %s",
        number, status, request.method, place.url_name if place else "-", getattr(known, "pk", None) or "-",
    )  # fmt: skip
    return number


def refused(request, no: Refused):
    """A refusal that the view did not show itself."""
    return show(request, no.status, no.message)


@public
def bad_request(request, exception=None):
    """400: what was sent cannot be read. Or all was done but for the session, which others did not let be written."""
    if is_busy(exception):
        text = "系统正在写入一批较大的数据。刚才这一步可能已经办好：请先到列表里看一看，没有办成的再做一次。"
        response = show(request, 503, text, title="系统正忙")
        response["Retry-After"] = str(RETRY_SECONDS)
        return response
    return show(request, 400, "发来的内容不完整或格式不对，没有保存任何内容。请返回上一页重新操作。")


@public
def forbidden(request, exception=None):
    """403: not allowed."""
    return show(request, 403, "您的账号没有打开这个页面的权限，请联系管理员。")


@public
def not_found(request, exception=None):
    """404: not there, or not yours."""
    return show(request, 404, "这个地址没有内容，或者不属于您的单位。请检查网址，或返回后重新进入。")


def not_offered(request, response):
    """405 to somebody who typed the address of a step, or loads it again, or who sends a form to a page that is only
    looked at: where to go instead; `Allow` is kept.
    """
    title, text = "不能直接打开", "这个地址是办理中的一步，不能直接打开，没有保存任何内容。请返回后用页面上的按钮办理。"
    if request.method == "POST":
        title, text = "不能提交到这里", "这个页面只能查看，不收提交的内容，没有保存任何内容。请返回后重新打开页面办理。"
    page = show(request, 405, text, title=title)
    page["Allow"] = response["Allow"]
    return page


@public
def server_error(request):
    """500: our fault. Asks the database nothing: it may be what failed."""
    from ..shell import anonymous_shell

    if is_busy(sys.exc_info()[1]):
        return busy(request)
    number = _noted(request, 500)
    if getattr(request, "htmx", False):
        return HttpResponse(loader.render_to_string("errors/fault_fragment.html", {"number": number}), status=500)
    context = {"shell": anonymous_shell() | {"elder_url": ""}, "number": number}
    return HttpResponseServerError(loader.render_to_string("errors/fault.html", context))


@public
def busy(request):
    """503: others were writing for too long. Nothing of this step is kept, so the same step can be offered once more.

    A step of several transactions (a payment asks the bank between two) may have kept the first: then the page says so
    and offers no second press, which would meet its own change.

    Asks the database nothing. What was typed inside the hall goes into the page; files, and what is typed before
    sign-in, do not.
    """
    from ..shell import anonymous_shell

    number = _noted(request, 503)
    inside, is_part = request.path_info.startswith(("/e/", "/a/")), is_part_done()
    context = {
        "number": number,
        "is_look": request.method in ("GET", "HEAD"),
        "is_part": is_part,
        "has_files": bool(request.FILES),
        "again": [(name, one) for name, some in request.POST.lists() for one in some] if inside and not is_part else [],
        "address": request.get_full_path(),
    }
    if getattr(request, "htmx", False):
        response = HttpResponse(loader.render_to_string("errors/busy_fragment.html", context))
    else:
        context["shell"] = anonymous_shell() | {"elder_url": ""}
        response = HttpResponse(loader.render_to_string("errors/busy.html", context))
    response.status_code, response["Retry-After"] = 503, str(RETRY_SECONDS)
    return response


def csrf_failure(request, reason=""):
    """The form's token is missing or old: the page was open too long, or cookies are off."""
    return show(
        request,
        403,
        "页面打开的时间太长，或浏览器没有保存 Cookie，这次提交没有生效。请返回上一页，刷新后再提交一次。",
        title="页面已过期",
    )

"""银行代扣 at the agency: what waits, the files out, the returns back, and what of them did not fit."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import path
from django.views.decorators.http import require_POST, require_safe

from shebao.hall.errors import Refused
from shebao.hall.payments import debits
from shebao.hall.payments.models import DebitFile

from ..access import needs

SHOWN = 30


@require_safe
@needs("reconcile")
def files(request):
    """What waits for the next file, with the names that cannot be written, and the last files."""
    items = debits.waiting_items(request.user)
    rows = DebitFile.objects.visible_to(request.user).defer("content", "answer").select_related("made_by")[:SHOWN]
    ready = [one for one in items if not one.problems]
    context = {
        "ready": ready,
        "ready_fen": sum(one.payment.amount_fen for one in ready),
        "troubled": [one for one in items if one.problems],
        "form": debits.debit_form(request.user.region),
        "files": [{"file": one, "outcomes": list(debits.outcomes(one))} for one in rows],
    }
    return render(request, "agency/debits.html", context)


def _do(request, work, said: str):
    try:
        file = work()
    except Refused as no:
        for line in no.message.splitlines():
            messages.error(request, line)
    else:
        messages.success(request, said.format(file=file))
    return redirect("a_debits")


@require_POST
@needs("reconcile")
def make(request):
    """A file of all that waits."""
    return _do(
        request, lambda: debits.make_debit_file(by=request.user), "已生成代扣文件 {file.number}，{file.count} 笔。"
    )


@require_POST
@needs("reconcile")
def send(request, pk):
    """To the bank, over the line."""
    return _do(request, lambda: debits.send_debit_file(pk, by=request.user), "文件 {file.number} 已报送银行。")


@require_POST
@needs("reconcile")
def handed(request, pk):
    """To the bank, by hand."""
    return _do(request, lambda: debits.note_sent(pk, by=request.user), "已登记文件 {file.number} 送交银行。")


@require_POST
@needs("reconcile")
def fetch(request, pk):
    """The return, over the line."""
    return _do(request, lambda: debits.fetch_return(pk, by=request.user), "文件 {file.number} 的回盘已读入。")


@require_POST
@needs("reconcile")
def take(request, pk):
    """The return, as a file."""
    DebitFile.objects.visible_to(request.user).get(pk=pk)  # somebody else's is not there, whatever was sent along
    upload = request.FILES.get("back")
    if upload is None:
        messages.error(request, "请先选择银行的回盘文件。")
        return redirect("a_debits")
    content = upload.read(debits.LARGEST + 1)
    return _do(request, lambda: debits.take_return(pk, content, by=request.user), "文件 {file.number} 的回盘已读入。")


@require_safe
@needs("reconcile")
def download(request, pk):
    """The file as the bank gets it."""
    file = DebitFile.objects.visible_to(request.user).get(pk=pk)
    response = HttpResponse(debits.content_of(file), content_type="application/octet-stream")
    response["Content-Disposition"] = f'attachment; filename="{file.number}.txt"'
    response["Cache-Control"] = "no-store"
    return response


urlpatterns = [
    path("debits/", files, name="a_debits"),
    path("debits/make", make, name="a_debit_make"),
    path("debits/<int:pk>/send", send, name="a_debit_send"),
    path("debits/<int:pk>/handed", handed, name="a_debit_handed"),
    path("debits/<int:pk>/fetch", fetch, name="a_debit_fetch"),
    path("debits/<int:pk>/take", take, name="a_debit_take"),
    path("debits/<int:pk>/file", download, name="a_debit_file"),
]

"""数字证书: bound to operators by the employer's administrator or by the agency, and taken away again."""

from functools import wraps

from django.contrib import messages
from django.http import Http404
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST

from shebao.hall.errors import Refused
from shebao.hall.operators.models import Operator
from shebao.hall.sign_in import certificates as operations

from ..access import needs
from ..chosen import left_empty

LARGEST = 100_000
LOST = {"username": "请填写或选择操作员。", "file": "请选择证书文件。"}


def where_offered(view):
    """The page is not there in a region where nobody signs in by certificate, as it is not in the menu."""

    @wraps(view)
    def asked(request, *args, **kwargs):
        if not operations.is_offered_to(request.user):
            raise Http404
        return view(request, *args, **kwargs)

    return asked


@require_http_methods(["GET", "HEAD", "POST"])
@needs("manage_operators", "review")
@where_offered
def certificates(request):
    """Those in force; a POST binds another."""
    errors, status, username = [], 200, request.POST.get("username", "").strip()
    if request.method == "POST":
        errors = left_empty(request, LOST)
        status = 422 if errors else 200
    if request.method == "POST" and not errors:
        try:
            made = operations.bind_certificate(username, request.FILES["file"].read(LARGEST), by=request.user)
        except Operator.DoesNotExist:
            errors, status = [{"id": "username", "text": "没有这个账号，请核对后再填。"}], 422
        except Refused as no:
            errors, status = [{"id": no.field or "file", "text": no.message}], no.status
        else:
            messages.success(request, f"已绑定{made.operator.name}的数字证书。")
            return redirect("certificates")
    account = {"id": "username", "name": "username", "label": "操作员账号", "kind": "text", "required": True,
               "full": True, "value": username, "maxlength": 60}  # fmt: skip
    if found := operations.colleagues(request.user):
        options = [(one.username, f"{one.name}（{one.username}）") for one in found]
        account |= {"label": "操作员", "kind": "choice", "options": options, "placeholder": "请选择"}
    file = {"id": "file", "name": "file", "label": "证书文件", "kind": "file", "required": True, "full": True,
            "accept": ".cer,.crt,.pem", "hint": "不含私钥的证书，扩展名 .cer、.crt 或 .pem"}  # fmt: skip
    for field in (account, file):
        field["error"] = next((error["text"] for error in errors if error["id"] == field["id"]), "")
    context = {"errors": errors, "rows": operations.bound_certificates(request.user), "fields": [account, file]}
    return render(request, "account/certificates.html", context, status=status)


@require_POST
@needs("manage_operators", "review")
def unbind(request, pk):
    """Nobody signs in with it from now on."""
    found = operations.unbind_certificate(pk, by=request.user)
    messages.success(request, f"已解除{found.operator.name}的数字证书。")
    return redirect("certificates")

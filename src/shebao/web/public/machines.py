"""Addresses that machines call: is the hall alive, can it work, and the bank's notices."""

from django.db import DatabaseError, connection
from django.http import HttpResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST, require_safe

from shebao.hall.errors import Refused
from shebao.hall.payments import operations
from shebao.hall.regions import all_regions

from ..access import public


@public
@require_safe
def healthz(request):
    """The process answers; asks nothing else."""
    return HttpResponse("ok", content_type="text/plain; charset=utf-8")


@public
@require_safe
def readyz(request):
    """The database answers and the regions are loaded; otherwise 503."""
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
        all_regions()
    except DatabaseError:
        return HttpResponse("database", status=503, content_type="text/plain; charset=utf-8")
    return HttpResponse("ok", content_type="text/plain; charset=utf-8")


@public
@csrf_exempt
@require_POST
def pay_notice(request):
    """The bank tells the outcome of a payment (maybe repeatedly); its signature is its only credential."""
    try:
        outcome = operations.receive_notice(request.headers, request.body)
    except Refused as no:
        return HttpResponse(no.code, status=no.status, content_type="text/plain; charset=utf-8")
    return HttpResponse(outcome, content_type="text/plain; charset=utf-8")

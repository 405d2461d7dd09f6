"""Proving once more who one is, before something that a forgotten screen must not allow (再次验证)."""

import time

from shebao.hall.errors import Refused

PROVED_AT = "proved_at"
FRESH_SECONDS = 15 * 60


def is_proved(request) -> bool:
    """Whether the password was typed in this session within the last quarter of an hour."""
    since = time.time() - request.session.get(PROVED_AT, 0)
    return 0 <= since <= FRESH_SECONDS


def prove(request, password: str) -> None:
    """Check the password, unless it was checked a short while ago. Raises Refused at the field."""
    if is_proved(request):
        return
    if not password:
        raise Refused("proof_missing", "请输入登录密码，确认是您本人在操作。", field="password")
    if not request.user.check_password(password):
        raise Refused("wrong_password", "密码不对，请重新输入。", field="password")
    request.session[PROVED_AT] = int(time.time())

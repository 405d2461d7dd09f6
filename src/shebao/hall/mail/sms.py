"""Short messages through an HTTP gateway (短信网关): one POST of JSON, taken when it is answered with 2xx."""

import json
from urllib.request import Request, urlopen

from django.conf import settings

SECONDS = 20


def send_message(phone: str, text: str, *, number: int) -> None:
    """Give one message to the gateway. Raises OSError when it did not take it.

    `number` is the same when a message is repeated, so that the gateway can tell.
    """
    body = json.dumps({"id": str(number), "to": phone, "text": text}, ensure_ascii=False).encode()
    headers = {"Content-Type": "application/json; charset=utf-8"}
    if settings.SHEBAO_SMS_KEY:
        headers["Authorization"] = f"Bearer {settings.SHEBAO_SMS_KEY}"
    # HTTPError (not 2xx) and URLError are OSErrors.
    with urlopen(Request(settings.SHEBAO_SMS_URL, data=body, headers=headers), timeout=SECONDS):
        pass

"""A gateway for short messages that takes what it is given, for tests of what is sent."""

import json
import re
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest


@pytest.fixture
def gateway(settings):
    """A gateway for short messages on this machine; `taken` is what it was given, `answer` what it says."""

    class Gateway(BaseHTTPRequestHandler):
        def do_POST(self):
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            self.server.taken.append((self.headers["Authorization"], body))
            self.send_response(self.server.answer)
            self.end_headers()

        def log_message(self, *args):
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Gateway) as made:
        made.taken, made.answer = [], 202
        threading.Thread(target=made.serve_forever, daemon=True).start()
        settings.SHEBAO_SMS_URL = f"http://127.0.0.1:{made.server_port}/send"
        settings.SHEBAO_SMS_KEY = "key"
        yield made
        made.shutdown()


def code_of(gateway) -> str:
    """The code in the last message."""
    return re.search(r"验证码 (\d{6})", gateway.taken[-1][1]["text"])[1]

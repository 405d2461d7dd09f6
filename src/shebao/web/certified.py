"""Signatures that a page asks for: from the signer on the visitor's own machine, or as a file."""

import base64
import binascii

from csp.decorators import csp_update

from shebao.hall.errors import Refused

SIGNER = "http://127.0.0.1:8317"
LARGEST = 100_000


def signer_allowed(view):
    """The page may ask the signer on the visitor's own machine, and nobody else."""
    return csp_update({"connect-src": [SIGNER]})(view)


def signature_in(request) -> bytes:
    """What was signed: by the local signer, as text, or as a file. Raises Refused."""
    file = request.FILES.get("file")
    if file:
        return file.read(LARGEST)
    try:
        found = base64.b64decode(request.POST.get("signature", ""), validate=True)
    except (binascii.Error, ValueError):
        found = b""
    if not found:
        raise Refused(
            "no_signature", "请先用证书签名：用本机签名程序，或下载后签名、再上传 .p7s 文件。", field="signature"
        )
    return found

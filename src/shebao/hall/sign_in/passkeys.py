"""Passkeys (通行密钥): WebAuthn through the fido2 library; this installation is known by its host name."""

import json
import struct

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from django.db import transaction
from fido2.server import Fido2Server
from fido2.utils import websafe_decode, websafe_encode
from fido2.webauthn import (
    AttestedCredentialData,
    PublicKeyCredentialRpEntity,
    PublicKeyCredentialUserEntity,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from .. import clock
from ..audit.operations import record
from ..crypto import blind_index
from ..errors import Refused
from ..operators.models import Operator
from .models import Factor, FactorKind
from .sessions import end_weak_sessions

TITLE = "企业社保网厅"
MOST = 10
NOT_TAKEN = "没有验证成功：通行密钥不对，或操作已超时。请再试一次。"
UNREADABLE = (
    *(ValueError, LookupError, TypeError, AttributeError, RecursionError, struct.error),
    *(InvalidSignature, UnsupportedAlgorithm),
)
"""What the library raises about an answer that no authenticator gave."""


def server(host: str) -> Fido2Server:
    """The library's server for this host (without its port). It takes https, and http from localhost alone."""
    return Fido2Server(PublicKeyCredentialRpEntity(id=host, name=TITLE))


def begin_adding(operator: Operator, host: str) -> tuple[dict, dict]:
    """What the browser is asked to make, and what the session must keep until it answers."""
    user = PublicKeyCredentialUserEntity(id=_handle(operator), name=operator.username, display_name=operator.name)
    options, state = server(host).register_begin(
        user,
        [_credential(one) for one in _own(operator)],
        resident_key_requirement=ResidentKeyRequirement.PREFERRED,
        user_verification=UserVerificationRequirement.REQUIRED,
    )
    return dict(options), state


def _handle(operator: Operator) -> bytes:
    # No personal data: a digest tells the authenticator that two keys are of one account.
    return bytes.fromhex(blind_index("passkey-user", str(operator.pk)))


@transaction.atomic
def add_passkey(state: dict, answer: str, label: str, host: str, *, by: Operator, session: str = "") -> Factor:
    """Keep the passkey that the browser made (添加通行密钥). Raises Refused.

    Sessions that were opened without a second factor end, except the one with the key `session`.
    """
    if _own(by).count() >= MOST:
        raise Refused("too_many", f"一个账号最多 {MOST} 个通行密钥，请先删除不用的。")
    try:
        made = server(host).register_complete(state, _said(answer))
    except UNREADABLE:
        raise Refused("not_taken", NOT_TAKEN) from None
    data = made.credential_data
    found = Factor.objects.create(
        operator=by,
        kind=FactorKind.PASSKEY,
        label=label.strip()[:60] or "通行密钥",
        secret={"credential": websafe_encode(bytes(data))},
        counter=made.counter,
        digest=_digest(data.credential_id),
        made_at=clock.now(),
    )
    record("factor.added", found, by=by, employer=by.employer, kind=FactorKind.PASSKEY.value)
    end_weak_sessions(by, but=session)
    return found


def begin_proving(operator: Operator | None, host: str) -> tuple[dict, dict]:
    """What the browser is asked to sign: with a passkey of this operator, or of whoever has one here."""
    credentials = [_credential(one) for one in _own(operator)] if operator else None
    options, state = server(host).authenticate_begin(
        credentials, user_verification=UserVerificationRequirement.REQUIRED
    )
    return dict(options), state


@transaction.atomic
def prove_by_passkey(state: dict, answer: str, host: str, operator: Operator | None = None) -> Operator:
    """Whose passkey signed; of `operator` alone where one is given. Raises Refused in words."""
    try:
        said = _said(answer)
        digest = _digest(websafe_decode(said["id"]))
        rows = Factor.objects.select_for_update(of=("self",)).select_related("operator__employer")
        found = rows.filter(kind=FactorKind.PASSKEY, digest=digest, operator__is_active=True).first()
        if found is None or (operator and found.operator_id != operator.pk):
            raise ValueError("unknown passkey")
        server(host).authenticate_complete(state, [_credential(found)], said)
        count = _counter(said)
    except UNREADABLE:
        raise Refused("not_taken", NOT_TAKEN) from None
    # A count that does not rise tells of a copied key; authenticators that do not count always say 0.
    if count and count <= found.counter:
        raise Refused("not_taken", "这个通行密钥可能被复制过，已拒绝。请删除它后重新添加。")
    found.counter, found.used_at = count, clock.now()
    found.save(update_fields=["counter", "used_at"])
    return found.operator


def _said(answer: str) -> dict:
    """What our page sends: letters alone. Raises one of UNREADABLE where it is anything else."""
    said = json.loads(answer)
    response, named = said["response"], {name: said[name] for name in ("id", "rawId", "type")}
    if not all(isinstance(one, str) for one in (*named.values(), *response.values())):
        raise ValueError("the library takes a number for as many bytes of memory")
    return named | {"response": response}


def _counter(said: dict) -> int:
    # Authenticator data: 32 bytes hash of the host, 1 byte flags, 4 bytes count.
    return int.from_bytes(websafe_decode(said["response"]["authenticatorData"])[33:37], "big")


def _own(operator: Operator):
    return Factor.objects.filter(operator=operator, kind=FactorKind.PASSKEY)


def _credential(factor: Factor) -> AttestedCredentialData:
    return AttestedCredentialData(websafe_decode(factor.secret["credential"]))


def _digest(credential_id: bytes) -> str:
    return blind_index("passkey", websafe_encode(credential_id))

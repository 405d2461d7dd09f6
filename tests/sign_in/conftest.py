"""Two employers with their people, certificates for trying, and a clock that can be moved."""

import base64
import io
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import lru_cache
from itertools import count
from types import SimpleNamespace

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.hashes import SHA1
from cryptography.hazmat.primitives.twofactor.totp import TOTP
from django.test import Client, TestCase

from shebao.cli.signer import Signer
from shebao.hall import clock
from shebao.hall.operators.models import Role
from shebao.hall.sign_in import trial_authority
from shebao.hall.sign_in.trial_authority import TrialAuthority

from ..web.conftest import PASSWORD, make_employer, make_operator

P12_PASSWORD = "p12-password"


@pytest.fixture
def employer(db):
    return make_employer("1", "certificate_city")


@pytest.fixture
def other_employer(db):
    return make_employer("2", "certificate_city")


@pytest.fixture
def clerk(employer):
    return make_operator("clerk", Role.CLERK, employer)


@pytest.fixture
def boss(employer):
    return make_operator("boss", Role.EMPLOYER_ADMIN, employer)


@pytest.fixture
def elsewhere(other_employer):
    return make_operator("elsewhere", Role.CLERK, other_employer)


@pytest.fixture
def reviewer(db):
    return make_operator("reviewer", Role.REVIEWER, region="certificate_city")


@lru_cache
def key(bits: int, number: int) -> rsa.RSAPrivateKey:
    """Made once in a process: to find its primes takes longer than what is tried with it."""
    return rsa.generate_private_key(65537, bits)


@pytest.fixture(autouse=True)
def kept_keys(monkeypatch):
    """Within a test no two keys are the same; the next test is given the same ones again."""
    numbers = count()
    ring = SimpleNamespace(generate_private_key=lambda _exponent, bits: key(bits, next(numbers)))
    monkeypatch.setattr(trial_authority, "rsa", ring)


@pytest.fixture
def authority(tmp_path, settings):
    """An authority whose certificates count, made just now."""
    settings.SHEBAO_TEST_CA_DIR = tmp_path / "test-ca"
    return TrialAuthority(settings.SHEBAO_TEST_CA_DIR, datetime.now(UTC))


@pytest.fixture
def issued(authority, tmp_path):
    """Issue a certificate to an operator: its PEM and the signer that holds its key."""

    def issue(operator, name="", **more):
        employer = operator.employer
        certificate, sealed = authority.issue(operator.name, employer.name, employer.credit_code, P12_PASSWORD, **more)
        file = tmp_path / f"{name or operator.username}.p12"
        file.write_bytes(sealed)
        return certificate, Signer(file, P12_PASSWORD)

    return issue


def sign_in(client, username="clerk", password=PASSWORD, **more):
    return client.post("/login", {"username": username, "password": password, **more})


def signed_in(username="clerk", **more) -> Client:
    """A browser in which somebody signed in through the page."""
    client = Client(**more)
    assert sign_in(client, username).status_code == 302
    return client


def as_file(signature: bytes):
    file = io.BytesIO(signature)
    file.name = "signed.p7s"
    return file


def as_text(signature: bytes) -> str:
    return base64.b64encode(signature).decode()


@contextmanager
def committed():
    """What waits for the end of the transaction is done."""
    with TestCase.captureOnCommitCallbacks(execute=True):
        yield


def code_of(key: str, moment=None) -> str:
    """What an authenticator with this key shows."""
    at = int((moment or clock.now()).timestamp())
    return TOTP(base64.b32decode(key), 6, SHA1(), 30, enforce_key_length=False).generate(at).decode()

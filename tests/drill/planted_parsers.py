"""Readers with a fault, for the fuzzer to find."""

from drill.parser_targets import Target

HERE = ("tests.drill.planted_parsers",)


def seeds():
    return [b"amount=0"]


def _letters(data: bytes) -> None:
    if data[:1] == b"f" and data[1:2] == b"a":
        raise IndexError("planted")
    if not data.startswith(b"amount="):
        raise ValueError("refused")


def _endless(data: bytes) -> None:
    while data != b"amount=0":
        pass


def _large(data: bytes) -> None:
    assert data == b"amount=0" or b"x" * 700_000_000


FAULTY = Target(_letters, seeds, "builtins:ValueError", HERE)
ENDLESS = Target(_endless, seeds, "", HERE, seconds=1)
LARGE = Target(_large, seeds, "", HERE, memory_mb=500)
SOUND = Target(lambda data: data.decode("ascii"), seeds, "builtins:UnicodeDecodeError", HERE)

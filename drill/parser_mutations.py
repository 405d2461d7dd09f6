"""Changes inside a structure: a sum or a length that no longer fits would be all that a reader sees of an input.

Each takes (data, most bytes, seed) as the fuzzer gives them, changes one part by the fuzzer's own mutation and writes
the whole around it anew. One input in four is changed anywhere, as without a structure.
"""

from __future__ import annotations

import io
import json
import random
import struct
import warnings
import zipfile
import zlib
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable, Iterator
from functools import wraps


def _mutate(data: bytes, most: int) -> bytes:
    import atheris

    return atheris.Mutate(data, max(most, 1))


def _structured(change: Callable[[bytes, int, random.Random], bytes]):
    @wraps(change)
    def mutated(data: bytes, most: int, seed: int) -> bytes:
        chance = random.Random(seed)  # noqa: S311
        if chance.random() < 0.25:
            return _mutate(data, most)
        try:
            made = change(data, most, chance)
        except (ValueError, LookupError, struct.error, zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError,
                RuntimeError, OSError, AttributeError, TypeError, RecursionError):  # fmt: skip
            made = _mutate(data, most)  # nothing of the structure is left
        return made if len(made) <= most else _mutate(data, most)

    return mutated


@_structured
def in_zip(data: bytes, most: int, chance: random.Random) -> bytes:
    """One member of a zip."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        members = [(info.filename, archive.read(info)) for info in archive.infolist()]
    place = chance.randrange(len(members))
    name, body = members[place]
    members[place] = (name, _mutate(body, len(body) + 200))
    made = io.BytesIO()
    with warnings.catch_warnings(), zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as new:
        warnings.simplefilter("ignore")  # two members of one name are an input, too
        for name, body in members:
            new.writestr(name, body)
    return made.getvalue()


@_structured
def in_chunks(data: bytes, most: int, chance: random.Random) -> bytes:
    """One chunk of a PNG, unpacked where it is packed; of anything else any byte."""
    head, at, chunks = data[:8], 8, []
    if head != b"\x89PNG\r\n\x1a\n":
        return _mutate(data, most)
    while at + 12 <= len(data):
        (size,) = struct.unpack_from(">I", data, at)
        chunks.append((data[at + 4 : at + 8], data[at + 8 : at + 8 + size]))
        at += 12 + size
    place = chance.randrange(len(chunks))
    name, body = chunks[place]
    if name == b"IDAT" and chance.random() < 0.5:
        body = zlib.compress(_mutate(zlib.decompressobj().decompress(body, 100_000), 100_000))
    else:
        body = _mutate(body, len(body) + 50)
    chunks[place] = (name, body)
    made = [
        struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body)) for name, body in chunks
    ]
    return head + b"".join(made)


@_structured
def in_der(data: bytes, most: int, chance: random.Random) -> bytes:
    """One value of a DER structure, at any depth; the lengths around it fit again."""
    nodes = list(_nodes(data, 0, len(data), ()))
    path = chance.choice(nodes)
    (_, start, end), above = path[-1], path[:-1]
    body = _mutate(data[start:end], end - start + 40) if chance.random() < 0.9 else b""
    inner, begin, finish = body, start, end
    for at, first, last in reversed((*above, path[-1])):
        if (at, first, last) != path[-1]:
            inner = data[first:begin] + inner + data[finish:last]
        inner, begin, finish = data[at : at + 1] + _length(len(inner)) + inner, at, last
    return data[:begin] + inner + data[finish:]


def _nodes(data: bytes, at: int, end: int, above: tuple) -> Iterator[tuple]:
    """The path to every value: (where its tag is, where its content begins, where it ends) of each above it."""
    while at + 2 <= end:
        first, size = at + 2, data[at + 1]
        if size & 0x80:
            count = size & 0x7F
            first, size = at + 2 + count, int.from_bytes(data[at + 2 : at + 2 + count], "big")
        if first + size > end:
            return
        path = (*above, (at, first, first + size))
        yield path
        if data[at] & 0x20 and len(path) < 30:
            yield from _nodes(data, first, first + size, path)
        at = first + size


def _length(size: int) -> bytes:
    if size < 0x80:
        return bytes([size])
    digits = size.to_bytes((size.bit_length() + 7) // 8, "big")
    return bytes([0x80 | len(digits)]) + digits


@_structured
def in_passkeys(data: bytes, most: int, chance: random.Random) -> bytes:
    """One of the values that an authenticator sends as letters."""
    said = json.loads(data)
    name = chance.choice(list(said["response"]))
    text = said["response"][name]
    body = _mutate(urlsafe_b64decode(text + "=" * (-len(text) % 4)), len(text) + 50)
    said["response"][name] = urlsafe_b64encode(body).decode().rstrip("=")
    return json.dumps(said).encode()

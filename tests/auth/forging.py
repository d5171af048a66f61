"""Every way we know to forge a token, each under a name that says what is wrong with it."""

import base64
import hashlib
import hmac
import json
import time
from collections.abc import Iterator
from typing import Any
from uuid import uuid4

from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

ANOTHER_JTI = "the jti of a token that its session was never given"


def encode(part: Any) -> str:
    raw = part if isinstance(part, bytes) else json.dumps(part).encode()
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def sign(header: Any, payload: Any, key: bytes, digest: str = "sha256") -> str:
    """A token with a good HMAC, whatever its parts are."""
    signed = f"{encode(header)}.{encode(payload)}"
    return f"{signed}.{encode(hmac.new(key, signed.encode(), digest).digest())}"


def forge(header: dict[str, Any], claims: dict[str, Any], key: bytes) -> Iterator[tuple[str, str]]:
    """Name and token. Each differs from a good one in what its name says; most are even signed with the right key."""
    yield from _unsigned(header, claims, key)
    yield from _other_algorithms(header, claims, key)
    yield from _headers(header, claims, key)
    yield from _claims(header, claims, key)
    yield from _shapes(header, claims, key)


def _unsigned(header: dict[str, Any], claims: dict[str, Any], key: bytes) -> Iterator[tuple[str, str]]:
    good = sign(header, claims, key)
    for none in ("none", "None", "NONE", "nOnE", "", None):
        yield f"alg {none!r} without a signature", f"{encode(header | {'alg': none})}.{encode(claims)}."
        yield f"alg {none!r} with the good signature", f"{encode(header | {'alg': none})}.{good.split('.', 1)[1]}"
    yield "no signature", good.rsplit(".", 1)[0] + "."
    yield "an empty key", sign(header, claims, b"")
    yield "another key", sign(header, claims, b"k" * 32)
    yield "the key's name as key", sign(header, claims, str(header["kid"]).encode())
    yield "a signature of zeros", good.rsplit(".", 1)[0] + "." + encode(b"\0" * 32)
    yield "a signature cut in half", good.rsplit(".", 1)[0] + "." + good.rsplit(".", 1)[1][:20]
    yield (
        "claims changed after signing",
        f"{encode(header)}.{encode(claims | {'sub': str(uuid4())})}.{good.split('.')[2]}",
    )


def _other_algorithms(header: dict[str, Any], claims: dict[str, Any], key: bytes) -> Iterator[tuple[str, str]]:
    yield "HS384 by the right key", sign(header | {"alg": "HS384"}, claims, key, "sha384")
    yield "HS512 by the right key", sign(header | {"alg": "HS512"}, claims, key, "sha512")
    yield "HS384 in the header alone", sign(header | {"alg": "HS384"}, claims, key)
    yield "hs256 in small letters", sign(header | {"alg": "hs256"}, claims, key)
    private = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    public = private.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    yield "RS256 with an HMAC of the right key", sign(header | {"alg": "RS256"}, claims, key)
    yield "RS256 whose public key is the HMAC key", sign(header | {"alg": "RS256"}, claims, public)
    curve = ec.generate_private_key(ec.SECP256R1()).public_key().public_numbers()
    jwk = {"kty": "EC", "crv": "P-256", "x": encode(curve.x.to_bytes(32)), "y": encode(curve.y.to_bytes(32))}
    yield "ES256 with a key of its own", sign(header | {"alg": "ES256", "jwk": jwk}, claims, key)
    yield "an unknown algorithm", sign(header | {"alg": "HS257"}, claims, key)
    yield "a list of algorithms", sign(header | {"alg": ["HS256"]}, claims, key)
    yield "no algorithm", sign({"typ": "JWT", "kid": header["kid"]}, claims, key)


def _headers(header: dict[str, Any], claims: dict[str, Any], key: bytes) -> Iterator[tuple[str, str]]:
    kids: list[Any] = ["../../../../dev/null", "/etc/passwd", "' or 1=1 --", "unknown", "", None, 1, True]
    kids += [["derived"], {"derived": 1}, header["kid"] + "\0", header["kid"].upper() + " ", "k" * 3000]
    for kid in kids:
        yield f"kid {str(kid)[:20]!r} ({type(kid).__name__})", sign(header | {"kid": kid}, claims, key)
    yield "kid null, with an empty key", sign(header | {"kid": None}, claims, b"")
    yield "no kid", sign({"typ": "JWT", "alg": "HS256"}, claims, key)
    for crit in (["exp"], ["b64"], [], "exp", None):
        yield f"crit {crit!r}", sign(header | {"crit": crit}, claims, key)
    for more in ({"jku": "https://evil.example/keys"}, {"x5u": "https://evil.example"}, {"x5c": ["a"]}, {"cty": "JWT"}):
        yield f"header {more}", sign(header | more, claims, key)
    yield "a key of its own in the header", sign(header | {"jwk": {"kty": "oct", "k": encode(key)}}, claims, key)
    yield "zip", sign(header | {"zip": "DEF"}, claims, key)
    yield "b64 false", sign(header | {"b64": False, "crit": ["b64"]}, claims, key)
    yield "an at+jwt", sign(header | {"typ": "at+jwt"}, claims, key)
    yield "a JWE's type", sign(header | {"typ": "JWE"}, claims, key)
    yield "no type of token", sign({"alg": "HS256", "kid": header["kid"]}, claims, key)


def _claims(header: dict[str, Any], claims: dict[str, Any], key: bytes) -> Iterator[tuple[str, str]]:
    now = int(time.time())
    changes: list[dict[str, Any]] = [
        {"type": "refresh"}, {"type": "admin"}, {"type": None}, {"type": ["access"]}, {"type": ""},
        {"aud": "another"}, {"aud": []}, {"aud": None}, {"aud": 1},
        {"iss": "another"}, {"iss": None}, {"iss": ["tiktok-api"]}, {"iss": ""},
        {"aud": ["tiktok-api"]}, {"aud": ["tiktok-api", "another"]},
        {"exp": now + 10**9}, {"exp": str(now + 9999)}, {"exp": now + 9999.5}, {"exp": 10**30}, {"exp": True},
        {"iat": None}, {"iat": str(now)}, {"iat": float(now)}, {"iat": 0}, {"iat": -1}, {"iat": now + 60, "exp": now + 86_460},
        {"sub": str(uuid4())}, {"nbf": "x"},
        {"exp": now - 1}, {"exp": 0}, {"exp": -1}, {"exp": "soon"}, {"exp": None}, {"exp": [now + 99]}, {"exp": {}},
        {"iat": now + 9999}, {"iat": "yesterday"}, {"nbf": now + 9999}, {"nbf": "tomorrow"},
        {"sub": str(uuid4()), "sid": str(uuid4())}, {"sub": None}, {"sub": 1}, {"sub": "me"}, {"sub": ["a"]}, {"sub": ""},
        {"sid": str(uuid4())}, {"sid": None}, {"sid": 1}, {"sid": "all"}, {"sid": []}, {"sid": "' or 1=1 --"},
        {"jti": None}, {"jti": 1}, {"jti": "x"}, {"jti": []}, {"jti": ""}, {"tz": ["UTC"]}, {"tz": None},
    ]  # fmt: skip
    for change in changes:
        yield f"claims {change}", sign(header, claims | change, key)
    for name in ("exp", "jti", "sid", "sub", "aud", "iss", "type", "tz"):
        yield f"no {name}", sign(header, {k: v for k, v in claims.items() if k != name}, key)
    yield ANOTHER_JTI, sign(header, claims | {"jti": str(uuid4())}, key)
    good = json.dumps(claims)
    yield "exp beyond all numbers", sign(header, re_exp(good, "1e999"), key)
    yield "exp not a number", sign(header, re_exp(good, "NaN"), key)


def re_exp(claims: str, number: str) -> bytes:
    return json.dumps({**json.loads(claims), "exp": "EXP"}).replace('"EXP"', number).encode()


def _shapes(header: dict[str, Any], claims: dict[str, Any], key: bytes) -> Iterator[tuple[str, str]]:
    good = sign(header, claims, key)
    for name, payload in {
        "a list": [claims], "a string": "claims", "a number": 1, "null": None, "nothing": b"", "no JSON": b"{",
        "a byte order mark": b"\xef\xbb\xbf" + json.dumps(claims).encode(), "no UTF-8": b'{"sub": "\xff"}',
        "UTF-16": json.dumps(claims).encode("utf-16"), "deeply nested": b"[" * 1500 + b"]" * 1500,
    }.items():  # fmt: skip
        if name not in ("UTF-16", "a byte order mark"):  # JSON all the same, to the standard library
            yield f"{name} for claims", sign(header, payload, key)
        yield f"{name} for a header", sign(payload, claims, key)
    yield "a token in a token", sign(header, good.encode(), key)
    yield "padded parts", ".".join(part + "=" for part in good.split("."))
    yield "two signatures", good + "." + good.rsplit(".", 1)[1]
    yield "five parts, as a JWE", good + ".a.b"
    yield "two parts", good.rsplit(".", 1)[0]
    yield "one part", good.split(".")[0]
    yield "nothing but dots", ".."
    yield "cut short", good[:-1]
    yield "cut in the middle", good[: len(good) // 2]
    yield "huge", sign(header, claims | {"more": "x" * 10_000}, key)
    yield "hundreds of dots", "." * 4000
    yield "a space inside", good[:40] + " " + good[40:]
    yield "a quoted token", f'"{good}"'
    yield "the standard alphabet", good[:-1] + "+"
    yield "not ASCII", good[:-1] + "é"
    yield "full-width letters", "ｅｙＪ" + good[3:]
    yield "a hash", hashlib.sha256(good.encode()).hexdigest()

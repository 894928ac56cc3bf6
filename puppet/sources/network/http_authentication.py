"""User and password as HTTP and RTSP ask for them: Basic (RFC 7617) and Digest (RFC 7616)."""

from __future__ import annotations

import base64
import hashlib
import re
import secrets
from collections.abc import Iterable

HASHES = {"MD5": "md5", "SHA-256": "sha256"}
PART = re.compile(r'([a-zA-Z0-9_-]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s,"]+))')


class Login:
    """Answers a server's challenges. The password is sent readable only where nothing better is offered."""

    def __init__(self, user: str, password: str) -> None:
        self._user, self._password = user, password
        self._digest: dict[str, str] | None = None
        self._basic = False
        self._count = 0

    def challenged(self, challenges: Iterable[str]) -> bool:
        """Choose the best of the schemes that a server offers (WWW-Authenticate); False when none is known here."""
        self._digest, self._basic = None, False
        for challenge in challenges:
            for scheme, words in _split(challenge):
                if scheme == "basic":
                    self._basic = True
                elif scheme == "digest" and words.get("nonce"):
                    base = words.get("algorithm", "MD5").upper().removesuffix("-SESS")
                    qop = [one.strip() for one in words.get("qop", "").lower().split(",")]
                    better = self._digest is None or base == "SHA-256"
                    if base in HASHES and better and ("auth" in qop or qop == [""]):
                        self._digest, self._count = words, 0
        return self._basic or self._digest is not None

    def header(self, method: str, target: str) -> str | None:
        """The Authorization of one request; None before any challenge."""
        if self._digest is not None:
            return self._digest_header(self._digest, method, target)
        if self._basic:
            return "Basic " + base64.b64encode(f"{self._user}:{self._password}".encode()).decode()
        return None

    def _digest_header(self, words: dict[str, str], method: str, target: str) -> str:
        algorithm = words.get("algorithm", "MD5").upper()
        name = HASHES[algorithm.removesuffix("-SESS")]

        def of(text: str) -> str:
            return hashlib.new(name, text.encode(), usedforsecurity=False).hexdigest()

        self._count += 1
        count, own = f"{self._count:08x}", secrets.token_hex(8)
        realm, nonce = words.get("realm", ""), words["nonce"]
        user = of(f"{self._user}:{realm}:{self._password}")
        if algorithm.endswith("-SESS"):
            user = of(f"{user}:{nonce}:{own}")
        asked = of(f"{method}:{target}")
        parts = {"username": self._user, "realm": realm, "nonce": nonce, "uri": target}
        rest = ""
        if words.get("qop"):
            parts |= {"response": of(f"{user}:{nonce}:{count}:{own}:auth:{asked}"), "cnonce": own}
            rest = f", qop=auth, nc={count}"
        else:
            parts["response"] = of(f"{user}:{nonce}:{asked}")
        if "opaque" in words:
            parts["opaque"] = words["opaque"]
        if "algorithm" in words:
            rest += f", algorithm={algorithm.replace('SESS', 'sess')}"
        return "Digest " + ", ".join(f'{key}="{_quotable(value)}"' for key, value in parts.items()) + rest


def _split(challenge: str) -> list[tuple[str, dict[str, str]]]:
    """'Digest realm="a", nonce="b", Basic realm="c"' -> [("digest", {...}), ("basic", {...})]."""
    found: list[tuple[str, dict[str, str]]] = []
    for piece in re.split(r"(?i)(?:^|,)\s*(?=(?:basic|digest)\b(?!\s*=))", challenge[:8192]):
        scheme, _, rest = piece.strip().partition(" ")
        if scheme.lower() in ("basic", "digest"):
            words = {key.lower(): quoted or plain for key, quoted, plain in PART.findall(rest)}
            found.append((scheme.lower(), words))
    return found


def _quotable(text: str) -> str:
    return re.sub(r"[\x00-\x1f\x7f]", "", text).replace('"', "")

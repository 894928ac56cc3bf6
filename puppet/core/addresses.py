"""Addresses of network cameras: taken apart, and shown without what is secret in them."""

from __future__ import annotations

import contextlib
import re
from dataclasses import dataclass, replace
from urllib.parse import quote, unquote, urljoin, urlsplit

from puppet.core.errors import SourceError
from puppet.core.texts import one_line

PORTS = {"http": 80, "https": 443, "rtsp": 554, "rtsps": 322, "tcp": 0, "udp": 0}  # 0: has to be given
HIDDEN = "***"
SECRET = re.compile(  # pwd=..., in queries and in the paths of cameras that take it there
    r"(?i)((?<![a-z])(?:[a-z]*pass(?:word|wd|wort)?|[a-z]*pwd|pw|psw|loginpas|[a-z]*token|[a-z]*secret|auth|sid"
    r"|(?:api|access|auth|stream)?[_-]?key|session(?:id)?|sig(?:nature)?|cred[a-z]*)=)[^&;/#\s]+"
)


@dataclass(frozen=True)
class Address:
    """Where a stream comes from.

    target: path and query, ASCII, begins with "/". password: None when there is none.
    """

    scheme: str
    host: str
    port: int
    target: str = "/"
    user: str = ""
    password: str | None = None

    @property
    def place(self) -> str:
        """host:port, the port left out where it is the usual one."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == PORTS[self.scheme] else f"{host}:{self.port}"

    @property
    def url(self) -> str:
        """The address without user and password."""
        return f"{self.scheme}://{self.place}{self.target}"

    @property
    def shown(self) -> str:
        """The address for messages and the window: without anything secret."""
        return without_secrets(self.url)

    def followed(self, location: str) -> Address:
        """The address that a redirect leads to, with user and password.

        Only on the host that the user named: at the same port, or at the secure port instead of the usual one. Raises
        SourceError for others.
        """
        to, there = "nowhere", None
        with contextlib.suppress(SourceError, ValueError):
            to = urljoin(self.url, location.strip())
            there = read_address(to)
        if there is not None and (
            (there.scheme, there.host, there.port) == (self.scheme, self.host, self.port)
            or (there.host == self.host and (self.scheme, self.port, there.scheme, there.port) in SECURED)
        ):
            return replace(there, user=self.user, password=self.password)
        raise SourceError(
            f"{self.shown}: redirects to {without_secrets(to):.200}, which is not followed; "
            "give that address if it is meant",
            "unreadable",
        )


SECURED = {("http", 80, "https", 443), ("rtsp", 554, "rtsps", 322)}


def read_address(url: str) -> Address:
    """The parts of an address that a user typed. Raises SourceError, which says what is wrong."""
    name = without_secrets(url)
    scheme = url.partition("://")[0].lower()
    if scheme not in PORTS:
        known = ", ".join(f"{one}://" for one in PORTS)
        raise SourceError(f"{scheme:.40}:// is no kind of address that is known; there are {known}", "absent")
    if re.search(r"[\x00-\x20\x7f\\]", url):
        raise SourceError(f"{name}: there is a character in it that no address has; is it typed right?", "absent")
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port or PORTS[scheme]
        if parts.netloc.rpartition("@")[2] != re.split(r"[/?#]", _split(url)[2], maxsplit=1)[0]:
            raise ValueError("an @ that may belong to the password")
        if not host.isascii():
            host = host.encode("idna").decode()
    except ValueError:  # also UnicodeError
        raise SourceError(
            f"{name}: cannot be understood as an address; in a password, and behind one, write %40 for @, %2F for /, "
            "%3A for :, %23 for # and %3F for ?",
            "absent",
        ) from None
    if not host and scheme != "udp":
        raise SourceError(f"{name}: names no device", "absent")
    if not port:
        raise SourceError(f"{name}: the port is missing, as in {scheme}://{host}:1234", "absent")
    target = quote(parts.path or "/", safe="/%:@!$&'()*+,;=~-._") + (
        "?" + quote(parts.query, safe="/%:@!$&'()*+,;=~-._?[]") if parts.query else ""
    )
    password = None if parts.password is None else unquote(parts.password)
    return Address(scheme, host, port, target, unquote(parts.username or ""), password)


def without_secrets(spec: str) -> str:
    """An address as it may be shown: without user and password, the values of "pwd=" and the like as "***"."""
    scheme, _, rest = _split(spec)
    return one_line(f"{scheme}://{_masked(rest)}" if scheme else _masked(spec), None)


def hidden(spec: str) -> str:
    """An address as it may be stored: with the user, all secrets as "***"; anything else as it is."""
    scheme, login, rest = _split(spec)
    if not scheme:
        return spec
    user, colon, _ = login.partition(":")
    return f"{scheme}://{user}{f':{HIDDEN}' if colon else ''}{'@' if login else ''}{_masked(rest)}"


def _split(spec: str) -> tuple[str, str, str]:
    """Scheme, "user:password" and the rest; an empty scheme for what is no address. A password may hold a "/"."""
    found = re.match(r"([a-zA-Z][\w+.-]*)://", spec)
    if found is None:
        return "", "", spec
    rest = spec[found.end() :]
    place = re.split(r"[/?#]", rest, maxsplit=1)[0]
    login = place.rpartition("@")[0]
    if ":" in place and not place.startswith("["):
        login = rest.rpartition("@")[0]  # "me:a/b@host", which is told so when it is opened
    return found[1], login, rest[len(login) + 1 :] if login else rest.removeprefix("@")


def _masked(rest: str) -> str:
    return SECRET.sub(rf"\g<1>{HIDDEN}", rest)

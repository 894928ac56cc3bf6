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
NAMES = (  # of values that are secret; long ones may have a beginning of their own, as in "access_token"
    r"[a-z]{0,40}pass(?:word|wd|wort)?|[a-z]{0,40}pwd|pw|psw|loginpas|[a-z]{0,40}token|[a-z]{0,40}secret|auth|sid"
    r"|(?:api|access|auth|stream)?[_-]?key|session(?:id)?|sig(?:nature)?|cred[a-z]{0,40}"
)
# pwd=..., in queries and in the paths of cameras that take it there. Words that messages hold, and "pwd:...", only
# where a query has them. A ";" ends a value where another name follows it.
SECRET = re.compile(
    rf"(?i)((?<![a-z])(?:{NAMES})=|(?<=[?&;/])(?:{NAMES}|p|jwt|code|pin|otp|psk)[=:])"
    r"(?:[^&;/#\s]|;(?![\w-]+[=:]))+"
)
IN_QUERY = re.compile(SECRET.pattern.replace("&;/#", "&;"))  # behind a "?", where a "/" ends nothing
VALUE = re.compile(r"([?&;][^=:&;?]+[=:])[^&]+")  # of a query, whatever its name
COLON = re.compile(r"(?<![^\W_])[a-zA-Z]:[\\/]|(:|%3[aA])")  # no group: C:\, which is no user with a password


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
        raise SourceError(
            f"{name.partition('://')[0].lower():.40}:// is no kind of address that is known; there are {known}",
            "absent",
        )
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
    """An address as it may be shown: without user and password, the values of "pwd=" and the like as "***".

    Also one that is mistyped: where there is no "://", what stands between the first ":" and the last "@" is "***".
    """
    before, _, rest = _split(spec.strip())
    return one_line(before + _masked(rest) if before else _masked(_without_password(rest)), None)


def text_without_secrets(text: str, queries: bool = False) -> str:
    """A text of any kind, with every address in it as `without_secrets` shows it. Takes linear time.

    queries: the values of all queries as "***", not only those with the names of secrets.
    """
    return re.sub(r"\S+", lambda found: _word(found[0], queries), text)


def hidden(spec: str) -> str:
    """An address as it may be stored: with the user, all secrets as "***"; anything else as it is."""
    stripped = spec.strip()
    before, login, rest = _split(stripped)
    user, colon, _ = login.partition(":")
    rest = _masked(rest if before else _without_password(rest))
    stored = f"{before}{user}{f':{HIDDEN}' if colon else ''}{'@' if login else ''}{rest}"
    return spec if stored == stripped else stored


def _split(spec: str) -> tuple[str, str, str]:
    """What stands before the login ("http://"; empty where there is no "://"), "user:password", and the rest.

    A password may hold a "/".
    """
    found = re.match(r"[^:/\\@?#]*://", spec)
    if found is None:
        return "", "", spec
    rest = spec[found.end() :]
    place = re.split(r"[/?#]", rest, maxsplit=1)[0]
    login = place.rpartition("@")[0]
    if ":" in place and not place.startswith("["):
        login = rest.rpartition("@")[0]  # "me:a/b@host", which is told so when it is opened
    return found[0], login, rest[len(login) + 1 :] if login else rest.removeprefix("@")


def _word(word: str, queries: bool) -> str:
    """A word of a text without secrets: it may hold an address, between quotes and the like."""
    end = len(word.rstrip(":,'\")]}"))  # the text's own, and no part of a value
    word, behind = word[:end], word[end:]
    start = word.find("://")
    while start > 0 and (word[start - 1].isalnum() or word[start - 1] in "_+.-"):
        start -= 1
    if start < 0:
        shown = without_secrets(word)
    else:
        shown = _masked(_without_password(word[:start])) + without_secrets(word[start:])
    place, mark, query = shown.partition("?")
    return (place + VALUE.sub(rf"\g<1>{HIDDEN}", mark + query) if queries else shown) + behind


def _masked(rest: str) -> str:
    """Without what is secret behind the login: values with names, and logins of addresses within the address."""
    before, mark, after = rest.partition("://")
    if mark and "@" in after:
        rest = f"{before}{mark}{HIDDEN}@{after.rpartition('@')[2]}"
    rest = _without_password(rest, encoded=True)
    path, mark, query = rest.partition("?")
    return SECRET.sub(rf"\g<1>{HIDDEN}", path) + IN_QUERY.sub(rf"\g<1>{HIDDEN}", mark + query)


def _without_password(text: str, encoded: bool = False) -> str:
    """What stands between the first ":" and the last "@" as "***". encoded: only between "%3A" and "%40"."""
    end = max(text.rfind("%40"), -1 if encoded else text.rfind("@"))
    colons = (
        found.end() for found in COLON.finditer(text, 0, max(end, 0)) if found[1] and (found[1] != ":" or not encoded)
    )
    begin = next(colons, end)
    return f"{text[:begin]}{HIDDEN}{text[end:]}" if begin < end else text

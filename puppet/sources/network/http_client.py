"""HTTP requests to a camera: to no other host or port than the one that was named, whatever it answers; no proxy."""

from __future__ import annotations

import contextlib
import http.client
import re
import socket

from puppet import __version__
from puppet.core.addresses import Address
from puppet.core.errors import SourceError
from puppet.sources.network.connection import Connection
from puppet.sources.network.http_authentication import Login

MOST_REDIRECTS = 5
REDIRECTS = (301, 302, 303, 307, 308)


class HttpClient:
    """GET requests, one after the other, over one socket where the camera keeps it. `address` follows redirects."""

    def __init__(self, address: Address, connection: Connection) -> None:
        self.address, self._connection = address, connection
        self._login = None if address.password is None else Login(address.user, address.password)
        self._http: http.client.HTTPConnection | None = None
        self._socket: socket.socket | None = None

    def get(self, headers: dict[str, str] | None = None) -> http.client.HTTPResponse:
        """The response with status 200 or 206, its body unread.

        Raises SourceError, or OSError when the connection is lost.
        """
        redirects = refusals = 0
        while True:
            response = self._request(headers or {})
            if response.status in REDIRECTS:
                redirects += 1
                if redirects > MOST_REDIRECTS:
                    raise SourceError(
                        f"{self.address.shown}: sends from one address to another without end", "unreadable"
                    )
                self.close()
                self.address = self.address.followed(response.headers.get("Location", ""))
            elif response.status == 401:
                refusals += 1
                self.close()
                self._take_challenge(response.headers.get_all("WWW-Authenticate", []), refusals)
            elif response.status in (200, 206):
                if response.headers.get("Content-Encoding", "identity").lower() not in ("identity", ""):
                    raise SourceError(
                        f"{self.address.shown}: sends compressed data, which was not asked for", "unreadable"
                    )
                return response
            else:
                self.close()
                raise _refusal(self.address, response.status)

    def _take_challenge(self, challenges: list[str], refusals: int) -> None:
        """The second refusal of one request means the password, unless the camera says that only time ran out."""
        if self._login is None:
            raise wants_password(self.address)
        stale = any(re.search(r'(?i)stale\s*=\s*"?true', challenge) for challenge in challenges)
        if refusals > (2 if stale else 1):
            raise wrong_password(self.address)
        if not self._login.challenged(challenges):
            raise SourceError(f"{self.address.shown}: asks for a login of an unknown kind", "denied")

    def close(self) -> None:
        """Close the socket; the next `get` makes another one."""
        if self._http is not None:
            self._http.close()
            self._http = None
        if self._socket is not None:
            self._connection.drop(self._socket)
            self._socket = None

    def _request(self, headers: dict[str, str]) -> http.client.HTTPResponse:
        if self._http is not None:  # the camera may have closed it meanwhile
            with contextlib.suppress(OSError, http.client.HTTPException):
                return self._send(self._http, headers)
            self.close()
        made = http.client.HTTPConnection(self.address.host, self.address.port)
        made.auto_open = 0  # it would connect by itself
        self._socket = made.sock = self._connection.connect(self.address)
        self._http = made
        try:
            return self._send(made, headers)
        except TimeoutError as problem:
            raise SourceError(
                f"{self.address.shown}: nobody answers there, though the port is open", "absent"
            ) from problem
        except (http.client.HTTPException, ValueError) as problem:
            raise SourceError(
                f"{self.address.shown}: the device answers, but not with a video that can be read (no HTTP)",
                "unreadable",
            ) from problem

    def _send(self, over: http.client.HTTPConnection, headers: dict[str, str]) -> http.client.HTTPResponse:
        over.putrequest("GET", self.address.target, skip_host=True, skip_accept_encoding=True)
        login = self._login and self._login.header("GET", self.address.target)
        own = {"Host": self.address.place, "User-Agent": f"puppet/{__version__}", "Accept": "*/*"}
        for name, value in {**own, **headers, **({"Authorization": login} if login else {})}.items():
            over.putheader(name, value)
        over.endheaders()
        return over.getresponse()


def wrong_password(address: Address) -> SourceError:
    """The error for a password that the camera refuses; final, because trying again may lock the user out."""
    return SourceError(f"The camera at {address.place} refuses the password ({address.shown})", "denied", final=True)


def wants_password(address: Address) -> SourceError:
    """The error for a camera that asks for a password where the address holds none."""
    return SourceError(
        f"{address.shown}: access denied; put user and password into the address, "
        f"as in {address.scheme}://USER:PASSWORD@{address.place}/",
        "denied",
        final=True,
    )


def _refusal(address: Address, status: int) -> SourceError:
    if status == 403:
        return SourceError(f"{address.shown}: access denied; may this user see the camera?", "denied")
    if status in (404, 410):
        return SourceError(f"{address.shown}: the device answers, but has nothing at this address ({status})", "absent")
    return SourceError(f"{address.shown}: the device answers with error {status} instead of a video", "unreadable")

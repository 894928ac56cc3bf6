"""The connection to the one device that the user named, which can be closed from any thread."""

from __future__ import annotations

import contextlib
import ipaddress
import socket
import ssl
import threading
from collections.abc import Callable

from puppet.core.addresses import PORTS, Address
from puppet.core.errors import SourceError


class Connection:
    """Everything that one open stream holds: sockets, a decoder. `close` ends whatever waits on them, at once.

    answered: a connection came about. problem: why the last picture could not be used, in words. closed: for good.
    """

    def __init__(self, open_within: float, silent_for: float) -> None:
        """open_within: s for a connection to come about. silent_for: s that a device may send nothing."""
        self.open_within, self.silent_for = open_within, silent_for
        self.answered = False
        self.problem = ""
        self.closed = False
        self._on_close: list[Callable[[], None]] = []
        self._sockets: set[socket.socket] = set()
        self._lock = threading.Lock()

    def on_close(self, action: Callable[[], None]) -> None:
        """Have `close` call `action`, once; at once when it is closed already. It may raise OSError."""
        with self._lock:
            if not self.closed:
                self._on_close.append(action)
                return
        with contextlib.suppress(OSError):
            action()

    def close(self) -> None:
        """End everything. Idempotent, from any thread."""
        with self._lock:
            self.closed = True
            actions, self._on_close = self._on_close, []
            sockets, self._sockets = self._sockets, set()
        for action in actions:
            with contextlib.suppress(OSError):
                action()
        for one in sockets:
            _shut(one)

    def connect(self, address: Address) -> socket.socket:
        """A socket connected to the address's host and port, encrypted where its scheme says so. Raises SourceError."""
        if self.closed:
            raise SourceError(f"{address.shown}: was closed", "unplugged")
        try:
            plain = socket.create_connection((address.host, address.port), self.open_within * 0.8)
        except (OSError, UnicodeError) as problem:
            raise SourceError(f"{address.shown}: {_why(problem, address)}", "absent") from problem
        self.answered = True
        self.register(plain)
        plain.settimeout(self.silent_for)
        with contextlib.suppress(OSError):
            plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return self._encrypted(plain, address) if address.scheme in ("https", "rtsps") else plain

    def _encrypted(self, plain: socket.socket, address: Address) -> socket.socket:
        context = ssl.create_default_context()
        try:
            if _is_private(plain):  # a camera signs its own certificate, and its address changes
                context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
            encrypted = context.wrap_socket(plain, server_hostname=address.host, do_handshake_on_connect=False)
        except (OSError, ValueError) as problem:
            self.drop(plain)
            raise SourceError(f"{address.shown}: hung up ({problem})", "absent") from problem
        self.register(encrypted)
        try:
            encrypted.do_handshake()
        except ssl.SSLCertVerificationError as problem:
            self.drop(encrypted)
            raise SourceError(
                f"{address.shown}: its certificate cannot be trusted ({problem.verify_message})", "unreadable"
            ) from problem
        except (OSError, ValueError) as problem:  # SSLError is an OSError
            self.drop(encrypted)
            scheme = {"https": "http", "rtsps": "rtsp"}[address.scheme]
            raise SourceError(
                f"{address.shown}: answers, but not encrypted as {address.scheme}:// has it; try {scheme}://",
                "unreadable",
            ) from problem
        return encrypted

    def register(self, one: socket.socket) -> None:
        """Have `close` shut a socket down: closing it would not wake a thread that reads from it."""
        with self._lock:
            if not self.closed:
                self._sockets.add(one)
                return
        _shut(one)

    def drop(self, one: socket.socket) -> None:
        """Close a socket that is not needed any more."""
        with self._lock:
            self._sockets.discard(one)
        _shut(one)
        one.close()


def _shut(one: socket.socket) -> None:
    with contextlib.suppress(OSError):
        socket.socket.shutdown(one, socket.SHUT_RDWR)  # an SSLSocket's own would change it while another thread reads


def _is_private(one: socket.socket) -> bool:
    """Whether the other end is this machine, or in a private network."""
    peer = ipaddress.ip_address(one.getpeername()[0].partition("%")[0])
    mapped = getattr(peer, "ipv4_mapped", None)
    return (mapped or peer).is_private


def _why(problem: Exception, address: Address) -> str:
    if isinstance(problem, socket.gaierror | UnicodeError):
        return f"no device called {address.host} was found; is the name right, and are both in one network?"
    if isinstance(problem, ConnectionRefusedError):
        usual = PORTS[address.scheme] == address.port
        return (
            f"nobody answers at port {address.port}{' (the usual one)' if usual else ''}; "
            "is the camera's server running, and is the port right?"
        )
    if isinstance(problem, TimeoutError):
        return "nobody answers; is the address right, and are both in one network?"
    why = getattr(problem, "strerror", None) or problem
    return f"nobody answers ({why}); is the address right, and are both in one network?"

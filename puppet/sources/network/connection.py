"""A connection to the one device that the user named, which can be given up from any thread."""

from __future__ import annotations

import contextlib
import ipaddress
import socket
import ssl
import threading
from collections.abc import Callable

from puppet.core.addresses import PORTS, Address
from puppet.core.errors import SourceError


class Line:
    """What an open stream holds: sockets, a child. `hang_up` ends whatever waits on them, at once and for good."""

    def __init__(self, open_within: float, silent_for: float) -> None:
        """open_within: s for a connection to come about; silent_for: s that a device may say nothing."""
        self.open_within, self.silent_for = open_within, silent_for
        self.answered = False  # a connection came about
        self.trouble = ""  # why the last picture could not be used
        self.over = False
        self._held: list[Callable[[], None]] = []
        self._sockets: set[socket.socket] = set()
        self._lock = threading.Lock()

    def hold(self, let_go: Callable[[], None]) -> None:
        """`let_go` is called once, by `hang_up`; at once when that was called already. It may raise OSError."""
        with self._lock:
            if not self.over:
                self._held.append(let_go)
                return
        with contextlib.suppress(OSError):
            let_go()

    def hang_up(self) -> None:
        """Idempotent, from any thread."""
        with self._lock:
            self.over = True
            held, self._held = self._held, []
            sockets, self._sockets = self._sockets, set()
        for let_go in held:
            with contextlib.suppress(OSError):
                let_go()
        for connection in sockets:
            _shut(connection)

    def connect(self, address: Address) -> socket.socket:
        """A connection to the address's host and port, encrypted where its scheme says so. Raises SourceError."""
        if self.over:
            raise SourceError(f"{address.shown}: was closed", "unplugged")
        try:
            connection = socket.create_connection((address.host, address.port), self.open_within * 0.8)
        except (OSError, UnicodeError) as problem:
            raise SourceError(f"{address.shown}: {_why(problem, address)}", "absent") from problem
        self.answered = True
        self.keep(connection)
        connection.settimeout(self.silent_for)
        with contextlib.suppress(OSError):
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return self._encrypted(connection, address) if address.scheme in ("https", "rtsps") else connection

    def _encrypted(self, connection: socket.socket, address: Address) -> socket.socket:
        context = ssl.create_default_context()
        try:
            if _at_home(connection):  # a camera's own certificate is signed by nobody, and its address changes
                context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
            encrypted = context.wrap_socket(connection, server_hostname=address.host, do_handshake_on_connect=False)
        except (OSError, ValueError) as problem:
            self.drop(connection)
            raise SourceError(f"{address.shown}: hung up ({problem})", "absent") from problem
        self.keep(encrypted)
        try:
            encrypted.do_handshake()
        except ssl.SSLCertVerificationError as problem:
            self.drop(encrypted)
            raise SourceError(
                f"{address.shown}: its certificate cannot be trusted ({problem.verify_message})", "unreadable"
            ) from problem
        except (OSError, ValueError) as problem:  # SSLError is an OSError
            self.drop(encrypted)
            plain = {"https": "http", "rtsps": "rtsp"}[address.scheme]
            raise SourceError(
                f"{address.shown}: answers, but not encrypted as {address.scheme}:// has it; try {plain}://",
                "unreadable",
            ) from problem
        return encrypted

    def keep(self, connection: socket.socket) -> None:
        """Shut a socket down when the line is given up: closing it would not wake who reads from it."""
        with self._lock:
            if not self.over:
                self._sockets.add(connection)
                return
        _shut(connection)

    def drop(self, connection: socket.socket) -> None:
        """Done with a socket."""
        with self._lock:
            self._sockets.discard(connection)
        _shut(connection)
        connection.close()


def _shut(connection: socket.socket) -> None:
    with contextlib.suppress(OSError):
        socket.socket.shutdown(connection, socket.SHUT_RDWR)  # an SSLSocket's own would change it under who reads


def _at_home(connection: socket.socket) -> bool:
    """The other end is this machine, or in a private network."""
    peer = ipaddress.ip_address(connection.getpeername()[0].partition("%")[0])
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

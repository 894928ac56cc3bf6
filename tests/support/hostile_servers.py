"""Servers on loopback that answer what they are told to, and one that nobody may ever ask."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Callable, Iterator

Answer = Callable[[str, socket.socket], None]  # the request as text, the connection


class Canary:
    """Another host (127.0.0.2 where the system has it), and another port of this one. `asked` stays 0."""

    def __init__(self) -> None:
        self.asked = 0
        self._over = False
        self.listeners = [socket.create_server(("127.0.0.1", 0))]
        with contextlib.suppress(OSError):  # macOS has no such address
            self.listeners.append(socket.create_server(("127.0.0.2", 0)))
        self.places = ["{}:{}".format(*listener.getsockname()[:2]) for listener in self.listeners]
        for listener in self.listeners:
            threading.Thread(target=self._count, args=(listener,), daemon=True).start()

    def _count(self, listener: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while True:
                connection, _ = listener.accept()
                self.asked += not self._over
                connection.close()

    def close(self) -> None:
        self._over = True
        for listener in self.listeners:
            with contextlib.suppress(OSError):
                listener.shutdown(socket.SHUT_RDWR)
            listener.close()


class Server:
    """Answers each request by `answer`; `requests`: what was asked, `connections`: how many there were."""

    def __init__(self, answer: Answer) -> None:
        self.requests: list[str] = []
        self.connections = 0
        self._answer = answer
        self._open: list[socket.socket] = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.place = f"127.0.0.1:{self._listener.getsockname()[1]}"
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                connection, _ = self._listener.accept()
                self.connections += 1
                self._open.append(connection)
                threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        with contextlib.suppress(OSError), connection:
            for request in requests(connection):
                self.requests.append(request)
                self._answer(request, connection)

    def close(self) -> None:
        for one in (self._listener, *self._open):
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
            one.close()


def requests(connection: socket.socket) -> Iterator[str]:
    """Everything up to each empty line."""
    held = b""
    while True:
        while b"\r\n\r\n" not in held:
            data = connection.recv(65536)
            if not data:
                return
            held += data
        request, _, held = held.partition(b"\r\n\r\n")
        yield request.decode("latin-1")


def http(body: bytes = b"", kind: str = "", status: str = "200 OK", *headers: str, sized: bool = True) -> bytes:
    """One answer."""
    lines = [f"HTTP/1.1 {status}", *headers]
    lines += [f"Content-Type: {kind}"] if kind else []
    lines += [f"Content-Length: {len(body)}"] if sized else []
    return "\r\n".join([*lines, "", ""]).encode() + body


def always(*answer: bytes) -> Answer:
    """The same to every request, and then the end."""

    def send(request: str, connection: socket.socket) -> None:
        for piece in answer:
            connection.sendall(piece)
        connection.shutdown(socket.SHUT_WR)

    return send


def target(request: str) -> str:
    return request.split(" ")[1]


def header(request: str, name: str) -> str:
    for line in request.split("\r\n")[1:]:
        key, _, value = line.partition(":")
        if key.strip().lower() == name.lower():
            return value.strip()
    return ""

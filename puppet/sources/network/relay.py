"""A video file on a web server, passed on to the decoder by a server of our own on loopback.

A file's index may lie at its end, so its decoder has to ask for one range after the other; what it asks for goes to
the address that the user named, and to no other, whatever the file or its server says.
"""

from __future__ import annotations

import contextlib
import http.client
import secrets
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from puppet.core.addresses import Address
from puppet.core.errors import SourceError
from puppet.sources.network.connection import Connection
from puppet.sources.network.http_client import HttpClient

PIECE = 1 << 16  # bytes
PASSED_ON = ("Content-Length", "Content-Range", "Accept-Ranges", "Content-Type")


class LoopbackRelay:
    """Serves what is at `address`, at `url`, until its connection is closed."""

    def __init__(self, address: Address, connection: Connection) -> None:
        path = f"/{secrets.token_hex(16)}"

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                if self.path != path:  # another program on this machine
                    self.send_error(404)
                    return
                with contextlib.suppress(OSError, http.client.HTTPException, SourceError):
                    _pass_on(HttpClient(address, connection), self)

            def log_message(self, format: str, *args: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_port}{path}"
        threading.Thread(target=self._serve, name="relay", daemon=True).start()
        connection.on_close(self._server.shutdown)

    def _serve(self) -> None:
        self._server.serve_forever(poll_interval=0.1)
        self._server.server_close()


def _pass_on(camera: HttpClient, to: BaseHTTPRequestHandler) -> None:
    wanted = to.headers.get("Range")
    try:
        response = camera.get({"Range": wanted} if wanted else None)
        to.send_response(response.status)
        for name in PASSED_ON:
            if (value := response.headers.get(name)) is not None:
                to.send_header(name, value)
        to.send_header("Connection", "close")
        to.end_headers()
        while data := response.read1(PIECE):
            to.wfile.write(data)
    finally:
        to.close_connection = True
        camera.close()

"""Encrypted connections, and ports where nobody listens."""

from __future__ import annotations

import contextlib
import shutil
import socket
import ssl
import subprocess
import threading
from dataclasses import replace
from pathlib import Path

import pytest
from hostile_servers import always, http
from network_sources import JPEGS, QUICK, numbers_from, trouble

from puppet.sources.registry import open_source


def test_a_port_where_nobody_listens():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        place = f"127.0.0.1:{listener.getsockname()[1]}"
    for scheme in ("http", "https", "rtsp", "tcp"):
        error = trouble(f"{scheme}://{place}/video")
        assert error.kind == "absent"
        assert "nobody answers at port" in str(error)


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """One that nobody has signed, as cameras have it."""
    if shutil.which("openssl") is None:
        pytest.skip("needs openssl")
    folder = tmp_path_factory.mktemp("certificate")
    # fmt: off
    subprocess.run([
        "openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=camera", "-days", "2",
        "-keyout", "key.pem", "-out", "cert.pem",
    ], cwd=folder, check=True, capture_output=True, timeout=60)
    # fmt: on
    return folder / "cert.pem", folder / "key.pem"


def test_an_encrypted_camera(certificate: tuple[Path, Path]):
    """In the own network its certificate is not looked at."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*certificate)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        place = f"127.0.0.1:{listener.getsockname()[1]}"

        def serve() -> None:
            with (
                contextlib.suppress(OSError),
                context.wrap_socket(listener.accept()[0], server_side=True) as connection,
            ):
                for n in range(1000):
                    connection.recv(65536)
                    connection.sendall(http(JPEGS[n % 40], "image/jpeg"))

        threading.Thread(target=serve, daemon=True).start()
        assert len(numbers_from(open_source(f"https://{place}/shot.jpg", devices=QUICK), 3)) == 3


def test_a_camera_that_is_not_encrypted(serve):
    server = serve(always(http(JPEGS[0], "image/jpeg")))  # which waits for the end of a request
    for scheme, plain in (("https", "http://"), ("rtsps", "rtsp://")):
        error = trouble(f"{scheme}://{server.place}/video", replace(QUICK, frozen_after=0.3))
        assert error.kind == "unreadable"
        assert plain in str(error)

"""Addresses, and the passwords in them: taken apart, masked, put away and found again."""

from __future__ import annotations

import json
import random
import stat
import sys

import pytest

from puppet.core.addresses import HIDDEN, Address, hidden, read_address, without_secrets
from puppet.core.errors import SourceError
from puppet.sources.network import passwords

SECRET = [  # with "hush" in every place where people write passwords
    ("http://me:hush@cam/video", "http://cam/video", "http://me:***@cam/video"),
    ("rtsp://me:hu%2Fsh%3Ahush@cam:88/a", "rtsp://cam:88/a", "rtsp://me:***@cam:88/a"),
    ("http://me:a@hush@cam/", "http://cam/", "http://me:***@cam/"),
    ("http://me:hush/hush@cam/v", "http://cam/v", "http://me:***@cam/v"),
    ("http://me:hush?#hush@cam/v", "http://cam/v", "http://me:***@cam/v"),
    ("http://cam/v?user=me&pwd=hush&x=1", "http://cam/v?user=me&pwd=***&x=1", "http://cam/v?user=me&pwd=***&x=1"),
    (
        "rtsp://cam/user=me&password=hush&a=1",
        "rtsp://cam/user=me&password=***&a=1",
        "rtsp://cam/user=me&password=***&a=1",
    ),
    ("http://cam/?access_token=hush", "http://cam/?access_token=***", "http://cam/?access_token=***"),
    ("HTTP://me:hush@cam/?Passwd=hush;b=2", "HTTP://cam/?Passwd=***;b=2", "HTTP://me:***@cam/?Passwd=***;b=2"),
]
OPEN = [
    "",
    "0",
    "HD Webcam",
    "demo",
    "a/b@c.mp4",
    "http://me@cam/v",
    "http://cam/v?monkey=1&passage=2",
    "http://[::1]:80/a@b",
]


@pytest.mark.parametrize(("url", "shown", "written"), SECRET)
def test_what_is_shown_and_what_is_written_down(url: str, shown: str, written: str):
    assert (without_secrets(url), hidden(url)) == (shown, written)
    assert hidden(written) == written


@pytest.mark.parametrize("spec", OPEN)
def test_what_holds_no_secret_stays(spec: str):
    assert hidden(spec) == passwords.keep(spec) == passwords.reveal(spec) == spec


def test_no_password_is_ever_shown():
    chance = random.Random(1)
    for _ in range(3000):
        middle = "".join(chance.choices("ab1:/?#@&;=%[]\\ \u00e9\u202e\n*", k=chance.randrange(8)))
        scheme, port = chance.choice(["http", "rtsp"]), chance.choice(["", ":8080"])
        spec = f"{scheme}://me:hush{middle}hush@cam{port}/video"
        told = [without_secrets(spec), hidden(spec), _told_of(spec)]
        assert not [text for text in told if "hush" in text], spec


def _told_of(spec: str) -> str:
    try:
        return read_address(spec).shown
    except SourceError as problem:
        return str(problem)


def test_an_address_is_taken_apart():
    assert read_address("http://m%40e:p%20w@Cam.local/a b".replace(" ", "%20")) == Address(
        "http", "cam.local", 80, "/a%20b", "m@e", "p w"
    )
    assert read_address("rtsp://[fe80::1]:8554/x?y=1").url == "rtsp://[fe80::1]:8554/x?y=1"
    assert read_address("https://cam:443/").place == "cam"


@pytest.mark.parametrize(
    ("location", "leads"),
    [
        ("/x", "http://cam/x"),
        ("x", "http://cam/x"),
        ("//cam/x", "http://cam/x"),
        ("http://CAM:80/x", "http://cam/x"),
        ("http://other@cam/x", "http://cam/x"),
        ("https://cam/x", "https://cam/x"),
        ("https://cam:80/x", None),
        ("http://cam:81/", None),
        ("http://cam.evil/", None),
        ("//evil/", None),
        ("http://cam@evil/", None),
        ("http:\\\\evil\\", None),
        ("http://cam\u3002evil/", None),
        ("http://[", None),
        ("file:///x", None),
        ("rtsp://cam/x", None),
    ],
)
def test_where_a_redirect_may_lead(location: str, leads: str | None):
    address = Address("http", "cam", 80, "/v", "me", "hush")
    if leads is None:
        with pytest.raises(SourceError) as caught:
            address.followed(location)
        assert "hush" not in str(caught.value)
    else:
        followed = address.followed(location)
        assert (followed.url, followed.user, followed.password) == (leads, "me", "hush")


def test_from_encrypted_to_plain_is_not_followed():
    with pytest.raises(SourceError):
        Address("https", "cam", 443).followed("http://cam/")


@pytest.fixture
def own_folder(tmp_path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PUPPET_CONFIG_DIR", str(tmp_path))


@pytest.mark.usefixtures("own_folder")
def test_a_password_is_put_away_and_found_again():
    for url, _, written in SECRET:
        assert passwords.keep(url) == written
        assert passwords.reveal(written) == url
    assert passwords.keep("http://me:new@cam/video") == SECRET[0][2]
    assert passwords.reveal(SECRET[0][2]) == "http://me:new@cam/video"  # the one that was given last
    if sys.platform != "win32":
        assert stat.S_IMODE(passwords.passwords_path().stat().st_mode) == 0o600
    for n in range(60):
        passwords.keep(f"http://me:hush@cam{n}/")
    assert len(json.loads(passwords.passwords_path().read_text())) == passwords.MOST


@pytest.mark.usefixtures("own_folder")
@pytest.mark.parametrize(
    "content",
    [b"", b"[]", b"{", b"\xff", b"[" * 100_000, b'{"http://me:***@cam/": 5}', b'{"http://me:***@cam/": "file:///etc/passwd"}',
     b'{"http://me:***@cam/": "http://me:x@evil/"}', b"x" * (1 << 21)],
)  # fmt: skip
def test_a_file_that_is_damaged_or_leads_elsewhere(content: bytes):
    passwords.passwords_path().write_bytes(content)
    with pytest.raises(SourceError, match="not known any more"):
        passwords.reveal(f"http://me:{HIDDEN}@cam/")
    passwords.keep("http://me:hush@cam/")
    assert passwords.reveal(f"http://me:{HIDDEN}@cam/") == "http://me:hush@cam/"

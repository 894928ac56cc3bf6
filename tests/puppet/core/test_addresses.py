"""Addresses, and the passwords in them: taken apart, masked, put away and found again."""

from __future__ import annotations

import json
import random
import re
import stat
import sys
import time

import pytest

from puppet.core import addresses
from puppet.core.addresses import HIDDEN, Address, hidden, read_address, text_without_secrets, without_secrets
from puppet.core.errors import SourceError
from puppet.sources.network import passwords
from puppet.sources.registry import open_source

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


MISTYPED = [
    "rtsp:/usr:hush@127.0.0.1/live",
    "usr:hush@127.0.0.1/live",
    r"rtsp:\\usr:hush@h\x",
    "rtsp//usr:hush@h/",
    " rtsp://usr:hush@127.0.0.1:1/",
    "Rtsp ://usr:hush@h",
    "://usr:hush@h",
    "usr:hush@h/live://x",
    "127.0.0.1/cam?user=a&password:hush",
    "http://127.0.0.1:1/?p=hush&jwt=hush",
    "http://cam/a?code=hush&PIN=hush",
    "http://cam/a?passwd:hush",
    "http://cam/a?pwd=a;hush&x=1",
    "http://cam/a?pwd=;hush",
    "http://cam/a?pwd=a/hush",
    "http://cam/a?pwd=a#hush",
    "http://cam/a?next=rtsp://a:hush@h",
    "rtsp%3A%2F%2Fuser%3Ahush%40host",
    "usr:hush%40host",
]


@pytest.mark.parametrize("spec", MISTYPED)
def test_a_mistyped_or_unusual_address_shows_no_password(spec: str):
    for text in (spec, f"cannot open '{spec}': no such file", f"x={spec}"):
        assert "hush" not in text_without_secrets(text)
    assert "hush" not in without_secrets(spec) + hidden(spec) + _told_of(spec)
    assert hidden(hidden(spec)) == hidden(spec)
    with pytest.raises(SourceError) as caught:
        open_source(spec).open()
    assert "hush" not in str(caught.value)


@pytest.mark.usefixtures("own_folder")
@pytest.mark.parametrize("spec", MISTYPED)
def test_the_password_of_a_mistyped_address_is_put_away(spec: str):
    kept = passwords.keep(spec)
    assert "hush" not in kept
    assert passwords.reveal(kept) == spec


@pytest.mark.parametrize(
    "text",
    [
        r"C:\Users\x@y\clip.mp4: there is no such file or folder",
        r"['C:\Users\x@y', 'D:/x@y']",
        "2026-05-02 12:30:05 INFO puppet.cli [7 MainThread]: exit code=3, key: none, pin:4 p=2",
        "password: not known any more; bad?",
        'File "/home/x@y/a.py", line 3, in run',
        "talk to ada@example.org at 10:30",
        "demo.mp4: 12.5 frames/s (10:20), 3 of 4",
    ],
)
def test_ordinary_text_stays_readable(text: str):
    assert text_without_secrets(text, queries=True) == text_without_secrets(text) == text


def test_every_value_of_a_query_is_hidden_on_demand():
    text = "opened http://cam/a?x=hush;hush&y:hush&z=hush?hush"
    assert text_without_secrets(text) == text
    assert "hush" not in text_without_secrets(text, queries=True)
    assert text_without_secrets("http://cam/a?user=me&x=1", queries=True) == "http://cam/a?user=***&x=***"


def test_spaces_around_a_source_do_not_count():
    assert open_source(" demo ").name == open_source("demo").name
    assert open_source(" rtsp://cam:1/ ").name == "rtsp://cam:1/"


@pytest.mark.parametrize("piece", ["a", "_", "pass", "a.", "://", "%3a", ":/", "?a", "&;", ";a", "@", "a:\\"])
def test_hiding_takes_linear_time(piece: str):
    def seconds(count: int) -> float:
        text = piece * (count // len(piece))
        times = []
        for _ in range(3):
            begin = time.process_time()
            text_without_secrets(text, queries=True)
            hidden(text)
            times.append(time.process_time() - begin)
        return min(times)

    assert seconds(80_000) < 30 * max(seconds(10_000), 0.002)  # 64 and more where it is quadratic


def test_no_name_in_a_pattern_is_unbounded():
    assert not re.findall(r"\[a-z\]\*", addresses.SECRET.pattern + addresses.IN_QUERY.pattern)


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

"""Whatever lies in a file that the app reads: a value, or one exception with one line; nothing hangs or grows large."""

from __future__ import annotations

import ast
import io
import json
import os
import struct
import subprocess
import sys
import zipfile
from pathlib import Path

import numpy as np
import pytest
from tiny_actor import tiny_actor, tiny_latents, tiny_parts

from puppet.actor.card import CARD, card_from_json, card_to_json, read_card
from puppet.actor.latents import MOST_ROWS, latents_from_bytes, latents_to_bytes
from puppet.actor.library import checked_name
from puppet.commands import bench
from puppet.commands.window import choose_actor, choose_source
from puppet.core.errors import ActorFileError, PuppetError
from puppet.core.texts import checked, is_file_name, is_plain, one_line
from puppet.core.types import HeadPose
from puppet.explore.bookmarks import Bookmarks
from puppet.face.neutral import Neutral
from puppet.face.neutral_store import NeutralStore
from puppet.new_actor import job as making
from puppet.parsing.arrays import parse_array, parse_arrays, read_arrays
from puppet.parsing.plain_json import check_shown, parse_json
from puppet.parsing.reading import read_end, read_limited
from puppet.parsing.zips import open_zip
from puppet.settings import Settings, load_settings, save_settings
from puppet.sources.registry import open_source
from puppet.storage.file_lock import acquire, is_locked

ROOT = Path(__file__).resolve().parents[2]
BAD_TEXTS = {
    "escape": "a\x1b[2Jb",
    "NUL": "a\0b",
    "C1 control": "a\x9bb",
    "override": "a\u202egpj.exe",
    "isolate": "a\u2066b",
    "mark": "a\u200fb",
    "half surrogate": "a\ud800b",
    "line separator": "a\u2028b",
    "tag": "a\U000e0041b",
    "no character": "a\uffffb",
    "private": "a\ue000b",
    "byte order mark": "a\ufeffb",
    "carriage return": "a\rb",
}
needs_pipes = pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs named pipes")


# --- texts ---


@pytest.mark.parametrize("text", BAD_TEXTS.values(), ids=BAD_TEXTS)
def test_texts_that_cannot_be_shown_are_refused_and_shown_without_what_is_wrong(text):
    assert not is_plain(text)
    assert not is_plain(text, lines=True)
    with pytest.raises(ValueError, match="cannot be shown"):
        checked(text, 100)
    shown = one_line(text)
    assert is_plain(shown)
    assert shown.startswith("a")
    shown.encode()


@pytest.mark.parametrize(
    "text",
    ["Ada", "Zoë", "عائشة", "می\u200cخواهم", "👩\u200d💻", "東京\u3000駅", "n\u0303", "a\u00a0b", "<b>&lt;", "½ €"],
)
def test_every_script_is_fine(text):
    assert checked(text, 20) == text
    assert one_line(text) == text
    assert is_plain(f"{text}\n\t{text}", lines=True)
    assert not is_plain(f"{text}\n{text}")


@pytest.mark.parametrize("text", ["", "  ", "\u00a0", "\u200d", "\u3164", "x" * 21, None, 3])
def test_nothing_and_too_much_are_refused(text):
    with pytest.raises(ValueError, match="1 to 20 characters"):
        checked(text, 20)


@pytest.mark.parametrize(
    "name", ["CON", "nul", "Lpt1", "aux.b", "com1 .x", "a.", "a. ", ".a", "a/b", "a\\b", "a:b", "", "a\nb"]
)
def test_names_that_cannot_be_a_files_everywhere(name):
    assert not is_file_name(name)
    if name.strip() == name:
        with pytest.raises(ActorFileError, match="1 to 60 characters"):
            checked_name(name)


def test_names_that_look_like_reserved_ones_are_fine():
    assert all(map(is_file_name, ("Console", "Com10x", "nullpunkt", "J. R.R", "a b")))


def test_one_line_is_short():
    assert one_line("x" * 300) == "x" * 199 + "…"
    assert one_line("a\nb\tc") == "a b c"


# --- files ---


@needs_pipes
def test_pipes_devices_and_folders_are_refused_at_once(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    for path in (tmp_path / "pipe", Path("/dev/zero"), tmp_path, Path("a\0b"), tmp_path / "\ud800"):
        for read in (read_limited, read_end):
            with pytest.raises(OSError):  # noqa: PT011 - the system's own words
                read(path, 100)
    assert not is_locked(tmp_path / "nothing")
    with pytest.raises(OSError):  # noqa: PT011
        acquire(tmp_path / "pipe")


def test_files_are_read_within_their_limit(tmp_path):
    path = tmp_path / "file"
    path.write_bytes(b"0123456789")
    assert read_limited(path, 10) == b"0123456789"
    assert read_end(path, 3) == b"789"
    with pytest.raises(OSError, match="larger than 9 bytes"):
        read_limited(path, 9)
    with path.open("wb") as file:
        file.truncate(1 << 40)  # a hole; nothing of it is read
    with pytest.raises(OSError, match="larger than"):
        read_limited(path, 1 << 20)


# --- JSON ---


@pytest.mark.parametrize(
    "text",
    [
        *(b"", b"{", b"\xff\xfe", b"[" * 200_000, b'{"a":' * 200_000, b"[" * 50 + b"]" * 50, b'{"a":1,"a":2}', b"nan"),
        *(b"NaN", b"[Infinity]", b"-Infinity", b"1e999", b"9" * 400, b"-" + b"9" * 30, b"1." + b"0" * 5000, b"[1,]"),
    ],
)
def test_json_that_is_none_is_a_value_error(text):
    with pytest.raises(ValueError, match=r".") as caught:
        parse_json(text)
    assert isinstance(caught.value, ValueError)
    assert len(str(caught.value)) < 200


def test_json_may_have_figures_that_are_none_where_that_is_asked_for():
    odd = parse_json("[NaN, 1e999, -Infinity, 3, 0.5, %s]" % ("9" * 400), finite=False)
    assert [number if number == number else None for number in odd] == [None, None, None, 3, 0.5, None]


def test_facts_are_shown_or_refused():
    check_shown({"a": [1, 2.5, None, True, "two\nlines"]})
    deep: list = []
    for _ in range(30):
        deep = [deep]
    for bad in (*BAD_TEXTS.values(), 1e16, -(10**17), float("nan"), float("inf"), "x" * 3000, deep, {"x" * 300: 1}):
        for value in ({"a": bad}, {"a": [[bad]]}, *([{bad: 1}] if isinstance(bad, str) else [])):
            with pytest.raises(ValueError, match="cannot be shown|within|too deeply"):
                check_shown(value)


# --- arrays ---


def npy(array, **options) -> bytes:
    buffer = io.BytesIO()
    np.save(buffer, array, **options)
    return buffer.getvalue()


def npz(**arrays) -> bytes:
    buffer = io.BytesIO()
    np.savez_compressed(buffer, **arrays)
    return buffer.getvalue()


def header(text: str, body: bytes = b"") -> bytes:
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(text)) + text.encode() + body


ARRAYS = (
    *(
        np.arange(6, dtype=kind).reshape(2, 3)
        for kind in ("f2", "f4", "f8", "i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8")
    ),
    *(
        np.array(True),
        np.array([True, False]),
        np.zeros((0, 4)),
        np.float64(2.5),
        np.array(["a", "ünï"]),
        np.array("x"),
    ),
    np.asfortranarray(np.arange(6.0).reshape(2, 3)),
)


@pytest.mark.parametrize("array", ARRAYS, ids=lambda a: f"{np.asarray(a).dtype}{np.asarray(a).shape}")
def test_arrays_come_back(array):
    back = parse_array(npy(array))
    assert back.dtype == np.asarray(array).dtype
    assert np.array_equal(back, array)
    assert back.flags.writeable
    assert np.array_equal(parse_arrays(npz(a=array), 1 << 20)["a"], array)


F8 = "{'descr': '<f8', 'fortran_order': False, 'shape': %s, }\n"
BAD_ARRAYS = {
    "nothing": b"",
    "magic": b"\x93NUMPY",
    "objects": npy(np.array([{}, 1], object)),
    "structured": npy(np.zeros(2, [("a", "f4")])),
    "void": npy(np.zeros(2, "V8")),
    "bytes": npy(np.array([b"abc"])),
    "complex": npy(np.zeros(2, complex)),
    "dates": npy(np.array(["2020-01-01"], "M8[D]")),
    "big-endian": npy(np.zeros(2, ">f8")),
    "huge": header(F8 % "(1000000000000,)", bytes(8)),
    "overflowing": header(F8 % "(4294967296, 4294967296)", bytes(8)),
    "negative": header(F8 % "(-1,)", bytes(8)),
    "one byte more": npy(np.zeros(2)) + b"x",
    "one byte less": npy(np.zeros(2))[:-1],
    "many sides": header(F8 % ("(" + "1, " * 40 + ")"), bytes(8)),
    "no side but numbers": header(F8 % "(0, 99999999999999999)"),
    "code": header("__import__('os').system('true')\n"),
    "deep": header("[" * 4000),
    "long header": b"\x93NUMPY\x02\x00" + struct.pack("<I", 1 << 30) + b"{",
    "half surrogate": header("{'descr': '<U1', 'fortran_order': False, 'shape': (), }\n", struct.pack("<I", 0xD800)),
    "no character": header("{'descr': '<U1', 'fortran_order': False, 'shape': (), }\n", struct.pack("<I", 1 << 31)),
    "long texts": header("{'descr': '<U9999', 'fortran_order': False, 'shape': (0,), }\n"),
    "neither true nor false": header("{'descr': '|b1', 'fortran_order': False, 'shape': (), }\n", b"\x07"),
}


@pytest.mark.parametrize("data", BAD_ARRAYS.values(), ids=BAD_ARRAYS)
def test_arrays_that_are_none_are_a_value_error(data):
    with pytest.raises(ValueError, match=r"."):
        parse_array(data)


def zipped(members: dict[str, bytes], pack: int = zipfile.ZIP_DEFLATED) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", pack) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return buffer.getvalue()


def many_entries(count: int) -> bytes:
    """A zip whose table of contents has so many entries, of one file."""
    whole = zipped({"a.npy": b"x"}, zipfile.ZIP_STORED)
    start = whole.index(b"PK\x01\x02")
    entry, end = whole[start:-22], whole[-22:]
    table = entry * count
    place = struct.pack("<HHHHIIH", 0, 0, count & 0xFFFF, count & 0xFFFF, len(table), start, 0)
    return whole[:start] + table + end[:4] + place


BAD_ZIPS = {
    "nothing": b"",
    "no zip": b"PK nothing",
    "cut": npz(a=np.zeros(500))[:-30],
    "another member": zipped({"a.txt": b""}),
    "unpacks to much": zipped({"a.npy": bytes(2 << 20)}),
    "bzip2": zipped({"a.npy": npy(np.zeros(2))}, zipfile.ZIP_BZIP2),
    "lzma": zipped({"a.npy": npy(np.zeros(2))}, zipfile.ZIP_LZMA),
    "an array that is none": zipped({"a.npy": b"\x80\x04."}),
    "60,000 entries": many_entries(60_000),
    "200,000 entries": many_entries(200_000),
    "a comment": zipped({})[:-2] + b"\x02\x00hi",
}


@pytest.mark.parametrize("data", BAD_ZIPS.values(), ids=BAD_ZIPS)
def test_archives_that_are_none_are_a_value_error(data):
    with pytest.raises(ValueError, match=r"."):
        parse_arrays(data, 1 << 20)


def test_every_flipped_byte_of_an_archive_is_a_value_error_or_an_array():
    whole, good = npz(a=np.arange(5.0), b=np.array(["x"])), 0
    for at in range(len(whole)):
        for bit in (1, 0x80):
            broken = bytearray(whole)
            broken[at] ^= bit
            try:
                good += bool(parse_arrays(bytes(broken), 1 << 20))
            except ValueError:
                continue
    assert good < len(whole) * 2


def test_a_zip_for_more_than_4_gib_is_refused():
    whole = zipped({"a": b"x"}, zipfile.ZIP_STORED)
    long_end = b"PK\x06\x07" + bytes(16)
    with pytest.raises(ValueError, match="4 GiB"):
        open_zip(io.BytesIO(whole[:-22] + long_end + whole[-22:]), 10)


# --- cards and latents ---


def card_with(**changes) -> str:
    card, _ = tiny_parts()
    return json.dumps({**json.loads(card_to_json(card)), **changes})


@pytest.mark.parametrize("field", ["name", "licence", "consent", "created", "puppet_version"])
@pytest.mark.parametrize("text", BAD_TEXTS.values(), ids=BAD_TEXTS)
def test_card_texts_that_cannot_be_shown_are_refused(field, text):
    with pytest.raises(ValueError, match=f"^{field}: "):
        card_from_json(card_with(**{field: text}))


@pytest.mark.parametrize(
    "changes",
    [
        {"training": {"metrics": {"psnr": 1e300}}},
        {"training": {"deep": [[[{"x": "\x1b[2J"}]]]}},
        {"training": {"\u202e": 1}},
        {"training": {"x": "y" * 5000}},
        {"parity": {"\0": 1.0}},
        {"parity": {"x": 1e40}},
        {"parity": {str(n): 0.0 for n in range(1000)}},
        {"licence": "two\nlines"},
        {"name": "CON"},
        {"name": "nul.x"},
        {"name": "\u2800"},
    ],
)
def test_facts_that_cannot_be_shown_are_refused(changes):
    with pytest.raises(ValueError, match=f"^{next(iter(changes))}: "):
        card_from_json(card_with(**changes))


@pytest.mark.parametrize("number", ["1e999", "9" * 400, "NaN"])
def test_numbers_that_are_none_are_refused_anywhere_in_a_card(number):
    text = card_with(training={"a": [{"b": "HERE"}]}).replace('"HERE"', number)
    with pytest.raises(ValueError, match="not a finite number"):
        card_from_json(text)


def test_what_older_cards_may_hold_is_read():
    card = card_from_json(card_with(consent="Ada agreed.\r\nIn two lines.", name="Fred Jr."))
    assert card.consent == "Ada agreed.\nIn two lines."
    assert card.name == "Fred Jr."


@needs_pipes
def test_a_pipe_and_a_device_are_no_actors(tmp_path):
    os.mkfifo(tmp_path / "pipe.actor")
    (tmp_path / "zero.actor").symlink_to("/dev/zero")
    for name in ("pipe", "zero"):
        with pytest.raises(ActorFileError, match="no ordinary file"):
            read_card(tmp_path / f"{name}.actor")


def test_an_actor_file_with_a_million_members_is_refused_before_they_are_read(tmp_path):
    path = tmp_path / "x.actor"
    path.write_bytes(many_entries(1_000_000))
    with pytest.raises(ActorFileError, match="too many members"):
        read_card(path)


def latents(**changes) -> bytes:
    arrays = {"mean": np.zeros(8, np.float32), "std": np.ones(8, np.float32)}
    return npz(**{**arrays, **changes})


@pytest.mark.parametrize(
    "changes",
    [
        {"samples": np.zeros((MOST_ROWS + 1, 8), np.float32)},
        {"axes": np.full((2, 8), 1e30)},
        {"mean": np.full(8, 1e300)},
        {"direction_\x1b[2J": np.zeros(8)},
        {"direction_": np.zeros(8)},
        {f"direction_{'x' * 200}": np.zeros(8)},
        {f"direction_{n}": np.zeros(8) for n in range(300)},
        {"useful": np.array(["1"])},
        {"useful": np.zeros(1_000_000, np.int64)},
        {"start": np.array([[0, 1]])},
    ],
)
def test_latents_that_are_none_are_refused(changes):
    latents_from_bytes(latents(), 8)
    with pytest.raises(ValueError, match=r"."):
        latents_from_bytes(latents(**changes), 8)


def test_what_is_written_of_latents_is_read():
    assert latents_from_bytes(latents_to_bytes(tiny_latents(8)), 8).std.tolist() == [1.0] * 8


def test_the_list_of_actors_is_lines_that_can_be_shown(tmp_path):
    tiny_actor(tmp_path / "evil\x1b[2J\u202ename.actor", name="x")
    (tmp_path / "bad\x1b]0;.actor").write_bytes(b"nothing")
    if sys.platform.startswith("linux"):
        Path(os.fsdecode(os.fsencode(tmp_path) + b"/x\xff.actor")).write_bytes(
            (tmp_path / "evil\x1b[2J\u202ename.actor").read_bytes()
        )
    done = subprocess.run(
        [sys.executable, "-m", "puppet", "actors"],
        env={**os.environ, "PUPPET_ACTORS_DIR": str(tmp_path)},
        capture_output=True,
        check=False,
    )
    said = done.stdout.decode() + done.stderr.decode()
    assert done.returncode == 2  # one is damaged
    assert "Traceback" not in said
    assert all(is_plain(line) for line in said.splitlines())


# --- settings ---

HOSTILE_SETTINGS = {
    "a height that is no choice": {"output": {"height": 5}},
    "choices of every kind": {"output": {"height": True, "layout": 3, "codec": [], "quality": {}, "pre_roll": 1e9}},
    "half surrogates": {"actor": "\ud800", "source": "\udfff\ud800", "recording_folder": "x\ud800"},
    "NUL": {"actor": "a\0b", "source": "\0", "recording_folder": "\0", "wall": ["\0"], "recent": ["\0"]},
    "controls": {"user": "\x1b[2J", "users": ["a\nb"], "output": {"microphone": "\0"}, "window": {"folded": "\x07"}},
    "a hundred thousand": {"recent": [str(n) for n in range(100_000)], "users": [str(n) for n in range(100_000)]},
    "long": {"source": "x" * 5000, "user": "x" * 5000},
    "large": {"window": {"width": 10**9, "height": 10**9}, "camera": {"width": 10**30, "fps": -1}},
    "other kinds": dict.fromkeys(("motion", "view", "output", "window", "camera", "users", "user"), [[]]),
    "unknown": {f"{n}\x1b": n for n in range(1000)},
    "nobody's home": {"actor": "~nobody-of-that-name/x.actor"},
}


@pytest.mark.parametrize("stored", HOSTILE_SETTINGS.values(), ids=HOSTILE_SETTINGS)
def test_hostile_settings_are_named_and_replaced_and_the_start_goes_on(tmp_path, stored):
    path = tmp_path / "settings.json"
    path.write_text(json.dumps(stored))
    settings, notices = load_settings(path)
    assert all(is_plain(notice) and len(notice) < 300 for notice in notices)
    assert len(notices) <= 11
    assert max(len(settings.recent), len(settings.users), len(settings.wall)) <= 100
    assert settings.output == Settings().output
    assert (settings.user, settings.window.width) == ("Me", 1240)
    choose_source(None, settings.source, [])
    choose_actor(None, settings.actor)
    save_settings(settings, path)
    assert load_settings(path) == (settings, [])


def test_a_recording_folder_that_is_a_file_is_not_used(tmp_path):
    (tmp_path / "file").write_text("x")
    (tmp_path / "settings.json").write_text(json.dumps({"recording_folder": str(tmp_path / "file")}))
    settings, (notice,) = load_settings(tmp_path / "settings.json")
    assert settings.recording_folder == ""
    assert "which is no folder" in notice


@needs_pipes
def test_settings_that_are_no_file_or_too_large_do_not_stop_the_start(tmp_path):
    os.mkfifo(tmp_path / "pipe.json")
    assert len(load_settings(tmp_path / "pipe.json")[1]) == 1
    (tmp_path / "zero.json").symlink_to("/dev/zero")
    assert len(load_settings(tmp_path / "zero.json")[1]) == 1
    (tmp_path / "large.json").write_text(json.dumps({"source": "x" * (2 << 20)}))
    assert load_settings(tmp_path / "large.json") == (
        Settings(), ["The settings were damaged: set aside as large.json.broken, using the defaults."]
    )  # fmt: skip


@pytest.mark.skipif(sys.platform == "win32", reason="file names there are Unicode")
def test_a_file_whose_name_is_not_utf8_is_remembered(tmp_path):
    name = os.fsdecode(b"/videos/\xff.mp4")
    save_settings(Settings(source=name, recent=(name,)), tmp_path / "settings.json")
    assert load_settings(tmp_path / "settings.json") == (Settings(source=name, recent=(name,)), [])


@pytest.mark.parametrize("spec", ["x" * 300, "a\0b", "~nobody-of-that-name", "/" + "x/" * 3000])
def test_names_that_no_file_can_have_are_missing_ones(spec):
    assert choose_source(None, spec, ["Front"])[0] == "Front"
    assert choose_actor(None, spec)[0] is not None
    with pytest.raises(ActorFileError):
        choose_actor(spec, "")
    open_source(spec)  # a camera of that name, or a file, that will not be there


# --- bookmarks, neutrals, jobs, figures ---


@pytest.mark.parametrize(
    "content",
    [
        *(
            "[1]",
            "{",
            '{"a": 3}',
            '{"a": ["0"]}',
            '{"a": "0 0"}',
            '{"a": "nan nan nan nan nan nan nan nan"}',
            '{"a": "%s"}',
        ),
        *(json.dumps({text: "0 " * 8}) for text in ("\x1b", "\ud800", "", "x" * 100)),
        *(json.dumps({str(n): "0 " * 8 for n in range(3000)}), '{"a": "0 0 0 0 0 0 0 0", "a": "0 0 0 0 0 0 0 0"}'),
    ],
)
def test_hostile_bookmarks_are_set_aside(tmp_path, content):
    card, kept = read_card(tiny_actor(tmp_path / "tiny.actor")), Bookmarks(tmp_path / "kept")
    kept.file(card).parent.mkdir()
    kept.file(card).write_text(content)
    with pytest.raises(PuppetError, match="set aside") as caught:
        kept.load(card)
    assert is_plain(str(caught.value))
    assert kept.load(card) == {}


def good_neutral() -> dict[str, np.ndarray]:
    return {
        "landmarks": np.zeros((478, 3), np.float32),
        "rotation": np.eye(3),
        "scale": np.array(80.0),
        "translation": np.zeros(3),
        "size": np.array([640, 480]),
        "made": np.array("2026-01-01"),
    }


@pytest.mark.parametrize(
    "changes",
    [
        *({"landmarks": np.full((478, 3), value)} for value in (np.nan, np.inf, 1e30)),
        *({"scale": np.array(value)} for value in (0.0, -1.0, 1e-300, 1e300, "x", True)),
        *({"size": np.array(value)} for value in ([0, 1], [-1, 5], [10**9, 1], ["a", "b"], [1.5])),
        *({"rotation": value} for value in (np.zeros((3, 3)), -np.eye(3), np.full((3, 3), 1e5))),
        {"made": np.array("\x1b[2J")},
        {"translation": np.zeros(4)},
    ],
)
def test_hostile_neutrals_are_none(tmp_path, changes):
    store = NeutralStore(tmp_path)
    path = store.file("Me", "Cam")
    path.write_bytes(npz(**good_neutral()))
    assert store.load("Me", "Cam") is not None
    path.write_bytes(npz(**{**good_neutral(), **changes}))
    assert store.load("Me", "Cam") is None


def test_neutrals_that_were_kept_before_are_read(tmp_path):
    store = NeutralStore(tmp_path)
    pose = HeadPose(np.eye(3), 80.0, np.zeros(3))
    store.save("Me", "C\udcff", Neutral(np.zeros((478, 3), np.float32), pose), (640, 480))
    found = store.load("Me", "C\udcff")
    assert found is not None
    assert found.size == (640, 480)


HOSTILE_JOBS = {
    "an option": {"footage": ["--force"]},
    "a relative path": {"footage": ["x.mp4"]},
    "no list": {"footage": "/x.mp4"},
    "numbers": {"footage": [1]},
    "out of the folder": {"name": "../../x"},
    "a control": {"name": "a\x1b"},
    "consent": {"consent": "\0"},
    "minutes": {"minutes": -1},
    "minutes too many": {"minutes": 1e30},
    "minutes as text": {"minutes": "5"},
}


@pytest.mark.parametrize("changes", HOSTILE_JOBS.values(), ids=HOSTILE_JOBS)
def test_hostile_jobs_are_none(tmp_path, changes):
    wish = {"footage": ["/x.mp4"], "name": "x", "consent": "y", "minutes": 5.0}
    (tmp_path / making.STATE).write_text('{"state": "checked"}')
    (tmp_path / making.JOB).write_text(json.dumps(wish))
    assert making.look(tmp_path).wish.minutes == 5.0
    (tmp_path / making.JOB).write_text(json.dumps({**wish, **changes}))
    with pytest.raises(PuppetError, match="holds no actor in the making"):
        making.look(tmp_path)
    assert making.find_jobs(tmp_path.parent) is not None


@pytest.mark.parametrize(
    "told", ["[]", '{"state": "flying"}', '{"state": 3}', '{"state": "done", "actor": "\\u0000"}', "{}"]
)
def test_hostile_states_are_none(tmp_path, told):
    (tmp_path / making.JOB).write_text('{"footage": ["/x.mp4"]}')
    (tmp_path / making.STATE).write_text(told)
    with pytest.raises(PuppetError, match="holds no actor in the making"):
        making.look(tmp_path)


def test_hostile_logs_and_figures_of_a_job_are_left_out(tmp_path):
    (tmp_path / making.JOB).write_text('{"footage": ["/x.mp4"], "minutes": 5}')
    (tmp_path / making.STATE).write_text(json.dumps({"state": "training", "error": "\x1b[2J"}))
    (tmp_path / making.LOG).write_bytes(b"\x1b]0;evil\x07 training\xff\n")
    (tmp_path / making.REPORT).write_bytes(b"one\x1b\ntwo\xff")
    (tmp_path / making.RUN).mkdir()
    rows = [
        *('{"step": 1, "kind": "train", "loss": 2, "seconds": 3}', '{"step": "x", "kind": "train", "loss": 2}'),
        *('{"step": 1e999, "kind": "train", "loss": 2}', '{"step": 1, "kind": "train", "loss": null}', '{"step": 1}'),
        *('{"step": 2, "kind": "train", "loss": NaN}', '{"step": 2, "kind": [], "loss": 1}', "[" * 10_000, "\x00"),
        '{"step": 2, "kind": "train", "loss": 2, "seconds": "x"}',
    ]
    (tmp_path / making.RUN / "metrics.jsonl").write_text("\n".join(rows))
    with acquire(tmp_path / making.LOCK) or pytest.fail("locked"):
        job = making.look(tmp_path)
    assert job.losses == ((1, 2.0),)
    assert is_plain(job.words + job.report, lines=True)
    assert "one" in job.report


def figures(**changes) -> dict:
    made = {"fps": 30.0, "latency_ms": {"p50": 1.0}, "stage_ms": {"track": {"p50": 1.0}}, "drops": 0, "cpu": 0.5}
    return {**made, "memory_mb": {"most": 100}, "actor": "ada", **changes}


@pytest.mark.parametrize(
    "changes",
    [
        *({"fps": value} for value in ("30", None, [], True, 1e300)),
        *(
            {"stage_ms": value}
            for value in ([], {"x": 3}, {"x": {"p50": "y"}}, {"\x1b": {"p50": 1}}, {"x" * 99: {"p50": 1}})
        ),
        *({"latency_ms": []}, {"memory_mb": None}, {"drops": {}}),
    ],
)
def test_hostile_figures_are_not_compared(tmp_path, changes):
    for name, content in (("a", figures()), ("b", figures(**changes))):
        (tmp_path / name).write_text(json.dumps(content))
    assert bench.run_compare(tmp_path / "a", tmp_path / "a") == 0
    with pytest.raises(PuppetError, match="bench --json wrote"):
        bench.run_compare(tmp_path / "a", tmp_path / "b")


def test_figures_say_nothing_that_a_terminal_does(tmp_path, capsys):
    for name, actor in (("a", "ada"), ("b", "\x1b[2J" * 10_000)):
        (tmp_path / name).write_text(json.dumps(figures(actor=actor)))
    bench.run_compare(tmp_path / "a", tmp_path / "b")
    said = capsys.readouterr().out
    assert is_plain(said, lines=True)
    assert len(said) < 5000


# --- one place for each ---

ONE_PLACE = {  # what only these files may call; card.py and bug_report.py write zip files
    "np.load": (),
    "torch.load": (),
    "json.load": ("models/fidelity/warped_still.py",),  # of its parent, through a pipe
    "json.loads": ("puppet/parsing/plain_json.py",),
    "zipfile.ZipFile": (
        "puppet/parsing/zips.py",
        "puppet/actor/card.py",
        "puppet/commands/bug_report.py",
    ),  # these write
    "eval": (),
    "exec": (),
}


def test_what_comes_from_outside_is_parsed_in_one_place():
    offences = []
    for room in ("puppet", "models", "export"):
        for path in sorted((ROOT / room).rglob("*.py")):
            place = path.relative_to(ROOT).as_posix()
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if not isinstance(node, ast.Call):
                    continue
                called = ast.unparse(node.func)
                if place not in ONE_PLACE.get(called, (place,)):
                    offences.append(f"{place}:{node.lineno} {called}")
                opens_hdf5 = called == "h5py.File" and ast.unparse(node.args[1]) not in ("'w'", "'r+'")
                if (opens_hdf5 and place != "models/data/hdf5.py") or any(
                    k.arg == "allow_pickle" for k in node.keywords
                ):
                    offences.append(f"{place}:{node.lineno} {ast.unparse(node)}")
    assert not offences


def test_the_assets_of_the_program_are_read_by_the_same_reader():
    for file in sorted((ROOT / "puppet" / "assets").glob("*.npz")):
        assert read_arrays(file, 1 << 20)
    assert CARD == "card.json"

"""Video files on web servers."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest
from hostile_servers import Canary, http
from network_sources import QUICK, file_server, trouble
from video_fixtures import shown_number, until

from puppet.sources.registry import open_source


@pytest.mark.parametrize(
    ("name", "ranges"), [("film.mp4", True), ("early.mp4", True), ("early.mp4", False), ("film.ts", False)]
)
def test_a_film_on_a_server_plays_at_its_own_pace(name: str, ranges: bool, film: Path, serve):
    server = serve(file_server(film.with_name(name), ranges))
    source = open_source(f"http://{server.place}/{name}", devices=QUICK)
    source.open()
    frames = [frame for frame in (source.read() for _ in range(40)) if frame is not None]
    source.close()
    numbers = [shown_number(frame.image) for frame in frames]
    assert numbers == sorted(set(numbers))
    assert frames[0].image.shape == (96, 160, 3)
    assert frames[-1].captured_at - frames[0].captured_at > 0.6  # 40 pictures last 1.3 s
    until(lambda: not any(thread.name in ("relay", "feed decoder") for thread in threading.enumerate()), 20)


def test_a_film_that_can_only_be_read_from_its_end(film: Path, tmp_path: Path, serve):
    data = film.read_bytes()  # small enough to be kept as a whole: more is put where its pictures lie
    place, more = data.index(b"mdat") - 4, 3 << 20
    end = place + int.from_bytes(data[place : place + 4], "big")
    longer = (end - place + more).to_bytes(4, "big") + data[place + 4 : end] + bytes(more)
    (tmp_path / "long.mp4").write_bytes(data[:place] + longer + data[end:])
    server = serve(file_server(tmp_path / "long.mp4", ranges=False))
    assert "index lies at its end" in str(trouble(f"http://{server.place}/film.mp4"))


@pytest.mark.parametrize("form", ["http://{}/film.mp4", "//{}/film.mp4", "https://{}/"])
def test_a_film_whose_parts_lie_elsewhere(form: str, film: Path, canary: Canary, serve):
    """The first request is answered well, those of the decoder are sent on."""
    moved = http(b"", "", "302 Found", f"Location: {form.format(canary.places[0])}")
    server = serve(file_server(film, then=moved))
    assert trouble(f"http://{server.place}/film.mp4").kind in ("busy", "unreadable")

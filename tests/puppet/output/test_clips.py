"""The last seconds as an animation."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image as Pillow
from video_fixtures import played, shown_number

from puppet.core.errors import RecordingError
from puppet.output.clips import clip_arguments
from puppet.output.live_outputs import LiveOutputs
from puppet.output.settings import OutputSettings


@pytest.mark.parametrize("kind", ["gif", "webp"])
def test_the_last_three_seconds_become_an_animation_that_says_what_it_is(kind: str, tmp_path: Path) -> None:
    outputs = LiveOutputs(OutputSettings(hardware=False), tmp_path, lambda: "Nobody: a statue.")
    for number in range(150):
        outputs.write(played(number, number / 30))
    path = outputs.clip(tmp_path, "marble", kind)
    outputs.close()
    assert path.suffix == f".{kind}"
    with Pillow.open(path) as animation:
        frames = []
        spans = []
        for index in range(animation.n_frames):  # pyright: ignore[reportAttributeAccessIssue]
            animation.seek(index)
            picture = np.asarray(animation.convert("RGB"))
            frames.append(shown_number(np.ascontiguousarray(picture[:, : picture.shape[1] * 160 // 256])))
            spans.append(animation.info.get("duration", 0))
        assert animation.info["loop"] == 0
        xmp = animation.info.get("xmp", b"")
    assert frames == sorted(frames)
    assert frames[0] == pytest.approx(60, abs=2)
    assert frames[-1] >= 146
    assert sum(spans) / 1000 == pytest.approx(3.0, abs=0.15)
    data = path.read_bytes()
    assert b"compositeWithTrainedAlgorithmicMedia" in (xmp if kind == "webp" else data)
    assert b"Consent: Nobody: a statue." in data


def test_a_clip_of_nothing_is_told(tmp_path: Path) -> None:
    outputs = LiveOutputs(OutputSettings(hardware=False), tmp_path, lambda: "Nobody: a statue.")
    with pytest.raises(RecordingError, match="no picture has come"):
        outputs.clip(tmp_path, "marble", "gif")
    outputs.close()


def test_the_arguments_of_a_clip() -> None:
    arguments = clip_arguments("ffmpeg", 64, 48, "webp", Path("-a.webp"))
    assert arguments[arguments.index("-loop") + 1] == "0"
    assert arguments[-5:] == ["-compression_level", "3", "-f", "webp", "file:-a.webp"]
    assert "palettegen" in " ".join(clip_arguments("ffmpeg", 64, 48, "gif", Path("a.gif")))

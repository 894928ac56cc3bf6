"""The last seconds as an animation."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image as Pillow
from planted_layers import transparent_result
from video_fixtures import played, shown_number

from puppet.core.errors import RecordingError
from puppet.core.layout import Layout
from puppet.output.clips import HEIGHT, clip_arguments, save_clip
from puppet.output.compose import compose
from puppet.output.live_outputs import LiveOutputs
from puppet.output.settings import OutputSettings
from puppet.provenance.xmp import Provenance


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


@pytest.mark.parametrize("kind", ["gif", "webp"])
def test_an_animation_over_nothing_has_alpha_and_leaves_no_trail(kind: str, tmp_path: Path) -> None:
    """The disc moves: where it was, nothing is left."""
    results = [transparent_result(number, fps=15.0) for number in range(30)]
    path = save_clip(results, tmp_path, kind, Provenance("marble", layout=Layout.ACTOR, badge=False))
    with Pillow.open(path) as animation:
        assert animation.n_frames == 30  # pyright: ignore[reportAttributeAccessIssue]
        for index, result in enumerate(results):
            animation.seek(index)
            seen = np.asarray(animation.convert("RGBA"))
            wanted = compose(result, Layout.ACTOR, HEIGHT, alpha=True)
            if kind == "webp":
                np.testing.assert_array_equal(seen[..., 3], wanted[..., 3])
            else:  # a pixel is seen or it is not
                certain = (wanted[..., 3] < 64) | (wanted[..., 3] > 192)
                np.testing.assert_array_equal((seen[..., 3] > 0)[certain], (wanted[..., 3] > 128)[certain])
            inside = wanted[..., 3] == 255
            assert np.abs(seen[inside][:, 2::-1].astype(int) - wanted[inside][:, :3]).mean() < 3
    data = path.read_bytes()
    assert b"trainedAlgorithmicMedia" in data


def test_one_result_over_nothing_gives_the_whole_animation_alpha(tmp_path: Path) -> None:
    results = [played(0, 0.0, 128), transparent_result(1, fps=15.0)]
    path = save_clip(results, tmp_path, "webp", Provenance("marble", layout=Layout.ACTOR, badge=False))
    with Pillow.open(path) as animation:
        shares = []
        for index in range(2):
            animation.seek(index)
            shares.append((np.asarray(animation.convert("RGBA"))[..., 3] == 255).mean())
    assert shares[0] == 1
    assert 0.1 < shares[1] < 0.3


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

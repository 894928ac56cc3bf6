"""`puppet evaluate` with a planted judge: what is asked of it, what is kept, what is told when it fails."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

import pytest
from planted_judge import JUDGE, Bench
from planted_score import planted_score
from tiny_actor import tiny_actor
from tiny_dataset import write_dataset
from video_fixtures import ffmpeg, numbered, read_video, shown_number, write_video

from models import __main__ as cli
from models.fidelity import evaluate
from models.fidelity.evaluate import Subject, contact_sheet, parse_subject, render_arguments
from puppet import cli as puppet_cli
from puppet.sources.registry import DEMO_CLIP

VALIDATE = """
import transfer_score as ts
MODEL = "the judge's model"

def puppet(driver, actor, actor_frames):
    assert list(actor_frames) == actor
    assert actor[0][1] == 2400
    yield "still of", driver
"""


def test_every_actor_plays_every_clip_and_all_of_it_is_told(bench: Bench, capsys):
    twin = tiny_actor(bench.folder / "twin.actor")
    assert bench.command("--actor", str(twin), "name=second") == 0
    calls = bench.judged()
    assert [(Path(c[0]).stem, Path(c[1]).parent.name, "--actor-footage" in c) for c in calls] == [
        ("person_a", "tiny", True),
        ("person_b", "tiny", True),
        ("person_a", "second", False),
        ("person_b", "second", False),
    ]
    results = bench.results()
    assert list(results) == ["tiny", "second"]
    assert results["tiny"]["figures"]["ec"] == {"value": 0.8, "note": "worst 0.700, b", "verdict": "missed"}
    assert results["tiny"]["figures"]["group_lids"]["verdict"] == "missed"
    assert results["tiny"]["scores"]["person_b"]["ec_counting_missing"] == 0.7
    assert results["second"]["missing"]["footage"].startswith("no footage of the actor")
    printed = capsys.readouterr().out
    assert "| 0.800 (worst 0.700, b) | missed |" in printed
    report = (bench.out / "fidelity.md").read_text()
    assert printed.strip() in report
    assert "## second, clip by clip" in report
    assert str(bench.folder) not in report + (bench.out / "fidelity.json").read_text()  # they may be published
    for actor in ("tiny", "second"):
        assert (bench.out / actor / "person_a.png").is_file()


def test_what_is_known_is_not_measured_again(bench: Bench):
    assert bench.command() == 0
    assert (bench.renders, len(bench.judged())) == (2, 2)
    bench.plant(person_a=planted_score(ec=0.1))
    assert bench.command() == 0
    assert (bench.renders, bench.judged()) == (2, [])
    assert bench.results()["tiny"]["figures"]["ec"]["value"] == 0.8
    assert bench.command("--force") == 0
    assert (bench.renders, len(bench.judged())) == (4, 2)
    assert bench.results()["tiny"]["figures"]["ec"]["value"] == pytest.approx(0.4)


def test_what_has_changed_is_measured_again(bench: Bench):
    assert bench.command() == 0
    bench.judged()
    tiny_actor(bench.actor, licence="another")
    assert bench.command() == 0
    assert (bench.renders, bench.judged()) == (4, [])  # played anew; the pictures are the same, so nothing to judge
    bench.clips[1] = write_video(bench.clips[1].with_name("person_b.mp4"), [numbered(i) for i in range(50, 60)])
    assert bench.command() == 0
    assert (bench.renders, [Path(c[0]).stem for c in bench.judged()]) == (5, ["person_b"])
    bench.judge.write_text(JUDGE + "# another opinion\n")
    assert bench.command() == 0
    assert (bench.renders, len(bench.judged())) == (5, 2)
    (bench.out / "tiny" / "person_a.mp4").unlink()
    (bench.out / "tiny" / "person_b.judge.json").write_text('{"key": ')
    assert bench.command() == 0
    assert (bench.renders, [Path(c[0]).stem for c in bench.judged()]) == (6, ["person_b"])


def test_a_stopped_evaluation_goes_on_where_it_was(bench: Bench, capsys):
    bench.plant(person_b="error: a face in only 3 frames")
    assert bench.command() == 2
    said = capsys.readouterr().err.strip().splitlines()[-1]
    assert said.startswith("error: transfer_score.py could not score person_b.mp4 against person_b.mp4: error: a face")
    assert not (bench.out / "fidelity.md").exists()
    bench.judged()
    bench.plant(person_b=planted_score(ec=0.5))
    assert bench.command() == 0
    assert (bench.renders, [Path(c[0]).stem for c in bench.judged()]) == (2, ["person_b"])
    assert bench.results()["tiny"]["figures"]["ec"]["value"] == pytest.approx(0.7)


def test_the_warped_still_is_scored_where_the_judge_can(bench: Bench):
    assert bench.command() == 0
    figures = bench.results()["tiny"]["figures"]
    assert figures["ec_over_still"]["value"] is None
    assert "does not lie beside the judge" in figures["ec_over_still"]["note"]
    bench.judge.with_name("validate.py").write_text(VALIDATE)
    stills = {"person_a.still": planted_score(ec=0.85), "person_b.still": planted_score(ec=0.75)}
    bench.plant(**{"person_a.still": stills["person_a.still"]})
    assert bench.command() == 0  # one of the two fails
    figures = bench.results()["tiny"]["figures"]
    assert figures["ec_still"]["value"] == pytest.approx(0.85)
    assert figures["ec_still"]["note"] == "1 of 2 clips"
    assert "validate.py could not score the warped still: KeyError" in bench.results()["tiny"]["missing"]["still"]
    bench.plant(**stills)
    assert bench.command() == 0
    assert bench.results()["tiny"]["figures"]["ec_over_still"]["value"] == pytest.approx(-0.05)
    bench.plant(**{"person_b.still": planted_score(ec=0.1)})
    assert bench.command() == 0
    assert bench.results()["tiny"]["figures"]["ec_still"]["value"] == pytest.approx(0.80)
    assert bench.command("--force") == 0
    assert bench.results()["tiny"]["figures"]["ec_still"]["value"] == pytest.approx(0.475)


def test_bad_input_is_one_line_before_any_work(bench: Bench, capsys, tmp_path: Path):
    text, actor, judged_by = tmp_path / "text.mp4", str(bench.actor), str(bench.judge)
    text.write_text("no video")
    (tmp_path / "other").mkdir()
    namesake = shutil.copy(bench.clips[0], tmp_path / "other" / "person_a.mp4")
    clip = str(bench.clips[0])
    cases = {
        "the judge is not there": ["--actor", actor, "--clips", clip, "--judge", str(tmp_path / "none.py")],
        "text.mp4": ["--actor", actor, "--clips", clip, str(text), "--judge", judged_by],
        "two clips are called person_a": ["--actor", actor, "--clips", clip, str(namesake), "--judge", judged_by],
        "two actors are called tiny": ["--actor", actor, "--actor", actor, "--clips", clip, "--judge", judged_by],
        "neither an actor file nor": ["--actor", "nobody", "--clips", clip, "--judge", judged_by],
        "is none of name=": ["--actor", actor, "colour=red", "--clips", clip, "--judge", judged_by],
        "cannot be the name": ["--actor", actor, "name=a/b", "--clips", clip, "--judge", judged_by],
        "does not exist": ["--actor", actor, "run=absent", "--clips", clip, "--judge", judged_by],
        "needs the run": ["--actor", actor, f"data={text}", "--clips", clip, "--judge", judged_by],
        "tiny.txt.actor": ["--actor", str(text.rename(tmp_path / "tiny.txt.actor")), "--clips", clip]
        + ["--judge", judged_by],
    }
    text.write_text("no video")
    for named, words in cases.items():
        assert cli.main(["evaluate", *words, "-o", str(bench.out)]) == 2, named
        (said,) = [line for line in capsys.readouterr().err.splitlines() if line.startswith("error: ")]
        assert named in said
    assert (bench.renders, bench.judged()) == (0, [])


def test_an_output_folder_that_is_a_file_is_told(bench: Bench, capsys):
    bench.out.write_text("")
    assert bench.command() == 2
    assert "choose another folder" in capsys.readouterr().err


# ---------------------------------------------------------------- pieces


def test_rendering_is_the_programs_own_with_default_settings(tmp_path: Path):
    words = render_arguments(Path("a.actor"), Path("c.mp4"), Path("o.mp4"))
    assert words[:3] == [sys.executable, "-m", "puppet"]
    asked, default = (
        vars(puppet_cli.build_parser().parse_args(w))
        for w in (words[3:], ["render", "c.mp4", "-o", "o.mp4", "--layout", "actor", "--actor", "a.actor", "--force"])
    )
    assert asked == default


def test_a_subject_from_words(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    actor = tiny_actor(tmp_path / "tiny.actor")
    monkeypatch.setattr(evaluate, "BUILT_IN", tmp_path)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "run").mkdir()
    assert parse_subject(["tiny"]) == Subject("tiny", actor)
    told = parse_subject(["tiny.actor", "run=run", "name=the first"])
    assert told == Subject("the first", actor, run=tmp_path / "run")


def test_messages_lose_their_folders():
    assert evaluate.without_folders("error: /tmp/a/c.mp4: no face (2 / 3)") == "error: c.mp4: no face (2 / 3)"
    assert evaluate.without_folders(r"C:\x\y.mp4 and runs/marble") == "y.mp4 and runs/marble"


def test_the_sheet_shows_both_at_the_same_moments(tmp_path: Path):
    above = write_video(tmp_path / "a.mp4", [numbered(i, 96, 96) for i in range(15)])
    below = write_video(tmp_path / "b.mp4", [numbered(100 + i, 96, 96) for i in range(15)])
    sheet = contact_sheet(above, below)
    cell = sheet.shape[1] // 8
    for row, start in ((0, 0), (1, 100)):
        pictures = [
            sheet[row * cell : row * cell + cell - 4, column * cell : column * cell + cell - 4] for column in range(8)
        ]
        assert [shown_number(p) for p in pictures] == [start + 2 * i for i in range(8)]


def test_a_real_clip_is_really_rendered(tmp_path: Path):
    """The demo's first half second through `puppet render` itself, a tiny actor and a planted judge."""
    if not DEMO_CLIP.exists():
        pytest.skip("needs the demo clip, which comes with the program")
    made = Bench(tmp_path)
    clip = tmp_path / "demo.mp4"
    ffmpeg("-i", DEMO_CLIP, "-t", "0.5", clip)
    made.plant(demo=planted_score(ec=0.9))
    words = ["--actor", str(made.actor), "--clips", str(clip), "--judge", str(made.judge)]
    assert cli.main(["evaluate", *words, "-o", str(made.out)]) == 0
    assert len(read_video(made.out / "tiny" / "demo.mp4")) == len(read_video(clip))
    first = (made.out / "tiny" / "demo.mp4").read_bytes()
    assert cli.main(["evaluate", *words, "-o", str(made.out), "--force"]) == 0
    assert (made.out / "tiny" / "demo.mp4").read_bytes() == first  # so that the judge need not see it twice


# ---------------------------------------------------------------- the actor's own footage


def test_self_reconstruction_is_in_the_table_and_known_the_second_time(run: Path, bench: Bench, monkeypatch):
    bench.clips.pop()
    bench.plant(**{"held-out": planted_score(ec=0.96)})
    words = ["--actor", str(bench.actor), f"run={run}", "name=trained"]
    assert bench.command(*words) == 0
    (by_frame,) = [call for call in bench.judged() if "--by-frame" in call]
    assert [Path(word).name for word in by_frame[:2]] == ["held-out.mp4", "held-out.reconstructed.mp4"]
    figures = bench.results()["trained"]["figures"]
    assert (figures["self_ec"]["value"], figures["self_ec"]["verdict"]) == (0.96, "reached")
    assert figures["self_psnr"]["note"] == "6 frames in 1 block, 8 px"
    assert figures["self_ssim"] == {"value": None, "note": "this network does not measure it", "verdict": "-"}
    assert "run=RUN_DIR" in bench.results()["tiny"]["figures"]["self_psnr"]["note"]
    monkeypatch.setattr(evaluate, "reconstruct_held_out", None)  # may not be called
    assert bench.command(*words) == 0
    assert bench.judged() == []


def test_pictures_too_small_for_the_judge_leave_the_other_figures(run: Path, bench: Bench):
    bench.clips.pop()
    bench.plant(**{"held-out": f"error: {bench.out / 'trained'}/held-out.mp4: a face in only 0 frames, need 25"})
    assert bench.command("--actor", str(bench.actor), f"run={run}", "name=trained") == 0
    figures = bench.results()["trained"]["figures"]
    assert figures["self_psnr"]["value"] > 0
    assert figures["self_ec"]["value"] is None
    assert "error: held-out.mp4: a face in only 0 frames" in figures["self_ec"]["note"]
    assert str(bench.folder) not in (bench.out / "fidelity.md").read_text()


def test_a_run_of_another_actor_is_told_before_any_work(run: Path, bench: Bench, capsys):
    other = tiny_actor(bench.folder / "other.actor", training={"steps": 999})
    assert bench.command("--actor", str(other), f"run={run}") == 2
    assert "no checkpoint after 999 steps" in capsys.readouterr().err
    data = write_dataset(bench.folder / "other.h5", n=30)
    assert bench.command("--actor", str(bench.actor), f"run={run}", f"data={data}", "name=trained") == 2
    assert "other.h5: not the data set that" in capsys.readouterr().err
    (bench.folder / "data.h5").unlink()
    assert bench.command("--actor", str(bench.actor), f"run={run}", "name=trained") == 2
    assert "say where it is with data=FILE" in capsys.readouterr().err
    assert bench.renders == 0

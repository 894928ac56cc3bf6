"""The commands of `models`: arguments, messages, exit codes, and one small run from data set to pictures."""

from __future__ import annotations

import subprocess
import sys

import cv2
import numpy as np
import pytest
from tiny_dataset import planted_picture, write_dataset

from models import __main__ as cli
from models.commands import train
from models.networks.config import PRESETS
from models.training.metrics_log import read_metrics

pytestmark = pytest.mark.usefixtures("one_torch_thread")


def test_help_is_instant_because_nothing_heavy_is_imported():
    code = """if True:
        import sys
        from models.__main__ import main
        try:
            main(["--help"])
        except SystemExit as stop:
            assert stop.code == 0
        heavy = {"torch", "h5py", "mediapipe", "cv2"} & set(sys.modules)
        sys.exit(f"imported {heavy}" if heavy else 0)
    """
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "prepare" in done.stdout


@pytest.mark.parametrize("command", sorted(cli.COMMANDS))
def test_every_command_has_help_with_an_example(command, capsys):
    with pytest.raises(SystemExit) as stop:
        cli.main([command, "--help"])
    assert stop.value.code == 0
    shown = " ".join(capsys.readouterr().out.split())
    assert f"usage: puppet {command} " in shown
    assert f"example: puppet {command} " in shown


def test_examples_parse():
    for command, module in cli.COMMANDS.items():
        words = module.EXAMPLE.split()
        assert words[:2] == ["puppet", command]
        args = cli.build_parser(command).parse_args(words[1:])
        assert args.command == command


@pytest.mark.parametrize(
    "arguments",
    [[], ["dance"], ["train", "d.h5"], ["train", "d.h5", "-o", "r", "--steps", "0"]]
    + [["train", "d.h5", "-o", "r", "--preset", "none"], ["train", "d.h5", "-o", "r", "--minutes", "x"]],
)
def test_wrong_arguments_exit_with_2(arguments, capsys):
    with pytest.raises(SystemExit) as stop:
        cli.main(arguments)
    assert stop.value.code == 2
    assert "usage:" in capsys.readouterr().err


@pytest.mark.parametrize(("size", "preset"), [(512, "puppet-512"), (256, "puppet-256"), (64, "puppet-128")])
def test_the_default_preset_is_as_large_as_the_footage(size, preset, tmp_path):
    data = write_dataset(tmp_path / "data.h5", n=2, size=size)
    assert train.default_preset(data) == preset
    assert preset in PRESETS


def run_of(tmp_path, *options: str) -> int:
    data = write_dataset(tmp_path / "data.h5")
    common = ["--driver", str(data), "--threads", "1", "--device", "cpu"]
    return cli.main(["train", str(data), "-o", str(tmp_path / "run"), *common, *options])


def small_run(tmp_path) -> int:
    return run_of(tmp_path, "--preset", "seed-int8", "--steps", "2", "--batch-size", "4")


def test_train_resume_and_reconstruct(tmp_path, capsys):
    assert small_run(tmp_path) == 0
    assert run_of(tmp_path, "--resume", "--steps", "3") == 0
    assert [row["step"] for row in read_metrics(tmp_path / "run") if row["kind"] == "train"] == [1]
    assert sorted(p.name for p in (tmp_path / "run" / "checkpoints").iterdir()) == ["step-00000002", "step-00000003"]
    out, compared = tmp_path / "pictures", tmp_path / "compared"
    arguments = ["reconstruct", str(tmp_path / "run"), str(tmp_path / "data.h5"), "--device", "cpu"]
    assert cli.main([*arguments, "-o", str(out)]) == 0
    assert "24 pictures" in capsys.readouterr().out
    assert cli.main([*arguments, "-o", str(compared), "--compare"]) == 0
    names = [f"{i:06d}.png" for i in range(24)]
    assert sorted(p.name for p in out.iterdir()) == names
    for name in names[:3]:
        alone, pair = cv2.imread(str(out / name)), cv2.imread(str(compared / name))
        assert alone is not None
        assert pair is not None
        assert alone.shape == (64, 64, 3)
        assert np.array_equal(pair[:, 64:], alone)
    first = cv2.imread(str(compared / names[0]))
    assert first is not None
    assert np.array_equal(first[:, :64, ::-1], planted_picture(0.0, 0.0, 64))


def test_reconstruct_makes_a_video(tmp_path):
    assert small_run(tmp_path) == 0
    out = tmp_path / "out.mp4"
    assert cli.main(["reconstruct", str(tmp_path / "run"), str(tmp_path / "data.h5"), "-o", str(out)]) == 0
    video = cv2.VideoCapture(str(out))
    assert video.get(cv2.CAP_PROP_FRAME_COUNT) == 24
    assert (video.get(cv2.CAP_PROP_FRAME_WIDTH), video.get(cv2.CAP_PROP_FRAME_HEIGHT)) == (64, 64)


def test_errors_are_one_line_and_exit_code_2(tmp_path, capsys):
    assert cli.main(["train", str(tmp_path / "absent.h5"), "-o", str(tmp_path / "run")]) == 2
    assert small_run(tmp_path) == 0
    data, run = str(tmp_path / "data.h5"), str(tmp_path / "run")
    capsys.readouterr()
    bad = {
        "already exists; give --resume": ["train", data, "-o", run],
        "--preset cannot be given with --resume": ["train", data, "-o", run, "--resume", "--preset", "seed-int8"],
        "no such run folder": ["reconstruct", str(tmp_path / "absent"), data, "-o", str(tmp_path / "o")],
        "no checkpoint in this folder": ["reconstruct", str(tmp_path), data, "-o", str(tmp_path / "o")],
        "already exists; choose a new folder": ["reconstruct", run, data, "-o", run],
    }
    for message, arguments in bad.items():
        assert cli.main(arguments) == 2
        said = [line for line in capsys.readouterr().err.splitlines() if line.startswith("error: ")]
        assert len(said) == 1
        assert message in said[0]


@pytest.mark.filterwarnings("default:.*using step-")  # the command shows it as a line
def test_a_damaged_checkpoint_is_told_and_the_one_before_is_used(tmp_path, capsys):
    assert small_run(tmp_path) == 0
    assert run_of(tmp_path, "--resume", "--steps", "3") == 0
    broken = tmp_path / "run" / "checkpoints" / "step-00000003" / "model.safetensors"
    broken.write_bytes(broken.read_bytes()[:1000])
    assert run_of(tmp_path, "--resume") == 0
    assert "warning: " in (said := capsys.readouterr().err)
    assert "using step-00000002 instead" in said
    assert len(broken.read_bytes()) > 1000  # step 3 was done again


def test_verbose_may_stand_before_the_command(tmp_path, capsys):
    assert cli.main(["-v", "train", str(tmp_path / "none.h5"), "-o", str(tmp_path / "run")]) == 2
    assert "puppet train, puppet" in capsys.readouterr().err

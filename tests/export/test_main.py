"""`puppet export RUN_DIR`: arguments, messages, and a run that becomes an actor."""

from __future__ import annotations

import subprocess
import sys

import pytest

pytest.importorskip("torch", reason="export needs the extra 'train'")

import export.__main__
import export.actor_file
from puppet.actor.card import card_to_json
from puppet.actor.file import read_card
from puppet.actor.runtime import load_actor


def test_consent_is_required(capsys):
    for arguments in (["run", "-o", "x.actor"], ["run", "-o", "x.actor", "--consent", "  "]):
        with pytest.raises(SystemExit) as stop:
            export.__main__.main(arguments)
        assert stop.value.code == 2
        assert "--consent" in capsys.readouterr().err


def test_help_has_an_example_and_needs_no_torch():
    code = "import sys, export.__main__ as m\ntry: m.main(['--help'])\nexcept SystemExit: print('torch' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "example: puppet export" in done.stdout
    assert done.stdout.rstrip().endswith("False")


def test_a_missing_run_is_one_line_and_exit_code_2(tmp_path, capsys):
    code = export.__main__.main([str(tmp_path / "no-run"), "-o", str(tmp_path / "x.actor"), "--consent", "Me."])
    assert code == 2
    error = capsys.readouterr().err
    assert error.startswith("error: ")
    assert "no-run" in error
    assert error.count("\n") == 1


def test_the_command_turns_a_run_into_an_actor(run, tmp_path, capsys):
    out = tmp_path / "Ada.actor"
    assert export.__main__.main([str(run), "-o", str(out), "--consent", "Made up.", "--licence", "CC-BY-4.0"]) == 0
    assert "Ada.actor: 16." in capsys.readouterr().out  # MiB; the seed's convolutions are folded with what follows
    card = load_actor(out, "cpu", threads=1).card
    assert (card.name, card.kind, card.consent, card.licence) == ("Ada", "image", "Made up.", "CC-BY-4.0")
    assert (card.crop_size, card.image_size, card.latent_size) == (64, 64, 30)
    assert card.training["steps"] == 12
    assert card.training["frames"] == 24
    assert card.training["data"]["file"] == "data.h5"  # no folder of this machine
    assert str(tmp_path) not in card_to_json(card)


def test_a_moved_data_set_is_asked_for(run, tmp_path, capsys):
    moved = (tmp_path / "data.h5").rename(tmp_path / "moved.h5")
    arguments = [str(run), "-o", str(tmp_path / "x.actor"), "--consent", "Made up."]
    assert export.__main__.main(arguments) == 2
    assert "say where it is with --data" in capsys.readouterr().err
    assert export.__main__.main([*arguments, "--data", str(moved), "--name", "Eve"]) == 0
    assert read_card(tmp_path / "x.actor").name == "Eve"


def test_the_option_response_has_the_name_of_earlier_versions_too():
    words = ["run", "-o", "x.actor", "--consent", "Me."]
    for name in ("--response", "--answer"):
        assert export.__main__.run_parser().parse_args([*words, name, "brows=0.6"]).response == [("brows", 0.6)]


def test_verbose_may_stand_before_the_command(tmp_path, capsys):
    assert export.__main__.main(["-v", "morphing-faces", str(tmp_path / "none"), "-o", str(tmp_path / "x.actor")]) == 2
    assert "puppet export morphing-faces, puppet" in capsys.readouterr().err

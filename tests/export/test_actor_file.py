"""An actor file appears as a whole, once the app has loaded it; a killed export leaves nothing."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("torch", reason="export needs the extra 'train'")

from tiny_networks import TinyMesh, export_to

import export.__main__
import export.actor_file
from puppet.actor.file import read_card
from puppet.core.errors import ActorFileError

ROOT = Path(__file__).resolve().parents[2]


def test_a_file_that_the_app_refuses_is_not_left_behind(tmp_path, monkeypatch):
    def refuse(path, provider):
        assert path.is_file()
        raise ActorFileError("not today")

    monkeypatch.setattr(export.actor_file, "load_actor", refuse)
    with pytest.raises(ActorFileError, match="not today"):
        export_to(tmp_path / "ada.actor", TinyMesh())
    assert not list(tmp_path.iterdir())


HANG = """
import sys
import export.__main__, export.actor_file
name, count = sys.argv[1], int(sys.argv[2])
there = getattr(export.actor_file, name)

def hang(*arguments, **options):
    global count
    count -= 1
    if not count:
        print("hanging", flush=True)
        sys.stdin.read()
    return there(*arguments, **options)

setattr(export.actor_file, name, hang)
sys.exit(export.__main__.main(sys.argv[3:]))
"""


@pytest.mark.parametrize(("name", "count"), [("load_actor", 1), ("publish", 2)])
def test_a_killed_export_leaves_nothing_under_the_name_and_a_second_one_succeeds(
    run, tmp_path, monkeypatch, name, count
):
    """While it is verified, and just before it gets its name."""
    monkeypatch.setenv("PUPPET_CONFIG_DIR", str(tmp_path / "own"))
    out = tmp_path / "out" / "ada.actor"
    out.parent.mkdir()
    (out.parent / ".ada.1.actor").write_bytes(b"precious")
    arguments = [str(run), "-o", str(out), "--consent", "Made up.", "--no-attributes"]
    with subprocess.Popen(
        [sys.executable, "-c", HANG, name, str(count), *arguments],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as child:
        assert child.stdout is not None
        assert child.stdout.readline() == "hanging\n"
        assert export.__main__.main(arguments) == 2  # it is being written
        child.kill()
    assert not out.exists()
    assert len(list(out.parent.iterdir())) > 1
    assert export.__main__.main(arguments) == 0
    assert sorted(path.name for path in out.parent.iterdir()) == [".ada.1.actor", "ada.actor"]
    assert read_card(out).name == "ada"


def test_an_actor_that_appears_while_another_is_exported_stays(run, tmp_path, monkeypatch, capsys):
    out = tmp_path / "ada.actor"
    there = export.actor_file.publish

    def late(draft, path, replace=False):
        if not replace:  # the draft gets its name
            path.write_bytes(b"precious")
        there(draft, path, replace)

    monkeypatch.setattr(export.actor_file, "publish", late)
    assert export.__main__.main([str(run), "-o", str(out), "--consent", "Made up."]) == 2
    assert "ada.actor exists already" in capsys.readouterr().err
    assert out.read_bytes() == b"precious"
    assert not list(tmp_path.glob(".*"))

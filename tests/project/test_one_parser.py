"""What comes from outside is parsed by one function for each format."""

from __future__ import annotations

import ast
from pathlib import Path

from puppet.actor.file import CARD
from puppet.parsing.arrays import read_arrays

ROOT = Path(__file__).resolve().parents[2]


ONE_PLACE = {  # what only these files may call
    "np.load": (),
    "torch.load": (),
    "json.load": ("models/fidelity/warped_still.py",),  # of its parent, through a pipe
    "json.loads": ("puppet/parsing/plain_json.py",),
    "zipfile.ZipFile": ("puppet/parsing/zips.py", "puppet/actor/file.py"),  # there only to write
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

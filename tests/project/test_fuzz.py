"""The fuzzer: it notices what it must, a short run finds nothing, and what it once found stays mended."""

from __future__ import annotations

import itertools
import sys
from pathlib import Path

import planted_targets
import pytest

pytest.importorskip("torch", reason="checkpoints and data sets need the extra 'train'")
if not sys.platform.startswith("linux"):
    pytest.skip("the fuzzer's workers are watched through /proc", allow_module_level=True)

from fuzz import campaign
from fuzz.targets import TARGETS
from fuzz.worker import mutant

CASES = Path(__file__).resolve().parents[1] / "support" / "fuzz" / "cases"  # TARGET/NAME: files that were findings once
EACH = 25  # mutants of every target in a short run


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("good", "refused"),
        ("crash", "crash"),
        ("hang", "hang"),
        ("memory", "memory"),
        ("exception", "exception"),
        ("message", "exception"),
        ("touched", "touched"),
    ],
)
def test_it_notices(tmp_path, name, kind):
    target, tally = planted_targets.TARGETS[name], campaign.Tally()
    worker = campaign.Worker(tmp_path / "worker", "planted_targets")
    try:
        for seed in (1, 2):  # it goes on after a worker died
            told = worker.read(target, {"seed": seed})
            campaign.count(tally, target, seed, told, tmp_path / "worker" / "mutant" / "mutant.bin", tmp_path / "kept")
    finally:
        worker.close()
    assert tally.counts[name] == {kind: 2}
    assert [finding.kind for finding in tally.findings] == ([] if kind == "refused" else [kind, kind])
    assert len(list((tmp_path / "kept").glob("*"))) == len(tally.findings)


def test_the_same_seed_gives_the_same_mutant(tmp_path):
    seeds = [b'{"a": [1, 2, {"b": "text"}]}', b"[]"]
    made = [mutant(TARGETS["settings"], seed, seeds) for seed in range(50)]
    assert made == [mutant(TARGETS["settings"], seed, seeds) for seed in range(50)]
    assert len(set(made)) > 25


def test_a_short_run_finds_nothing(tmp_path):
    orders = itertools.islice(campaign.in_turn(list(TARGETS), 1), EACH * len(TARGETS))
    tally = campaign.run(orders, tmp_path)
    assert tally.mutants == EACH * len(TARGETS)
    for name in TARGETS:  # a reader that refuses everything, or takes everything, is not reached
        assert tally.counts[name]["refused"] + tally.counts[name]["accepted"] == EACH, tally.findings
    assert tally.findings == []


def test_what_was_found_once_is_refused(tmp_path):
    cases = [case for case in sorted(CASES.glob("*/*")) if case.parent.name in TARGETS]
    assert {case.parent for case in cases} == set(CASES.iterdir())
    worker, findings = campaign.Worker(tmp_path / "worker"), []
    try:
        for case in cases:
            told = worker.read(TARGETS[case.parent.name], {"file": str(case)})
            if told["outcome"] not in campaign.GOOD or told["bytes"] > campaign.MEMORY:
                findings.append((case.name, told))
    finally:
        worker.close()
    assert findings == []

"""The judge's command line, and a judge that gives nothing."""

from __future__ import annotations

from pathlib import Path

import pytest
from planted_judge import Bench

from models.fidelity import judge
from models.fidelity.judge import EvaluationError, score_arguments


def test_a_judge_without_figures_is_told(bench: Bench):
    bench.judge.write_text("")
    with pytest.raises(EvaluationError, match=r"wrote no figures .* is it the scoring script"):
        judge.score(bench.judge, bench.clips[0], bench.clips[1])


def test_the_judges_arguments():
    words = score_arguments(Path("j.py"), Path("d.mp4"), Path("o.mp4"), Path("r.json"), Path("f.mp4"), by_frame=True)
    assert words[1:] == ["j.py", "d.mp4", "o.mp4", "--json", "r.json", "--actor-footage", "f.mp4", "--by-frame"]
    words = score_arguments(Path("j.py"), Path("d.mp4"), Path("o.mp4"), Path("r.json"), None, by_frame=False)
    assert words[1:] == ["j.py", "d.mp4", "o.mp4", "--json", "r.json"]

"""`prepare` on planted footage, and what it kept."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from planted_footage import Clip, planted_tools

from models.data.coverage import CoverageReport
from models.data.dataset import open_dataset
from models.data.prepare import Options, prepare


def run(footage: Path, output: Path, clip: Clip, **options: Any) -> CoverageReport:
    report = prepare([footage], output, replace(Options(size=48), **options), planted_tools(clip))
    assert isinstance(report, CoverageReport)
    return report


def kept_frames(output: Path) -> list[int]:
    with open_dataset(output) as dataset:
        return dataset.frame.tolist()

"""The whole report: report.html and report.json in a folder."""

from __future__ import annotations

import html
import json
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from models.common.picture_writers import check_free
from models.data.dataset import open_dataset
from models.latent.analysis import directions, maps, page, views
from models.latent.analysis.page import Section
from models.latent.analysis.study import Study, study_space
from models.latent.open_space import open_space
from puppet.core.errors import DataError, reason
from puppet.core.progress import progress
from puppet.storage.files import write_whole

PAGE, FIGURES = "report.html", "report.json"
DIGITS = 6  # significant ones in the JSON file
EXTRA_FRAMES = 500  # of the other space


@dataclass(frozen=True)
class Options:
    """Choices for a report.

    frames: of the data set, at most; seed: of random choices; morphs: pairs of rows, random ones where there are none;
    against: another run or actor; labels: a file of labels; checkpoint, device: as for `open_space`.
    """

    frames: int = 2000
    seed: int = 0
    tsne: bool = True
    morphs: tuple[tuple[int, int], ...] = ()
    against: str | None = None
    labels: Path | None = None
    checkpoint: str = "best"
    device: str = "auto"


def analyze(where: str, data: Path, out: Path, options: Options) -> Path:
    """Write the report on a run or an actor and a data set; the page's path. Raises PuppetError."""
    check_free(out)
    space = open_space(where, options.checkpoint, options.device)
    with ExitStack() as stack:
        dataset = stack.enter_context(open_dataset(data))
        for row in {row for pair in options.morphs for row in pair}:
            if row >= len(dataset):
                raise DataError(f"{data}: has rows 0 to {len(dataset) - 1}, not {row}")
        other = None
        if options.against is not None:
            other = open_space(options.against, options.checkpoint, options.device)
        looked_at = study_space(space, dataset, options.frames, options.seed)
        beside = None if other is None else study_space(other, dataset, min(EXTRA_FRAMES, options.frames), options.seed)
        sections = _sections(looked_at, beside, options)
        intro, facts = _intro(looked_at, data)
    figures = {"about": facts, **{section.key: section.figures for section in sections}}
    return _write(out, page.page(f"What {space.name} has learnt", intro, sections), _plain(figures))


def _sections(looked_at: Study, beside: Study | None, options: Options) -> list[Section]:
    made: list[Callable[[], Section]] = [
        lambda: views.reconstructions(looked_at),
        lambda: views.samples(looked_at),
        lambda: maps.histograms(looked_at),
        lambda: maps.dimensions(looked_at),
        lambda: maps.maps(looked_at, options.tsne),
        lambda: views.traversals(looked_at),
        lambda: views.morphs(looked_at, options.morphs),
        lambda: views.noise(looked_at),
        lambda: directions.attributes(looked_at, options.labels),
    ]
    if beside is not None:
        made.append(lambda: views.against(looked_at, beside))
    sections = []
    with progress(total=len(made), label="writing the report", unit="sections") as bar:
        for make in made:
            sections.append(make())
            bar.update()
    return sections


def _intro(looked_at: Study, data: Path) -> tuple[str, dict[str, Any]]:
    """What the report is about, as HTML and as figures."""
    space, dataset, count = looked_at.space, looked_at.dataset, len(looked_at.rows)
    every = "all" if count == len(dataset) else f"{count}, evenly spread, of"
    told = (
        f"{space.name}: {space.latent_size} latent dimensions, pictures of {space.image_size} px. Looked at: {every} "
        f"{len(dataset)} frames of {data.name}, each encoded as its posterior mean (mu, never a random draw around "
        "it). All pictures and plots are inside this file; every figure is in report.json beside it."
    )
    facts = {
        "name": space.name, "latent_size": space.latent_size, "image_size": space.image_size, "data": data.name,
        "frames_in_data": len(dataset), "frames_looked_at": count, "held_out_is_unseen": looked_at.unseen,
        "seed": looked_at.seed,
    }  # fmt: skip
    return f'<p class="faint">{html.escape(told)}</p>', facts


def _write(out: Path, text: str, figures: Any) -> Path:
    written = {FIGURES: json.dumps(figures, indent=1, allow_nan=False) + "\n", PAGE: text}
    try:
        for name, content in written.items():
            write_whole(out / name, content, private=False)
    except OSError as error:
        raise DataError(f"{out}: cannot be written ({reason(error)}); choose another folder") from error
    return out / PAGE


def _plain(value: Any) -> Any:
    """A value for JSON: arrays as lists, floats with DIGITS digits, not-a-number as null."""
    if isinstance(value, dict):
        return {str(key): _plain(inner) for key, inner in value.items()}
    if isinstance(value, np.ndarray):
        return _plain(value.tolist())
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [_plain(inner) for inner in value]
    if isinstance(value, float | np.floating):
        return float(f"{value:.{DIGITS}g}") if np.isfinite(value) else None
    return int(value) if isinstance(value, np.integer) else value

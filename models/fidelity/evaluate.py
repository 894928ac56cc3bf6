"""The fidelity table of `puppet evaluate`, measured from actor files, clips and a judge.

Every actor plays every clip by the program's own `puppet render` with default settings; the judge compares output and
driver. Results are kept in the output folder with the hashes of everything they depend on (cache.py): a repeated
command goes on where it was stopped, and measures again only what has changed. One child process at a time.
"""

from __future__ import annotations

import contextlib
import dataclasses
import json
import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

import puppet
from models.common import sheets
from models.data import driver_clip
from models.data.dataset import open_dataset
from models.fidelity import criteria as fidelity
from models.fidelity import judge
from models.fidelity.cache import PACKAGE, ResultCache, digest, make_folder, program_digest, write_text
from models.fidelity.criteria import CRITERIA, Measured, Missing
from models.fidelity.judge import EvaluationError
from models.fidelity.self_reconstruction import TrainedRun, Videos, find_trained, held_out_rows, reconstruct_held_out
from models.fidelity.table import goals_table, markdown
from puppet.actor.catalogue import BUILT_IN
from puppet.actor.file import SUFFIX, read_card
from puppet.core import pixels
from puppet.core.progress import Progress, progress
from puppet.core.texts import one_line
from puppet.core.types import Image

ACTOR_KEYS = ("name", "footage", "run", "data")  # KEY=FILE of the option --actor
TABLE, RESULTS = "fidelity.md", "fidelity.json"
SHEET_COLUMNS, SHEET_SIDE = 8, 160  # px


@dataclass(frozen=True)
class Subject:
    """An actor to be measured.

    footage: real pictures of the actor, for identity, sharpness and the warped still; run, data: the run that trained
    it and the data set, for the self-reconstruction. Each is None when it is not given.
    """

    name: str
    file: Path
    footage: Path | None = None
    run: Path | None = None
    data: Path | None = None


def parse_subject(words: Sequence[str]) -> Subject:
    """The words of one option --actor, as ["marble", "footage=marble.mp4"] -> a subject, all paths absolute.

    Raises EvaluationError.
    """
    file = _actor_file(words[0])
    told: dict[str, str] = {}
    for word in words[1:]:
        key, equals, value = word.partition("=")
        if key not in ACTOR_KEYS or not equals or not value:
            raise EvaluationError(f"--actor {words[0]}: {word!r} is none of {'=..., '.join(ACTOR_KEYS)}=...")
        told[key] = value
    name = told.pop("name", file.stem)
    if Path(name).name != name:
        raise EvaluationError(f"--actor {words[0]}: name={name} cannot be the name of a folder")
    paths = {key: Path(value).resolve() for key, value in told.items()}
    for key, path in paths.items():
        if not path.exists():
            raise EvaluationError(f"--actor {words[0]}: {key}={path} does not exist")
    if "data" in paths and "run" not in paths:
        raise EvaluationError(f"--actor {words[0]}: data= needs the run that learnt from it; add run=RUN_DIR")
    return Subject(name, file, **paths)


def _actor_file(named: str) -> Path:
    path = Path(named)
    path = path if path.suffix == SUFFIX or len(path.parts) > 1 else BUILT_IN / f"{named}{SUFFIX}"
    if not path.is_file():
        raise EvaluationError(f"--actor {named}: neither an actor file nor the name of a built-in actor")
    return path.resolve()


def evaluate(
    subjects: Sequence[Subject], clips: Sequence[Path], judged_by: Path, out: Path, force: bool = False
) -> str:
    """Measure everything and write TABLE, RESULTS and a sheet for each actor and clip into `out`; the table of goals.

    judged_by: the judge's script; force: measure again what is known. PuppetError for an input that cannot be read
    and a step that failed.
    """
    judged_by, clips = judged_by.resolve(), [clip.resolve() for clip in clips]
    _check(subjects, clips, judged_by)
    total = len(subjects) * (2 * len(clips) + 2)
    with progress(total=total, label="evaluating", unit="steps") as bar:
        evaluation = Evaluation(clips, judged_by, out.resolve(), force, bar)
        measured = {subject.name: evaluation.measure(subject) for subject in subjects}
    with _figures_of(out):
        table, results = markdown(measured), json.dumps(_results(measured, clips, judged_by), indent=1, allow_nan=False)
        goals = goals_table({name: fidelity.figures(m) for name, m in measured.items()})
    write_text(out / TABLE, table)
    write_text(out / RESULTS, results + "\n")
    return goals


@contextlib.contextmanager
def _figures_of(out: Path) -> Iterator[None]:
    """In the block, figures of the judge are used, which may be damaged: EvaluationError when they are."""
    try:
        yield
    except (LookupError, TypeError, ValueError, AttributeError, ArithmeticError) as error:
        raise EvaluationError(
            f"{out}: what the judge gave, or what is kept there of it, are not its figures"
            f" ({type(error).__name__}: {one_line(str(error), 80)}); measure again with --force"
        ) from error


def _check(subjects: Sequence[Subject], clips: Sequence[Path], judged_by: Path) -> None:
    """Check all inputs before hours of work. Raises PuppetError."""
    if not judged_by.is_file():
        raise EvaluationError(f"{judged_by}: the judge is not there; say with --judge where the scoring script lies")
    for kind, names in (("clips", [clip.stem for clip in clips]), ("actors", [subject.name for subject in subjects])):
        if twice := sorted({name for name in names if names.count(name) > 1}):
            raise EvaluationError(f"two {kind} are called {', '.join(twice)}; give them different names")
    for subject in subjects:
        read_card(subject.file)
        if subject.run is not None:
            trained = _trained(subject, subject.run)
            with open_dataset(trained.data) as dataset:
                held_out_rows(trained, dataset)
    for video in [*clips, *(subject.footage for subject in subjects if subject.footage)]:
        driver_clip.nominal_fps(str(video))


def _trained(subject: Subject, run: Path) -> TrainedRun:
    """The run, at the step that the actor was exported from. Raises PuppetError."""
    return find_trained(run, read_card(subject.file).training.get("steps"), subject.data)


class Evaluation:
    """Measures one actor after the other. `bar` counts 2 steps for each clip and 2 more for each actor."""

    def __init__(self, clips: Sequence[Path], judged_by: Path, out: Path, force: bool, bar: Progress) -> None:
        self._clips, self._judge, self._out, self._bar = clips, judged_by, out, bar
        self._results = ResultCache(force)

    def measure(self, subject: Subject) -> Measured:
        """Everything that can be measured on one actor; what cannot is named in `missing`. Raises PuppetError."""
        make_folder(self._out / subject.name)
        scores = {clip.stem: self._score(subject, clip) for clip in self._clips}
        missing: dict[Missing, str] = {}
        if subject.footage is None:
            missing["footage"] = "no footage of the actor was given (footage=VIDEO)"
        stills, why = self._stills(subject)
        if why:
            missing["still"] = why
        own, reasons = self._self_reconstruction(subject)
        return Measured(scores, stills, own, missing | reasons)

    # ------------------------------------------------------------ the actor plays a clip

    def _score(self, subject: Subject, clip: Path) -> dict[str, Any]:
        folder = self._out / subject.name
        video = folder / f"{clip.stem}.mp4"
        key = {"actor": digest(subject.file), "clip": digest(clip), "program": program_digest("puppet")}
        with self._step(f"{subject.name} plays {clip.stem}"):
            made = (video, video.with_suffix(".png"))
            self._results.get(
                folder / f"{clip.stem}.render.json", key, lambda: self._render(subject, clip, *made), *made
            )
        key = {"judge": digest(self._judge), "clip": key["clip"], "output": digest(video)}
        key["footage"] = digest(subject.footage) if subject.footage else ""
        with self._step(f"judging {subject.name}, {clip.stem}"):
            return self._results.get(
                folder / f"{clip.stem}.judge.json",
                key,
                lambda: judge.score(self._judge, clip, video, subject.footage),
            )

    def _render(self, subject: Subject, clip: Path, video: Path, sheet: Path) -> dict[str, Any]:
        judge.run(render_arguments(subject.file, clip, video), f"{clip.name} was not rendered", folder=PACKAGE.parent)
        sheets.write_png(sheet, contact_sheet(clip, video))
        return {"video": video.name, "sheet": sheet.name}

    # ------------------------------------------------------------ the warped still

    def _stills(self, subject: Subject) -> tuple[dict[str, dict[str, Any]], str]:
        """The judge's scores by clip, and why some are missing: "" when none is."""
        with self._step(f"warped still of {subject.name}"):
            validate = self._judge.with_name(judge.VALIDATE)
            if subject.footage is None:
                return {}, "needs footage of the actor (footage=VIDEO)"
            if not validate.is_file():
                return {}, f"{judge.VALIDATE}, which draws it, does not lie beside the judge"
            key = {"judge": digest(self._judge), "validate": digest(validate), "footage": digest(subject.footage)}
            folder = self._out / "warped stills" / key["footage"][:12]  # actors of the same footage share them
            make_folder(folder)
            asked = []
            for clip in self._clips:
                to = folder / f"{clip.stem}.json"
                asked.append({"clip": str(clip), "to": str(to), "key": {**key, "clip": digest(clip)}})
            unknown = [a for a in asked if self._results.look_up(Path(a["to"]), a["key"]) is None]
            for a in unknown:
                self._results.forget(Path(a["to"]))
            why = ""
            try:
                if unknown:
                    judge.score_stills(self._judge, subject.footage, unknown)
            except EvaluationError as error:
                why = without_folders(str(error))
            found = {Path(a["clip"]).stem: self._results.look_up(Path(a["to"]), a["key"]) for a in asked}
            return {clip: score for clip, score in found.items() if score is not None}, why

    # ------------------------------------------------------------ the actor's own footage

    def _self_reconstruction(self, subject: Subject) -> tuple[dict[str, float], dict[Missing, str]]:
        """The figures, and why some are missing."""
        with self._step(f"{subject.name}, held-out frames"):
            if subject.run is None:
                return {}, {"self": "the run that trained the actor was not given (run=RUN_DIR)"}
            trained = _trained(subject, subject.run)
            folder = self._out / subject.name
            videos = Videos(folder / "held-out.mp4", folder / "held-out.reconstructed.mp4")
            facts = trained.checkpoint
            key = {**facts.sha256, "data": str(facts.data.get("sha256")), "program": program_digest("models", "puppet")}
            figures: dict[str, float] = self._results.get(
                folder / "held-out.json",
                key,
                lambda: reconstruct_held_out(trained, videos),
                *dataclasses.astuple(videos),
            )
            key = {"judge": digest(self._judge), **{path.name: digest(path) for path in dataclasses.astuple(videos)}}
            try:
                score = self._results.get(
                    folder / "held-out.judge.json",
                    key,
                    lambda: judge.score(self._judge, videos.originals, videos.reconstructions, by_frame=True),
                )
            except EvaluationError as error:  # small pictures may show no face to the judge; the rest stands
                return figures, {"self_ec": without_folders(str(error))}
            with _figures_of(self._out):
                figures, ec = dict(figures), fidelity.ec(score)
            return (figures, {"self_ec": "the judge gives no EC"}) if ec is None else ({**figures, "ec": ec}, {})

    # ------------------------------------------------------------ steps

    @contextlib.contextmanager
    def _step(self, what: str) -> Iterator[None]:
        self._bar.note(now=what)
        yield
        self._bar.update()


# ---------------------------------------------------------------- pieces


def render_arguments(actor: Path, clip: Path, video: Path) -> list[str]:
    """The command line of `puppet render` with default settings: automatic neutral, default smoothing."""
    arguments = [sys.executable, "-m", "puppet", "render", str(clip), "-o", str(video)]
    return [*arguments, "--actor", str(actor), "--layout", "actor", "--force"]


def contact_sheet(clip: Path, video: Path) -> Image:
    """Driver over actor at SHEET_COLUMNS moments, evenly spread; uint8 (H, W, 3) BGR."""
    return sheets.pair_rows(_moments(clip), _moments(video), SHEET_SIDE)


def _moments(video: Path) -> list[Image]:
    count = sum(1 for _ in driver_clip.read_frames(str(video)))
    wanted = np.linspace(0, count - 1, SHEET_COLUMNS).round().astype(int).tolist()  # with repeats in a short clip
    found = {i: frame.image for i, frame in enumerate(driver_clip.read_frames(str(video))) if i in wanted}
    return [pixels.fit(found[i], SHEET_SIDE, SHEET_SIDE) for i in wanted]


def without_folders(message: str) -> str:
    """A message that may be published: of absolute paths it keeps only the last part."""
    return re.sub(r"(?<![\w.])(?:[A-Za-z]:)?[\\/](?:[^\\/:\s]+[\\/])+", "", message)


def _results(measured: Mapping[str, Measured], clips: Sequence[Path], judged_by: Path) -> dict[str, Any]:
    """The content of RESULTS, without folder names, since it may be published."""
    criteria = {criterion.key: criterion for criterion in CRITERIA}
    bounds = {c.key: {"goal": c.goal, "floor": c.floor} for c in CRITERIA}
    actors = {}
    for name, m in measured.items():
        rows = {
            key: {"value": figure.value, "note": figure.note, "verdict": criteria[key].verdict(figure.value)}
            for key, figure in fidelity.figures(m).items()
        }
        actors[name] = {"figures": rows, **dataclasses.asdict(m)}
    return {
        "puppet": puppet.__version__,
        "program": program_digest("puppet"),
        "judge": {"file": judged_by.name, "sha256": digest(judged_by)},
        "clips": {clip.stem: digest(clip) for clip in clips},
        "criteria": {
            key: {name: None if bound is None else dataclasses.asdict(bound) for name, bound in both.items()}
            for key, both in bounds.items()
        },
        "actors": actors,
    }

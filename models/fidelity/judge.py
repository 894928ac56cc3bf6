"""The judge: a scoring script outside this project, always run in its own process (docs/fidelity.md)."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from puppet.core.errors import PuppetError
from puppet.parsing.plain_json import read_json
from puppet.storage.unfinished import temporary_folder

MAX_BYTES = 64 << 20  # of its figures
VALIDATE = "validate.py"  # beside the judge; draws the warped still
STILLS = Path(__file__).with_name("warped_still.py")


class EvaluationError(PuppetError):
    """A step of an evaluation failed; results of earlier steps are kept."""


def score(
    judge: Path, driver: Path, output: Path, footage: Path | None = None, by_frame: bool = False
) -> dict[str, Any]:
    """The judge's score of an output video against its driver. Raises EvaluationError.

    footage: real pictures of the actor, for sharpness and identity; by_frame: see `score_arguments`.
    """
    with temporary_folder() as folder:
        result = folder / "score.json"
        arguments = score_arguments(judge, driver, output, result, footage, by_frame)
        run(arguments, f"{judge.name} could not score {output.name} against {driver.name}")
        try:
            return read_json(result, MAX_BYTES)
        except (OSError, ValueError) as error:
            raise EvaluationError(f"{judge.name} wrote no figures ({error}); is it the scoring script?") from error


def score_arguments(
    judge: Path, driver: Path, output: Path, result: Path, footage: Path | None, by_frame: bool
) -> list[str]:
    """The judge's command line.

    by_frame: picture i of the output belongs to picture i of the driver, whatever their frame rates.
    """
    arguments = [sys.executable, str(judge), str(driver), str(output), "--json", str(result)]
    if footage is not None:
        arguments += ["--actor-footage", str(footage)]
    return [*arguments, "--by-frame"] if by_frame else arguments


def score_stills(judge: Path, footage: Path, clips: Sequence[Mapping[str, Any]]) -> None:
    """Score the warped still of every clip (models/fidelity/warped_still.py). Raises EvaluationError."""
    job = {"judge": str(judge.parent), "footage": str(footage), "clips": list(clips)}
    run([sys.executable, str(STILLS)], f"{VALIDATE} could not score the warped still", json.dumps(job))


def run(arguments: Sequence[str], failed: str, sent: str = "", folder: Path | None = None) -> None:
    """Run a command and wait for it.

    sent: text for its stdin; folder: where it runs. EvaluationError with `failed` and the last line of its stderr.
    """
    done = subprocess.run(
        arguments, input=sent, capture_output=True, encoding="utf-8", errors="replace", cwd=folder, check=False
    )
    if done.returncode:
        lines = [line.strip() for line in done.stderr.splitlines() if line.strip()]
        said = lines[-1] if lines else f"it ended with code {done.returncode} and gave no reason"
        raise EvaluationError(f"{failed}: {said} (mend that or leave it out, and repeat the command to go on)")

"""A script that has the judge score the warped still: one picture of the actor, its mesh moved by the driver.

    python warped_still.py < JOB.json

The job: {"judge": folder of validate.py, "footage": video, "clips": [{"clip": video, "to": JSON file, "key": any}]}.
Each result is written as soon as it is known, as {"key": key, "value": the judge's score}. It runs in its own process,
so that the judge's tracker is not loaded beside training, and imports nothing of this project: its path is the judge's.
"""

from __future__ import annotations

import importlib
import json
import os
import sys
from pathlib import Path
from typing import Any

FOOTAGE_FRAMES = 2400  # of the footage at most, evenly spread; the judge's own choice (validate.py)


def score_stills(job: dict[str, Any]) -> None:
    """Track the actor once, then draw and score the still of every clip."""
    sys.path[0] = job["judge"]  # instead of this file's folder, whose modules must not hide the judge's
    validate = importlib.import_module("validate")
    judge, model, footage = validate.ts, validate.MODEL, job["footage"]

    def actor_frames():
        return judge.read_frames(footage, max_frames=FOOTAGE_FRAMES)

    actor = judge.track_frames("actor", actor_frames(), model)
    for asked in job["clips"]:
        driver = judge.track(asked["clip"], model)
        still = judge.track_frames("warped still", validate.puppet(driver, actor, actor_frames()), model)
        text = json.dumps({"key": asked["key"], "value": judge.score(driver, still)})
        to = Path(asked["to"])
        partial = to.with_name(f".{to.name}.partial")
        partial.write_text(text, encoding="utf-8")
        os.replace(partial, to)


if __name__ == "__main__":
    score_stills(json.load(sys.stdin))

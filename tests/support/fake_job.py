"""Stands for puppet.new_actor.job."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from puppet.new_actor import job as making


class FakeJobs:
    """Stands for puppet.new_actor.job: one job, whose state the test plants."""

    def __init__(self, missing=""):
        self.missing, self.jobs, self.asked = missing, [], []

    def what_is_missing(self):
        return self.missing

    def find_jobs(self):
        return self.jobs

    def read_job(self, folder):
        return next(job for job in self.jobs if job.folder == folder)

    def begin(self, footage, alpha=()):
        self.jobs.append(
            making.Job(
                Path(f"job{len(self.jobs)}"),
                making.JobRequest(tuple(map(str, footage)), alpha=tuple(map(str, alpha))),
                making.JobState.CHECKING,
                True,
            )
        )
        self.asked.append(("begin", *map(str, footage), *(f"alpha {film}" for film in alpha)))
        return self.jobs[-1].folder

    def train(self, folder, name, consent, minutes):
        self.asked.append(("train", name, consent, minutes))
        self.plant(state=making.JobState.TRAINING, running=True, request=making.JobRequest((), name, consent, minutes))

    def train_on(self, folder, minutes):
        self.asked.append(("train on", str(folder), minutes))
        self.plant(state=making.JobState.TRAINING, running=True)

    def stop(self, folder):
        self.asked.append(("stop", str(folder)))
        self.plant(stopping=True)

    def discard(self, folder):
        self.asked.append(("discard", str(folder)))

    def plant(self, **changes):
        self.jobs[-1] = replace(self.jobs[-1], **changes)

"""The training loop. `train` is the way in."""

from __future__ import annotations

import contextlib
import logging
import math
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import torch
from torch import Tensor

import models
from models.common import sheets
from models.common.stopping import stop_on_signal
from models.common.types import Batch
from models.data.dataset import Dataset, open_dataset
from models.data.driver_clip import DriverClip
from models.networks.config import TrainConfig
from models.training import checkpoint
from models.training.checkpoint import EMA, MODEL, OPTIMIZER, Checkpoint
from models.training.distributed import ALONE, Team
from models.training.ema import Ema
from models.training.live_sample import LiveSample
from models.training.metrics_log import MetricsLog
from models.training.run_folder import (
    NO_OVERRIDES,
    Overrides,
    RunFacts,
    data_facts,
    locked_run,
    new_run,
    refuse_running,
    resume_run,
    write_run_facts,
)
from models.training.sample_sheets import SampleSheets, find_driver, to_device
from models.training.schedule import (
    BATCHES_STREAM,
    LOSS_STREAM,
    START_STREAM,
    TORCH_STREAM,
    checkpoint_is_due,
    generator_of,
    learning_rate,
    rows_of_step,
    seed_of,
    step_limit,
)
from puppet.core.errors import DataError
from puppet.core.progress import progress
from puppet.core.rows import evenly_spread

EVALUATION_BATCH = 32
logger = logging.getLogger(__name__)


class Trainer:
    """One run: model, optimiser, data and where it stands. `train` is the way in.

    Every process of a team has one; only the first process's evaluates and writes, and only that one needs a `clip`.
    """

    def __init__(
        self,
        run: Path,
        facts: RunFacts,
        dataset: Dataset,
        device: torch.device,
        clip: DriverClip | None,
        team: Team = ALONE,
    ):
        self.run, self.facts, self.config, self.device, self.team = run, facts, facts.config, device, team
        self.step, self.seconds = 0, 0.0
        self._shown_score: dict[str, float] = {}
        self.train_rows, self.held_rows = dataset.split(self.config.held_out)
        if len(self.train_rows) == 0:
            raise DataError(f"{dataset.path}: no frame is left to train on")
        team.check_batch(min(self.config.batch_size, len(self.train_rows)))
        self.limit = step_limit(self.config, len(self.train_rows))
        torch.manual_seed(seed_of(self.config.seed, 0, START_STREAM))
        self.model = models.build(self.config)
        found = checkpoint.find(run)
        if found is not None:
            checkpoint.load_weights(self.model, found, MODEL)
        elif team.leads:
            self.model.fit_statistics(dataset, self.train_rows)
        self.model.to(device)
        self._epoch_rows = self.model.oversample(dataset, self.train_rows)
        self._loss = team.loss(self.model)
        self.optimizer = self._make_optimizer()
        decay = self.config.ema_decay if team.leads else None
        self.ema = None if decay is None else Ema(self.model, decay)
        if found is not None:
            self._restore(found)
        if team.leads:
            checkpoint.tidy(run)
        self.batches = self.model.make_batches(dataset, self.train_rows, augment=True)
        evaluates = len(self.held_rows) and team.leads
        self.held_batches = self.model.make_batches(dataset, self.held_rows, augment=False) if evaluates else None
        shown = (self.batches, self.train_rows) if self.held_batches is None else (self.held_batches, self.held_rows)
        self._sample_sheets = SampleSheets(self.model, *shown, self.config.seed, clip)

    def _make_optimizer(self) -> torch.optim.Optimizer:
        c = self.config
        parameters = [p for p in self.model.parameters() if p.requires_grad]
        fused = self.device.type == "cuda"
        return torch.optim.AdamW(
            parameters, lr=c.learning_rate, betas=c.betas, eps=c.eps, weight_decay=c.weight_decay, fused=fused
        )

    def _restore(self, found: Checkpoint) -> None:
        checkpoint.load_optimizer(self.optimizer, found)
        if self.ema is not None:
            checkpoint.load_average(self.ema.tensors, found)
        self.step, self.seconds = found.step, found.seconds
        if self.team.leads:
            checkpoint.drop_after(self.run, found.step)

    @property
    def progress(self) -> float:
        """Share of the run that is done, 1 or more at the end; by steps or time, whichever is further."""
        by_steps = 0.0 if self.limit is None else self.step / max(1, self.limit)
        by_time = 0.0 if self.config.minutes is None else self.seconds / (60 * self.config.minutes)
        return max(by_steps, by_time)

    @contextlib.contextmanager
    def shown(self) -> Iterator[Callable[[float], None]]:
        """A progress bar as a function of the latest loss: in steps, or in seconds when only time bounds the run."""
        if not self.team.leads:
            yield lambda loss: None
            return
        by_time = self.limit is None
        total = self.limit if self.limit is not None else round(60 * (self.config.minutes or 0))
        shown = int(self.seconds) if by_time else self.step
        with progress(total=total, label="training", unit="s" if by_time else "steps", initial=shown) as bar:

            def report(loss: float) -> None:
                nonlocal shown
                now = int(self.seconds) if by_time else self.step
                bar.note(**({"step": self.step} if by_time else {}), loss=loss, **self._shown_score)
                bar.update(now - shown)
                shown = now

            yield report

    def fit(self, report: Callable[[float], None], stopping: Callable[[], bool]) -> Checkpoint:
        """Train to the end, or until `stopping()` in any process: the last checkpoint.

        report: called with the loss after every step. Raises DataError.
        """
        c = self.config
        logger.info("training in %s from step %d on %s: %s", self.run, self.step, self.device, c)
        saved: Checkpoint | None = None
        live = LiveSample(self.run, self.step) if self.team.leads else None
        with self._log() as log, ThreadPoolExecutor(1) as loader:
            started = time.perf_counter() - self.seconds
            saved_at = stepped_at = self.seconds  # on that clock
            scored = True
            coming = loader.submit(self._batch, self.step)
            while self._goes_on(stopping):
                batch = coming.result()
                coming = loader.submit(self._batch, self.step + 1)
                losses, rate = self._learn(batch)
                self.seconds = time.perf_counter() - started
                if log is None or live is None:
                    continue
                total = losses.pop("total")
                if self.step == 1 or self.step % c.log_every == 0:
                    log.write(self.step, "train", loss=total, terms=losses, lr=rate, seconds=round(self.seconds, 3))
                report(total)
                if self.step % c.sheet_every == 0:
                    self._show(live)
                elif live.due:
                    self._show(live, keep=False)
                if self.step % c.checkpoint_every == 0:
                    saved, scored = self._save(log), True
                elif self.step % c.evaluate_every == 0:
                    self._evaluate_into(log)
                now = self.seconds = time.perf_counter() - started
                if saved is not None and saved.step == self.step:
                    saved_at = now
                elif checkpoint_is_due(now - saved_at, now - stepped_at, first=saved is None):
                    saved, saved_at, scored = self._save(log, scored=False), now, False
                stepped_at = now
            if log is not None and live is not None and (saved is None or saved.step != self.step):
                saved = self._save(log)
                self._show(live)
            elif log is not None and live is not None and saved is not None and not scored:
                metrics = self._evaluate_into(log)
                saved = checkpoint.set_score(saved, self._score(metrics), metrics)
                self._show(live)
        logger.info("training in %s ends at step %d after %.0f s", self.run, self.step, self.seconds)
        self.team.wait()
        return saved or self._written()

    def _goes_on(self, stopping: Callable[[], bool]) -> bool:
        self.seconds, asked = self.team.agree(self.seconds, stopping())
        return self.progress < 1 and not asked

    @contextlib.contextmanager
    def _log(self) -> Iterator[MetricsLog | None]:
        """None for the processes that write nothing."""
        if not self.team.leads:
            yield None
            return
        with contextlib.closing(MetricsLog(self.run, self.step)) as log:
            yield log

    def _written(self) -> Checkpoint:
        """The checkpoint that the first process wrote."""
        found = checkpoint.find(self.run)
        if found is None:
            raise DataError(f"{self.run}: process {self.team.rank} sees no checkpoint there; all need the same folder")
        return found

    def _batch(self, step: int) -> Batch:
        seed = self.config.seed
        rows = self.team.share(rows_of_step(self._epoch_rows, self.config.batch_size, seed, step))
        return self.batches.batch(rows, generator_of(seed, step, BATCHES_STREAM, self.team.rank))

    def _learn(self, batch: Batch) -> tuple[dict[str, float], float]:
        """One optimiser step -> every loss term by name and "total", over all processes, and the learning rate."""
        c, rank = self.config, self.team.rank
        rate = learning_rate(c, self.step, self.progress)
        for group in self.optimizer.param_groups:
            group["lr"] = rate
        self.model.train()
        torch.manual_seed(seed_of(c.seed, self.step, TORCH_STREAM, rank))
        generator = generator_of(c.seed, self.step, LOSS_STREAM, rank)
        terms = self._loss(to_device(batch, self.device), min(1.0, self.progress), generator)
        total = torch.stack(list(terms.values())).sum()
        self.optimizer.zero_grad(set_to_none=True)
        total.backward()
        norm = torch.nn.utils.clip_grad_norm_(self.model.parameters(), c.gradient_clip or math.inf)
        values = self.team.mean(torch.stack([*terms.values(), total, norm]).detach().float().cpu())
        named = dict(zip([*terms, "total", "gradient norm"], values.tolist(), strict=True))
        if broken := [name for name, value in named.items() if not math.isfinite(value)]:
            raise DataError(
                f"training became unstable at step {self.step + 1}: {', '.join(broken)} not finite. "
                f"{self._last_good()} Try again with a smaller learning rate"
            )
        self.optimizer.step()
        self.step += 1
        if self.ema is not None:
            self.ema.update(self.model, self.step)
        del named["gradient norm"]
        return named, rate

    def _last_good(self) -> str:
        found = checkpoint.find(self.run)
        return "There is no checkpoint yet." if found is None else f"The last good checkpoint, {found.folder}, is kept."

    def _save(self, log: MetricsLog, scored: bool = True) -> Checkpoint:
        """Write a checkpoint, evaluated on the held-out frames if `scored`.

        A checkpoint that is due by the clock is not evaluated: what metrics.jsonl logs depends on steps alone.
        """
        metrics = self._evaluate_into(log) if scored else {}
        parts = {MODEL: self.model.state_dict(), OPTIMIZER: checkpoint.optimizer_tensors(self.optimizer)}
        if self.ema is not None:
            parts[EMA] = self.ema.tensors
        score = self._score(metrics)
        saved = checkpoint.write(self.run, self.step, self.seconds, score, self.config, self.facts.data, metrics, parts)
        checkpoint.tidy(self.run)
        return saved

    def _score(self, metrics: Mapping[str, float]) -> float | None:
        score = metrics.get(self.model.best_metric)
        return score if score is not None and math.isfinite(score) else None

    def _evaluate_into(self, log: MetricsLog) -> dict[str, float]:
        metrics = self.evaluate()
        if metrics:
            log.write(self.step, "evaluate", metrics=metrics, seconds=round(self.seconds, 3))
            self._shown_score = {name: metrics[name] for name in (self.model.best_metric,) if name in metrics}
        return metrics

    @contextlib.contextmanager
    def _inference(self) -> Iterator[None]:
        """Eval mode, averaged weights, no gradients."""
        self.model.eval()
        with torch.no_grad(), self.ema.applied(self.model) if self.ema else contextlib.nullcontext():
            yield

    def evaluate(self) -> dict[str, float]:
        """Means over (at most `evaluate_frames`) held-out frames; empty when none are held out."""
        if self.held_batches is None:
            return {}
        rows = self.held_rows[evenly_spread(len(self.held_rows), self.config.evaluate_frames)]
        collected: dict[str, list[Tensor]] = {}
        with self._inference():
            for start in range(0, len(rows), EVALUATION_BATCH):
                part = rows[start : start + EVALUATION_BATCH]
                batch = self.held_batches.batch(part, generator_of(self.config.seed, start, BATCHES_STREAM))
                for name, values in self.model.evaluate(to_device(batch, self.device)).items():
                    collected.setdefault(name, []).append(values.float().cpu())
        return {name: float(torch.cat(values).mean()) for name, values in collected.items()}

    def _show(self, live: LiveSample, keep: bool = True) -> None:
        """Held-out originals over reconstructions, and a driver over the actor, for whoever watches. DataError.

        keep: in RUN/sheets/step-N.png too.
        """
        began = time.perf_counter()
        with self._inference():
            sheet, quality = self._sample_sheets.draw(self.device)
        live.write(sheet, quality, self.step, self.seconds, time.perf_counter() - began)
        if keep:
            sheets.write_png(self.run / "sheets" / f"step-{self.step:08d}.png", sheet)


def train(
    data: Path,
    run: Path,
    config: TrainConfig | None,
    overrides: Overrides = NO_OVERRIDES,
    device: str = "auto",
    threads: int | None = None,
    driver_spec: str | None = None,
    team: Team = ALONE,
) -> Checkpoint:
    """Train on `data` into the folder `run`, a new run of `config` or (None) the rest of one: the last checkpoint.

    threads: of each process. team: the processes that do this together, each calling it with the same arguments.
    Raises PuppetError, also when another process trains there, and KeyboardInterrupt (Terminated after a signal of the
    system) once a checkpoint of what was learnt until then is written.
    """
    torch.set_flush_denormal(True)  # denormal numbers make CPU training several times slower
    if (threads := threads or team.threads) is not None:
        torch.set_num_threads(threads)
    chosen = team.device(device)
    torch.backends.cudnn.benchmark = True  # pictures keep their size
    with open_dataset(data) as dataset, contextlib.ExitStack() as stack:
        if team.leads:
            refuse_running(run)
        if config is None:
            facts = resume_run(run, overrides, data_facts(dataset))
        else:
            facts = new_run(run, overrides.apply(config), data_facts(dataset))
        if team.leads:
            stack.enter_context(locked_run(run))
        if team.leads and facts.mirror_reason:
            print(facts.mirror_reason, flush=True)
        trainer = Trainer(run, facts, dataset, chosen, find_driver(driver_spec) if team.leads else None, team)
        if team.leads:
            write_run_facts(run, facts)  # not before all of that went well: a failed start leaves no folder
        with stop_on_signal() as stopping, trainer.shown() as report:
            saved = trainer.fit(report, stopping)
        if trainer.progress < 1:
            if team.leads:
                print(f"Stopped at step {saved.step}, which is kept: --resume goes on from there", file=sys.stderr)
            raise stopping.reason()
        return saved

"""How the engine is doing, as a value: phase, rates, the actors in use, and the problems that still stand."""

from __future__ import annotations

import enum
from dataclasses import dataclass

from puppet.core.errors import PuppetError


class Phase(enum.Enum):
    """What the engine, or its source, is doing."""

    STARTING = "starting"
    RUNNING = "running"
    RECONNECTING = "reconnecting"
    STOPPED = "stopped"
    FAILED = "failed"
    ENDED = "ended"


class Origin(str, enum.Enum):
    """The part of the engine that a problem comes from; each has at most one standing problem."""

    SOURCE = "source"
    ACTOR = "actor"
    OTHERS = "others"  # the actors beside the main one
    STEP = "step"  # tracking or acting
    SINK = "sink"


@dataclass(frozen=True, slots=True)
class Problem:
    """Something the user should know."""

    message: str
    origin: Origin
    serial: int  # tells a new problem from an old one
    error: PuppetError  # whatever was raised, explained


@dataclass(frozen=True, slots=True)
class Status:
    """How the engine is doing, at one moment. Rates in frames per second."""

    phase: Phase
    capture_fps: float
    output_fps: float
    latency_ms: float  # capture -> result, median of the last results
    dropped: int  # frames replaced by newer ones before inference, once ready, took them
    source: str
    source_live: bool
    frames_read: int  # from this source
    results: int  # made since the start
    actor: str | None
    others: tuple[str, ...]  # actors that play beside it
    actor_loading: str | None  # name of the actor that is on its way
    providers: tuple[str, ...]  # what ONNX Runtime really uses, first choice first; empty without an actor
    provider_notice: str | None  # why it is not the provider that was asked for
    neutral_captured: bool
    neutral_confidence: float  # 0 .. 1; 1 when captured
    face_seen: bool
    problems: tuple[Problem, ...]  # that still stand, oldest first
    stages: dict[str, dict[str, float]]  # ms: {"track": {"p50": ..., "p95": ..., "p99": ...}, ...}

    @property
    def error(self) -> str | None:
        """The newest problem's message, or None."""
        return self.problems[-1].message if self.problems else None

"""What a training run is made of: frozen dataclasses, presets by name, JSON that refuses what it does not know.

No torch here, so that `--help` is instant. To add an architecture: its config below (in MODEL_CONFIGS), its class in
`models/__init__.py`; to add a preset: one line in PRESETS.
"""

from __future__ import annotations

import dataclasses
import types
import typing
from dataclasses import dataclass, field, fields
from typing import Any, Literal, TypeVar, Union

from puppet.core.errors import DataError
from puppet.core.texts import one_line

MOST_STEPS = 1_000_000_000
MOST_CHANNELS = 8  # maps of a painter


def _within(default: Any, low: float, high: float) -> Any:
    """A field that a file may set to `low` .. `high`; so each of a tuple's."""
    return field(default=default, metadata={"range": (low, high)})


@dataclass(frozen=True)
class SeedInt8Config:
    """The single-actor pixel VAE the project is measured against; its layers admit one picture size, 64 px."""

    latent_size: int = _within(30, 1, 4096)


@dataclass(frozen=True)
class SeedKostaConfig:
    """Pixel VAE of the Keras seeds (models/networks/seeds/kosta.py); its layers admit one picture size, 128 px."""

    latent_size: int = _within(200, 1, 4096)
    pixel_weight: float = _within(10_000.0, 0, 1e9)  # of a picture's mean squared error
    kl_weight: float = _within(1.0, 0, 1e9)  # 0: a plain autoencoder, without posterior noise


@dataclass(frozen=True)
class SeedMlpConfig:
    """Dense VAE of grey pictures of 48 px (models/networks/seeds/mlp.py)."""

    latent_size: int = _within(400, 1, 4096)
    hidden: int = _within(2000, 1, 8192)  # units of each of the two hidden layers on either side


@dataclass(frozen=True)
class PuppetConfig:
    """Mesh and texture (models/networks/puppet/model.py)."""

    image_size: int = _within(512, 16, 2048)  # px, side of the picture
    texture_size: int = _within(768, 16, 2048)  # px, side of the texture with its fine detail
    painted_size: int = _within(256, 16, 2048)  # px, side of what the painter paints; it is enlarged, best by 3
    components: int = _within(64, 1, 1024)  # linear expression components
    channels: tuple[int, ...] = _within((160, 128, 96, 48), 1, 1024)  # of the painter's maps at 8, 16, 32, 64 cells


ModelConfig = SeedInt8Config | SeedKostaConfig | SeedMlpConfig | PuppetConfig
MODEL_CONFIGS: dict[str, type] = {
    "seed-int8": SeedInt8Config,
    "seed-kosta": SeedKostaConfig,
    "seed-mlp": SeedMlpConfig,
    "puppet": PuppetConfig,
}


@dataclass(frozen=True)
class TrainConfig:
    """One training run. A run ends at `steps`, `epochs` or `minutes`, whichever comes first; at least one is set."""

    architecture: str  # key of MODEL_CONFIGS
    model: ModelConfig
    batch_size: int = _within(32, 1, 1 << 16)
    steps: int | None = _within(None, 0, MOST_STEPS)
    epochs: int | None = _within(None, 0, 1_000_000)
    minutes: float | None = _within(None, 0, 1e6)  # of training, over all resumed runs together
    learning_rate: float = _within(1e-3, 0, 100)
    betas: tuple[float, float] = _within((0.9, 0.999), 0, 0.999999)
    eps: float = _within(1e-8, 0, 100)
    weight_decay: float = _within(0.0, 0, 100)  # decoupled (AdamW); 0 is plain Adam
    warmup_steps: int = _within(0, 0, MOST_STEPS)  # linear from 0
    schedule: Literal["constant", "cosine"] = "constant"  # cosine: down to 0 at the end, by steps or time
    gradient_clip: float | None = _within(None, 0, 1e9)  # largest norm of the whole gradient
    mirror: Literal["auto", "on", "off"] = "auto"  # frames mirrored too; auto: when the data set's report asks for it
    ema_decay: float | None = _within(
        None, 0, 1
    )  # of the running mean of the weights, which is then what is evaluated and exported
    held_out: float = _within(0.1, 0, 0.9)  # part of the frames kept for evaluation, in contiguous blocks of time
    seed: int = _within(0, 0, 1 << 62)
    log_every: int = _within(10, 1, MOST_STEPS)  # steps
    evaluate_every: int = _within(500, 1, MOST_STEPS)
    evaluate_frames: int = _within(256, 1, 1_000_000)  # at most this many held-out frames, evenly spread
    sheet_every: int = _within(500, 1, MOST_STEPS)
    checkpoint_every: int = _within(500, 1, MOST_STEPS)


_PUPPET = TrainConfig(
    "puppet", PuppetConfig(), batch_size=8, minutes=60.0, learning_rate=1e-3, betas=(0.9, 0.99), warmup_steps=100,
    schedule="cosine", gradient_clip=1.0, ema_decay=0.998,
)  # fmt: skip

_KOSTA = TrainConfig("seed-kosta", SeedKostaConfig(), batch_size=32, epochs=200, learning_rate=5e-4, mirror="off")

PRESETS: dict[str, TrainConfig] = {
    "puppet-512": dataclasses.replace(_PUPPET, evaluate_frames=96, minutes=120.0),
    "puppet-256": dataclasses.replace(_PUPPET, model=PuppetConfig(image_size=256, texture_size=384, painted_size=128)),
    "puppet-128": dataclasses.replace(
        _PUPPET,
        minutes=12.0,
        model=PuppetConfig(image_size=128, texture_size=192, painted_size=64, channels=(128, 96, 48)),
    ),
    # int8/VAE_tensorflow: Adam 1e-2 with epsilon 1, batch 128, 100 epochs
    "seed-int8": TrainConfig(
        "seed-int8", SeedInt8Config(), batch_size=128, epochs=100, learning_rate=1e-2, eps=1.0, mirror="off"
    ),
    "seed-kosta": _KOSTA,  # Keras' epsilon is 1e-7, of no consequence beside gradients of a loss of hundreds
    "seed-keras-vae": dataclasses.replace(_KOSTA, batch_size=512),
    "seed-keras-ae": dataclasses.replace(_KOSTA, batch_size=512, model=SeedKostaConfig(kl_weight=0.0)),
    "seed-mlp": TrainConfig("seed-mlp", SeedMlpConfig(), batch_size=128, epochs=100, mirror="off"),
}

T = TypeVar("T")


def to_json(config: TrainConfig) -> dict[str, Any]:
    """Plain values, ready for `json.dump`."""
    return dataclasses.asdict(config)


def train_config(values: Any, where: str) -> TrainConfig:
    """Inverse of `to_json`. DataError names `where` and the key that is unknown, missing or of the wrong type."""
    values = dict(_mapping(values, where))
    architecture = values.get("architecture")
    if not isinstance(architecture, str) or architecture not in MODEL_CONFIGS:
        known = ", ".join(MODEL_CONFIGS)
        raise DataError(f"{where}: unknown architecture {one_line(repr(architecture), 60)}; this version knows {known}")
    model = from_json(MODEL_CONFIGS[architecture], values.pop("model", None), f"{where}: model")
    return from_json(TrainConfig, {**values, "model": model}, where)


def from_json(kind: type[T], values: Any, where: str) -> T:
    """Build the dataclass `kind` from a JSON object, every key checked."""
    values = _mapping(values, where)
    hints = typing.get_type_hints(kind)
    known = {f.name: f for f in fields(kind)}  # pyright: ignore[reportArgumentType]
    if unknown := sorted(set(values) - set(known)):
        raise DataError(f"{where}: unknown setting {one_line(', '.join(unknown))}; was it written by another version?")
    for name, one in known.items():
        required = one.default is dataclasses.MISSING and one.default_factory is dataclasses.MISSING
        if required and name not in values:
            raise DataError(f"{where}: the setting {name} is missing")
    converted = {name: _convert(hints[name], value, f"{where}: {name}") for name, value in values.items()}
    for name, value in converted.items():
        _check_range(value, known[name].metadata.get("range"), f"{where}: {name}")
    return kind(**converted)


def _check_range(value: Any, limits: tuple[float, float] | None, where: str) -> None:
    if limits is None or value is None:
        return
    numbers = value if isinstance(value, tuple) else (value,)
    if not 1 <= len(numbers) <= MOST_CHANNELS or not all(limits[0] <= number <= limits[1] for number in numbers):
        raise DataError(f"{where} must lie between {limits[0]:g} and {limits[1]:g}, not {one_line(repr(value), 60)}")


def _mapping(values: Any, where: str) -> dict[str, Any]:
    if not isinstance(values, dict):
        raise DataError(f"{where}: settings expected, found {type(values).__name__}")
    return values


def _convert(hint: Any, value: Any, where: str) -> Any:
    """JSON value -> the annotated type: tuples from lists, floats from whole numbers; the rest must fit as it is."""
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if dataclasses.is_dataclass(value):  # the model's configuration, converted and checked by `train_config`
        return value
    if origin in (Union, types.UnionType):
        for option in arguments:
            try:
                return _convert(option, value, where)
            except DataError:
                continue
    elif origin is Literal and value in arguments:
        return value
    elif origin is tuple and isinstance(value, (list, tuple)):
        inner = arguments[:1] * len(value) if arguments[-1] is Ellipsis else arguments
        if len(inner) == len(value):
            return tuple(_convert(t, v, where) for t, v in zip(inner, value, strict=True))
    elif dataclasses.is_dataclass(hint) and isinstance(hint, type):
        return from_json(hint, value, where)
    elif hint is float and isinstance(value, (int, float)) and not isinstance(value, bool):
        return float(value)
    elif type(value) is hint:
        return value
    raise DataError(f"{where} cannot be {one_line(repr(value), 60)}")

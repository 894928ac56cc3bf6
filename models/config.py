"""What a training run is made of: frozen dataclasses, presets by name, JSON that refuses what it does not know.

No torch here, so that `--help` is instant. To add an architecture: its config below (in MODEL_CONFIGS), its class in
`models/__init__.py`; to add a preset: one line in PRESETS.
"""

from __future__ import annotations

import dataclasses
import types
import typing
from dataclasses import dataclass, fields
from typing import Any, Literal, TypeVar, Union

from puppet.errors import DataError


@dataclass(frozen=True)
class SeedInt8Config:
    """The single-actor pixel VAE the project is measured against; its layers admit one picture size, 64 px."""

    latent_size: int = 30


@dataclass(frozen=True)
class SeedKostaConfig:
    """Pixel VAE of the Keras seeds (models/seed_kosta.py); its layers admit one picture size, 128 px."""

    latent_size: int = 200
    pixel_weight: float = 10_000.0  # of a picture's mean squared error
    kl_weight: float = 1.0  # 0: a plain autoencoder, without posterior noise


@dataclass(frozen=True)
class SeedMlpConfig:
    """Dense VAE of grey pictures of 48 px (models/seed_mlp.py)."""

    latent_size: int = 400
    hidden: int = 2000  # units of each of the two hidden layers on either side


@dataclass(frozen=True)
class PuppetConfig:
    """Mesh and texture (models/puppet_vae.py)."""

    image_size: int = 256  # px, side of the picture
    texture_size: int = 320  # px, side of the texture
    components: int = 64  # linear expression components
    channels: tuple[int, ...] = (160, 128, 96, 48)  # of the painter's maps at 8, 16, 32, 64 cells


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
    batch_size: int = 32
    steps: int | None = None
    epochs: int | None = None
    minutes: float | None = None  # of training, over all resumed runs together
    learning_rate: float = 1e-3
    betas: tuple[float, float] = (0.9, 0.999)
    eps: float = 1e-8
    weight_decay: float = 0.0  # decoupled (AdamW); 0 is plain Adam
    warmup_steps: int = 0  # linear from 0
    schedule: Literal["constant", "cosine"] = "constant"  # cosine: down to 0 at the end, by steps or time
    gradient_clip: float | None = None  # largest norm of the whole gradient
    mirror: Literal["auto", "on", "off"] = "auto"  # frames mirrored too; auto: when the data set's report asks for it
    ema_decay: float | None = None  # of the running mean of the weights, which is then what is evaluated and exported
    held_out: float = 0.1  # part of the frames kept for evaluation, in contiguous blocks of time
    seed: int = 0
    log_every: int = 10  # steps
    evaluate_every: int = 500
    evaluate_frames: int = 256  # at most this many held-out frames, evenly spread
    sheet_every: int = 500
    checkpoint_every: int = 500


_PUPPET = TrainConfig(
    "puppet", PuppetConfig(), batch_size=8, minutes=60.0, learning_rate=1e-3, betas=(0.9, 0.99), warmup_steps=100,
    schedule="cosine", gradient_clip=1.0, ema_decay=0.998,
)  # fmt: skip

_KOSTA = TrainConfig("seed-kosta", SeedKostaConfig(), batch_size=32, epochs=200, learning_rate=5e-4, mirror="off")

PRESETS: dict[str, TrainConfig] = {
    "puppet-256": _PUPPET,
    "puppet-128": dataclasses.replace(
        _PUPPET, model=PuppetConfig(image_size=128, texture_size=160, channels=(128, 96, 48)), minutes=12.0
    ),
    # for a GPU: four times the pixels, a painter with one map more
    "puppet-512": dataclasses.replace(
        _PUPPET, model=PuppetConfig(image_size=512, texture_size=640, channels=(160, 128, 96, 48, 32)), minutes=240.0
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
    if architecture not in MODEL_CONFIGS:
        known = ", ".join(MODEL_CONFIGS)
        raise DataError(f"{where}: unknown architecture {architecture!r}; this version knows {known}")
    model = from_json(MODEL_CONFIGS[architecture], values.pop("model", None), f"{where}: model")
    return from_json(TrainConfig, {**values, "model": model}, where)


def from_json(kind: type[T], values: Any, where: str) -> T:
    """Build the dataclass `kind` from a JSON object, every key checked."""
    values = _mapping(values, where)
    hints = typing.get_type_hints(kind)
    known = {f.name: f for f in fields(kind)}  # pyright: ignore[reportArgumentType]
    if unknown := sorted(set(values) - set(known)):
        raise DataError(f"{where}: unknown setting {', '.join(unknown)}; was it written by another version?")
    for name, field in known.items():
        required = field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING
        if required and name not in values:
            raise DataError(f"{where}: the setting {name} is missing")
    return kind(**{name: _convert(hints[name], value, f"{where}: {name}") for name, value in values.items()})


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
    raise DataError(f"{where} cannot be {value!r}")

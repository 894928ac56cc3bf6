"""Options that several commands share: how argparse reads them, and what was chosen, by field of the settings."""

from __future__ import annotations

import argparse
import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from puppet.core.background import BACKGROUND, Background, BackgroundKind
from puppet.core.layout import LAYOUT
from puppet.core.motion import MOTION_OPTIONS
from puppet.core.options import ChoiceOption, NumberOption, flag
from puppet.core.providers import PROVIDER
from puppet.core.trackers import TRACKER
from puppet.media.codecs import CODEC, HEIGHT, QUALITY

if TYPE_CHECKING:
    from puppet.engine.options import StepOptions

Value = TypeVar("Value")

OUTPUT_OPTIONS = (LAYOUT, CODEC, QUALITY, HEIGHT)
BENCH_SECONDS = NumberOption("seconds", 10.0, 1, 86400, "of each run", "s")


def add_actor(parser: argparse.ArgumentParser) -> None:
    """--actor."""
    parser.add_argument("--actor", metavar="NAME|FILE", help="an actor's name (see: puppet actors) or .actor file")


def add_provider(parser: argparse.ArgumentParser) -> None:
    """--provider, "auto" unless one is chosen."""
    help = f"{PROVIDER.help} ({PROVIDER.default})"
    parser.add_argument(PROVIDER.flag, choices=PROVIDER.choices, default=PROVIDER.default, help=help)


def add_tracker(parser: argparse.ArgumentParser) -> None:
    """--tracker, "auto" unless one is chosen."""
    help = f"{TRACKER.help} ({TRACKER.default})"
    parser.add_argument(TRACKER.flag, choices=TRACKER.choices, default=TRACKER.default, help=help)


def add_background(parser: argparse.ArgumentParser) -> None:
    """--background; None unless one is given."""
    help = f"{BACKGROUND.help} ({BACKGROUND.default})"
    parser.add_argument(BACKGROUND.flag, type=checked(_background), metavar=BACKGROUND.shown, help=help)


def _background(text: str) -> Background:
    """A picture by its whole path: who reads it may stand in another folder, or come later."""
    read: Background = BACKGROUND.parse(text)
    if read.kind is not BackgroundKind.PICTURE or "://" in text:
        return read
    return replace(read, picture=os.path.abspath(read.picture))


def add_number(
    parser: argparse._ActionsContainer, option: NumberOption, default: float | None = None, metavar: str | None = None
) -> None:
    """A number within the option's range; `default` unless one is given. metavar: None: the range."""
    help = f"{option.help} ({option.default:g})"
    shown = metavar or option.span
    parser.add_argument(option.flag, type=checked(option.parse), default=default, metavar=shown, help=help)


def add_choice(parser: argparse._ActionsContainer, option: ChoiceOption[Any]) -> None:
    """One of the option's choices; None unless one is given."""
    help = f"{option.help} ({option.default})"
    parser.add_argument(option.flag, type=type(option.default), choices=option.choices, help=help)


def add_outputs(parser: argparse.ArgumentParser, without: str) -> None:
    """The options of recordings. without: what holds for those that are not given."""
    group = parser.add_argument_group("recording", f"Without these: {without}.")
    for option in OUTPUT_OPTIONS:
        add_choice(group, option)
    group.add_argument("--software", action="store_true", help="do not use a hardware encoder")
    group.add_argument("--sign", action="store_true", help="sign the file by C2PA (extra: provenance)")
    group.add_argument("--no-badge", action="store_true", help="no visible sign that the actor is synthetic")


def add_motion(parser: argparse.ArgumentParser, without: str) -> None:
    """Smoothing and gains. without: what holds for those that are not given."""
    group = parser.add_argument_group("motion", f"Without these: {without}.")
    for option in MOTION_OPTIONS:
        add_number(group, option)


def chosen_outputs(arguments: argparse.Namespace, file: Path | None = None) -> dict[str, Any]:
    """What was chosen for recordings, by field of `OutputSettings`.

    file: that is to be made; when no codec was chosen, its name may choose one, and a transparent background one that
    has alpha. Raises RecordingError without ffmpeg.
    """
    chosen = {option.name: getattr(arguments, option.name) for option in OUTPUT_OPTIONS}
    if file is not None and arguments.codec is None:
        from puppet.output.recording_sink import with_fitting_codec
        from puppet.output.settings import OutputSettings

        usual = OutputSettings()
        over_nothing = arguments.background is not None and arguments.background.transparent
        fitting = with_fitting_codec(usual, file, over_nothing).codec
        chosen["codec"] = fitting if fitting != usual.codec else None
    switched_off = {"hardware": arguments.software, "badge": arguments.no_badge}
    given = {name: value for name, value in chosen.items() if value is not None}
    signed = {"sign": True} if arguments.sign else {}
    return given | signed | {name: False for name, off in switched_off.items() if off}


def chosen_motion(arguments: argparse.Namespace) -> dict[str, Any]:
    """The motion options that were given: numbers by field of `MotionSettings`."""
    chosen = {option.name: getattr(arguments, option.name) for option in MOTION_OPTIONS}
    return {name: value for name, value in chosen.items() if value is not None}


def step_options(arguments: argparse.Namespace) -> StepOptions:
    """Motion and background as they were given. Raises PictureError for a background that cannot be read."""
    from puppet.commands.services import read_backdrop
    from puppet.engine.options import StepOptions

    if arguments.background is None:
        return StepOptions(**chosen_motion(arguments))
    return StepOptions(**chosen_motion(arguments), background=read_backdrop(arguments.background))


def render_options(arguments: argparse.Namespace) -> list[str]:
    """The options of `puppet render` as they were given, for a process that renders one video of a folder."""
    names = ("actor", *(option.name for option in (PROVIDER, TRACKER, *OUTPUT_OPTIONS, *MOTION_OPTIONS)))
    values = [(name, getattr(arguments, name)) for name in names]
    given = [word for name, value in values if value is not None for word in (flag(name), str(value))]
    if arguments.background is not None:
        given += [BACKGROUND.flag, arguments.background.text]
    return given + [flag(name) for name in ("software", "sign", "no_badge") if getattr(arguments, name)]


def checked(parse: Callable[[str], Value]) -> Callable[[str], Value]:
    """A parser for argparse, which shows the messages of this error alone."""

    def parse_argument(text: str) -> Value:
        try:
            return parse(text)
        except ValueError as problem:
            raise argparse.ArgumentTypeError(str(problem)) from problem

    return parse_argument


@checked
def count(text: str) -> int:
    """A whole number from 1 on."""
    value = int(text) if text.isdecimal() else 0
    if value < 1:
        raise ValueError(f"{text!r} is not a whole number from 1 on")
    return value


@checked
def size(text: str) -> tuple[int, int]:
    """Width and height in px, such as 1280x720."""
    width, _, height = text.lower().partition("x")
    if not (width.isdecimal() and height.isdecimal() and 64 <= int(width) <= 8192 and 64 <= int(height) <= 8192):
        raise ValueError(f"{text!r} is not a size like 1280x720")
    return int(width), int(height)

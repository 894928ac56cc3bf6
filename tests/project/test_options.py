"""One option, one place: command line, settings, sliders and engine say what the declaration says."""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from dataclasses import fields
from pathlib import Path

import pytest

from puppet import cli
from puppet.commands.arguments import OUTPUT_OPTIONS
from puppet.core.background import BACKGROUND, COLOURS, WORDS
from puppet.core.motion import MOTION_OPTIONS, MotionSettings
from puppet.core.options import ChoiceOption, NumberOption, TextOption
from puppet.core.providers import LABELS, PROVIDER, PROVIDERS
from puppet.core.trackers import AUTO, TRACKER
from puppet.core.trackers import LABELS as TRACKER_LABELS
from puppet.engine.options import StepOptions
from puppet.gui.live.background_panel import CHOICES as PANEL_CHOICES
from puppet.gui.live.background_panel import BackgroundPanel
from puppet.gui.live.motion_panel import MotionPanel
from puppet.gui.live.output_panel import OutputPanel
from puppet.media.codecs import CODEC, Codec
from puppet.output.settings import OutputSettings
from puppet.settings import Settings, load_settings


def action(command: str, option: NumberOption | ChoiceOption | TextOption) -> argparse.Action:
    """The option as argparse knows it."""
    parser = cli.build_parser()
    commands = next(one for one in parser._actions if isinstance(one, argparse._SubParsersAction))
    return next(one for one in commands.choices[command]._actions if option.flag in one.option_strings)


@pytest.mark.parametrize("option", MOTION_OPTIONS, ids=lambda option: option.name)
def test_a_motion_option_is_the_same_everywhere(option: NumberOption, tmp_path: Path, qapp) -> None:
    for command in ("run", "render"):
        on_command_line = action(command, option)
        assert on_command_line.dest == option.name
        assert (on_command_line.metavar, on_command_line.default) == (option.span, None)
        assert on_command_line.help == f"{option.help} ({option.default:g})"
        parse = on_command_line.type
        assert callable(parse)
        assert (parse(str(option.low)), parse(str(option.high))) == (option.low, option.high)
        for outside in (option.low - 0.01, option.high + 0.01):
            with pytest.raises(argparse.ArgumentTypeError, match=f"from {option.low:g} to {option.high:g}"):
                parse(str(outside))

    panel = MotionPanel()
    slider = panel.sliders[option.name]
    assert (slider.slider.minimum(), slider.slider.maximum()) == (100 * option.low, 100 * option.high)
    assert slider.value == option.default
    slider.set_value(option.high)
    slider.reset()
    assert slider.value == option.default

    assert getattr(MotionSettings(), option.name) == getattr(StepOptions(), option.name) == option.default
    path = tmp_path / "settings.json"
    for value, taken in ((option.low, True), (option.high, True), (option.low - 1, False), (option.high + 1, False)):
        path.write_text(json.dumps({"motion": {option.name: value}}))
        settings, notices = load_settings(path)
        assert getattr(settings.motion, option.name) == (value if taken else option.default)
        assert taken == (not notices)


def test_the_panel_has_a_slider_for_every_motion_option(qapp) -> None:
    assert set(MotionPanel().sliders) == {option.name for option in MOTION_OPTIONS}


PLANTED = """
import puppet.core.options as options

class Planted(options.NumberOption):  # whoever has a limit or default of their own is found out
    def __init__(self, name, default, low, high, help, unit=""):
        default, low, high = (1.25, 0.5, 3) if name == "eyes_gain" else (default, low, high)
        super().__init__(name, default, low, high, help, unit)

options.NumberOption = Planted

import contextlib, io, json, sys
from dataclasses import fields
from pathlib import Path
from PyQt6.QtWidgets import QApplication
from puppet import cli
from puppet.commands.arguments import OUTPUT_OPTIONS
from puppet.core.motion import MotionSettings
from puppet.engine.options import StepOptions
from puppet.gui.live.motion_panel import MotionPanel
from puppet.settings import load_settings

application = QApplication([])
help = io.StringIO()
with contextlib.redirect_stdout(help), contextlib.suppress(SystemExit):
    cli.main(["render", "--help"])
path = Path(sys.argv[1])
path.write_text('{"motion": {"eyes_gain": 2.9, "mouth_gain": 2.9}}')
settings, notices = load_settings(path)
panel = MotionPanel()
slider = panel.sliders["eyes_gain"]
print(json.dumps({
    "help": "--eyes-gain 0.5..3" in help.getvalue() and "(1.25)" in help.getvalue(),
    "parsed": cli.build_parser().parse_args(["render", "a", "-o", "b", "--eyes-gain", "2.9"]).eyes_gain,
    "settings": [settings.motion.eyes_gain, settings.motion.mouth_gain, len(notices)],
    "slider": [slider.slider.minimum(), slider.slider.maximum(), slider.value],
    "defaults": [MotionSettings().eyes_gain, StepOptions().eyes_gain],
}))
"""


def test_a_changed_declaration_is_seen_everywhere(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", PLANTED, str(tmp_path / "settings.json")],
        capture_output=True,
        text=True,
        timeout=100,
        check=True,
    )
    assert json.loads(done.stdout) == {
        "help": True,
        "parsed": 2.9,
        "settings": [2.9, 1.0, 1],
        "slider": [50, 300, 1.25],
        "defaults": [1.25, 1.25],
    }


@pytest.mark.parametrize("command", ["run", "render", "bench", "explore"])
def test_providers_are_the_same_everywhere(command: str) -> None:
    on_command_line = action(command, PROVIDER)
    assert on_command_line.choices == PROVIDER.choices == ("auto", *PROVIDERS)
    assert on_command_line.default == PROVIDER.default == Settings().provider
    assert on_command_line.help == f"{PROVIDER.help} ({PROVIDER.default})"
    (field,) = (field for field in fields(Settings) if field.name == PROVIDER.name)
    assert field.metadata["choices"] == PROVIDER.choices
    assert set(LABELS) == set(PROVIDERS.values())


@pytest.mark.parametrize("command", ["run", "render", "bench"])
def test_trackers_are_the_same_everywhere(command: str) -> None:
    on_command_line = action(command, TRACKER)
    assert on_command_line.choices == TRACKER.choices == (AUTO, *TRACKER_LABELS)
    assert on_command_line.default == TRACKER.default == AUTO
    assert on_command_line.help == f"{TRACKER.help} ({TRACKER.default})"


@pytest.mark.parametrize("option", OUTPUT_OPTIONS, ids=lambda option: option.name)
def test_an_output_option_is_the_same_everywhere(option: ChoiceOption) -> None:
    for command in ("run", "render"):
        on_command_line = action(command, option)
        assert (on_command_line.choices, on_command_line.default) == (option.choices, None)
        assert on_command_line.help == f"{option.help} ({option.default})"
    (field,) = (field for field in fields(OutputSettings) if field.name == option.name)
    assert (field.metadata["choices"], field.default) == (option.choices, option.default)


def test_the_output_panel_offers_every_choice(qapp) -> None:
    panel = OutputPanel()
    boxes = {"quality": panel.quality, "height": panel.height_box, "codec": panel.codec}
    for option in OUTPUT_OPTIONS:
        if option.name in boxes:
            box = boxes[option.name]
            assert [box.itemData(row) for row in range(box.count())] == list(option.choices)


def test_the_background_is_the_same_everywhere(tmp_path: Path, qapp) -> None:
    for command in ("run", "render"):
        on_command_line = action(command, BACKGROUND)
        assert (on_command_line.dest, on_command_line.default) == (BACKGROUND.name, None)
        assert on_command_line.metavar == BACKGROUND.shown
        assert on_command_line.help == f"{BACKGROUND.help} ({BACKGROUND.default})"
        parse = on_command_line.type
        assert callable(parse)
        with pytest.raises(argparse.ArgumentTypeError, match="is no colour like"):
            parse("#12")
        for text in PANEL_CHOICES:
            assert parse(text) == BACKGROUND.parse(text)
    (field,) = (field for field in fields(Settings) if field.name == BACKGROUND.name)
    assert (field.default, field.metadata["parse"]) == (BACKGROUND.default, BACKGROUND.parse)
    assert StepOptions().background.wanted == BACKGROUND.parse(BACKGROUND.default)
    assert PANEL_CHOICES.keys() <= {*WORDS, *COLOURS}
    assert PANEL_CHOICES.keys() >= WORDS.keys()
    assert BackgroundPanel().box.currentData() == BACKGROUND.default
    path = tmp_path / "settings.json"
    for text, taken in (("#102030", True), ("/x/y.png", True), ("#12", False), ("", False)):
        path.write_text(json.dumps({BACKGROUND.name: text}))
        settings, notices = load_settings(path)
        assert settings.background == (text if taken else BACKGROUND.default)
        assert taken == (not notices)


def test_every_codec_is_named_with_the_files_it_goes_into() -> None:
    for codec in Codec:
        assert codec.value in CODEC.help
        assert " ".join(codec.suffixes) in CODEC.help

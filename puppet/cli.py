"""The `puppet` command. Heavy imports happen inside the commands, so that `--help` answers at once."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from puppet import __version__
from puppet.core.errors import PuppetError
from puppet.core.texts import one_line
from puppet.process import environment
from puppet.process.log import add_verbose, explained, start, uncaught
from puppet.process.signals import exit_code, terminating

PROVIDERS = ("auto", "cuda", "directml", "coreml", "cpu")
LAYOUTS = ("side-by-side", "actor", "driver", "separate")
CODECS = ("h264", "hevc", "vp9", "av1", "prores", "ffv1")
QUALITIES = ("small", "good", "high")
CODEC_HELP = (
    "h264, hevc: .mp4, .mov or .mkv; vp9, av1: .mp4, .mkv or .webm (vp9 if none is chosen); prores: .mov or .mkv; \
ffv1: .mkv"
)
HEIGHTS = (480, 720, 1080)
DEMO_OUTPUT = "puppet-demo.mp4"
SOURCE_HELP = "camera (0, 1 or its name), video file, image folder, URL, or demo (the built-in clip)"


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit code. An error is one line on stderr and code 2; Ctrl-C is 130, SIGTERM 143,
    SIGHUP 129.
    """
    given = list(sys.argv[1:] if argv is None else argv)
    if not given or (given[0].startswith("-") and given[0] not in ("-h", "--help", "--version")):
        given.insert(0, "run")
    arguments = build_parser().parse_args(given)
    environment.spare_cores()
    environment.print_anything()
    start(f"puppet {given[0]}", arguments.verbose)
    try:
        with uncaught(_say), terminating():
            return arguments.command(arguments)
    except KeyboardInterrupt as stop:
        return exit_code(stop)
    except BrokenPipeError:  # the reader of our output (head, less) has gone
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 141
    except Exception as problem:
        _say(explained(problem, f"puppet {given[0]}"))
        return 2


def _say(problem: PuppetError) -> None:
    print(f"puppet: {one_line(str(problem), None)}", file=sys.stderr)


def build_parser() -> argparse.ArgumentParser:
    """All commands; `command` of the parsed arguments is the function that runs."""
    parser = argparse.ArgumentParser(
        prog="puppet",
        description="Your face moves another face, live. Without a command: puppet run.",
        epilog="example: puppet run --source 0 --actor marble",
    )
    parser.add_argument("--version", action="version", version=f"puppet {__version__}")
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)

    run = _command(commands, "run", run_live, "open the live window", "puppet run --source talk.mp4 --actor marble")
    run.add_argument("--source", metavar="SOURCE", help=SOURCE_HELP)
    _actor_option(run)
    run.add_argument("--headless", action="store_true", help="no window; print how long each stage takes")
    run.add_argument("--frames", type=_count, metavar="N", help="end after N pictures of the actor")
    run.add_argument("--record", type=Path, metavar="OUT.mp4", help="record to a new file from the start")
    run.add_argument("--virtual-camera", action="store_true", help="show the actor as a camera to other programs")
    run.add_argument("--loop", action="store_true", help="begin a file or folder again when it ends")
    _provider_option(run)
    _output_options(run, "as the window was left")
    run.add_argument("--screenshot", type=Path, metavar="PNG", help="save a picture of the window before it ends")
    _motion_options(run, "as the window was left")

    render = _command(
        commands, "render", render_video, "let an actor play a video", "puppet render talk.mp4 -o statue.mp4"
    )
    render.add_argument(
        "video", metavar="VIDEO", help="video file, image folder or image of the driver, or a folder of videos"
    )
    render.add_argument(
        "-o", "--output", type=Path, required=True, metavar="OUT.mp4", help="the file to write, or a folder for videos"
    )
    render.add_argument("--resume", action="store_true", help="a folder: leave out what is finished already")
    render.add_argument("--jobs", type=_count, metavar="N", help="a folder: so many videos at once (as cores allow)")
    _actor_option(render)
    _provider_option(render)
    render.add_argument("--force", action="store_true", help="replace OUT.mp4 when it exists")
    _output_options(render, "side-by-side, h264, high")
    _motion_options(render, "0.5 and 1")

    bench = _command(
        commands, "bench", run_bench, "measure how fast this machine is", "puppet bench --seconds 30 --json now.json"
    )
    _actor_option(bench)
    _provider_option(bench)
    bench.add_argument("--size", type=_size, default=(640, 480), metavar="WxH", help="of the camera (640x480)")
    bench.add_argument("--seconds", type=_seconds, default=10.0, metavar="N", help="of each run (10)")
    bench.add_argument(
        "--actors", type=_count, default=1, metavar="N", help="so many actors at once, from one face (1)"
    )
    bench.add_argument("--flash", action="store_true", help="also time a flash from the source to the screen's pixels")
    bench.add_argument("--json", type=Path, metavar="OUT", help="write every figure to this file")
    bench.add_argument(
        "--compare", nargs=2, type=Path, metavar=("A.json", "B.json"), help="only print what B is, divided by A"
    )

    explore = _command(commands, "explore", explore_actor, "wander in an actor's latent space", "puppet explore marble")
    explore.add_argument("actor", nargs="?", metavar="ACTOR", help="an actor's name or .actor file")
    _provider_option(explore)
    explore.add_argument("--screenshot", type=Path, metavar="PNG", help="save a picture of the window and end")

    _command(commands, "cameras", show_cameras, "list the cameras", "puppet cameras")
    _command(commands, "actors", show_actors, "list the actors", "puppet actors")
    doctor = _command(commands, "doctor", run_doctor, "check this machine and this installation", "puppet doctor")
    _actor_option(doctor)
    return parser


# --- the commands ---


def run_live(arguments: argparse.Namespace) -> int:
    """The window; with --headless a table; without any display and any wish, the demo as a file."""
    if arguments.headless:
        if arguments.screenshot is not None:
            raise PuppetError("--screenshot needs the window; leave --headless out")
        from puppet.commands.headless import run_headless
        from puppet.engine.puppeteer import StepOptions
        from puppet.output.crash_recovery import clear_up_and_say
        from puppet.output.settings import OutputSettings

        clear_up_and_say()
        return run_headless(
            source=arguments.source,
            actor=arguments.actor,
            frames=arguments.frames,
            record=arguments.record,
            loop=arguments.loop,
            provider=arguments.provider,
            options=StepOptions(**_motion(arguments)),
            outputs=OutputSettings(**_outputs(arguments, arguments.record)),
            virtual_camera=arguments.virtual_camera,
        )
    from puppet.commands.doctor import has_display

    if not has_display():
        if any((arguments.source, arguments.frames, arguments.record, arguments.screenshot)):
            raise PuppetError("There is no display for the window; use --headless, or: puppet render VIDEO -o OUT.mp4")
        return render_demo(arguments.actor, arguments.provider, _motion(arguments))
    from puppet.commands.window import run_window

    return run_window(
        source=arguments.source,
        actor=arguments.actor,
        record=arguments.record,
        frames=arguments.frames,
        screenshot=arguments.screenshot,
        provider=arguments.provider,
        loop=arguments.loop,
        motion=_motion(arguments),
        outputs=_outputs(arguments, arguments.record),
        virtual_camera=arguments.virtual_camera,
    )


def render_demo(actor: str | None, provider: str, motion: dict[str, Any]) -> int:
    """What a machine without a display gets: the demo clip, played by the actor, as a new file in this folder."""
    from puppet.commands.render import render
    from puppet.engine.puppeteer import StepOptions
    from puppet.storage.names import free_name

    output = free_name(Path(DEMO_OUTPUT))
    print(f"There is no display, so the demo clip is rendered to {output} instead of shown in a window.", flush=True)
    rendered = render("demo", output, actor=actor, options=StepOptions(**motion), provider=provider)
    print(rendered.summary())
    return 0


def render_video(arguments: argparse.Namespace) -> int:
    """One video, or every video of a folder."""
    from puppet.commands.render import render
    from puppet.commands.render_folder import default_jobs, render_folder, videos_in
    from puppet.engine.puppeteer import StepOptions
    from puppet.output.crash_recovery import clear_up_and_say
    from puppet.output.settings import OutputSettings

    clear_up_and_say()
    videos = videos_in(Path(arguments.video))
    outputs = OutputSettings(**_outputs(arguments, None if videos else arguments.output))

    def render_one(video: str | Path, output: Path, force: bool) -> str:
        rendered = render(
            str(video),
            output,
            actor=arguments.actor,
            options=StepOptions(**_motion(arguments)),
            provider=arguments.provider,
            force=force,
            outputs=outputs,
        )
        return rendered.summary()

    if not videos:
        if arguments.resume or arguments.jobs:
            raise PuppetError(f"{arguments.video} is no folder of videos, for which --resume and --jobs are made")
        print(one_line(render_one(arguments.video, arguments.output, arguments.force), None))
        return 0
    jobs = arguments.jobs or default_jobs()
    options = _options_again(arguments)
    render_folder(videos, arguments.output, outputs, render_one, options, jobs, arguments.resume, arguments.force)
    return 0


def run_bench(arguments: argparse.Namespace) -> int:
    from puppet.commands import bench

    if arguments.compare is not None:
        return bench.run_compare(*arguments.compare)
    return bench.run_bench(
        actor=arguments.actor,
        provider=arguments.provider,
        size=arguments.size,
        seconds=arguments.seconds,
        flash=arguments.flash,
        json_path=arguments.json,
        actors=arguments.actors,
    )


def explore_actor(arguments: argparse.Namespace) -> int:
    from puppet.commands.doctor import has_display

    if not has_display():
        raise PuppetError("The explorer is a window, and there is no display for it")
    from puppet.commands.window import run_explorer

    return run_explorer(arguments.actor, arguments.provider, arguments.screenshot)


def show_cameras(arguments: argparse.Namespace) -> int:
    from puppet.sources.registry import list_cameras

    cameras = list_cameras()
    for camera in cameras:
        print(one_line(f"{camera.index}  {camera.name}  {camera.path}".rstrip(), None))
    if not cameras:
        print("No camera was found. Plug one in, or use --source with a file, a folder or a URL.", file=sys.stderr)
    return 0


def show_actors(arguments: argparse.Namespace) -> int:
    """One line per actor; a damaged file is named, and makes the exit code 2."""
    from puppet.actor.catalogue import list_actors
    from puppet.actor.file import read_card
    from puppet.storage.folders import actors_folder

    code = 0
    for path in list_actors():
        try:
            card = read_card(path)
            told = f"{path.stem}  {card.image_size} px  {card.licence}  made {card.created}  {path}"
            print(one_line(told, None))
        except PuppetError as problem:
            print(f"puppet: {one_line(str(problem), None)}", file=sys.stderr)
            code = 2
    print(f"Put more into {actors_folder()}", file=sys.stderr)
    return code


def run_doctor(arguments: argparse.Namespace) -> int:
    from puppet.commands.doctor import examine

    return examine(arguments.actor)


# --- helpers ---


def _command(commands, name: str, function: Callable, help: str, example: str) -> argparse.ArgumentParser:
    parser = commands.add_parser(
        name, help=help, description=help[0].upper() + help[1:] + ".", epilog=f"example: {example}"
    )
    parser.set_defaults(command=function)
    add_verbose(parser)
    return parser


def _actor_option(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--actor", metavar="NAME|FILE", help="an actor's name (see: puppet actors) or .actor file")


def _provider_option(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--provider", choices=PROVIDERS, default="auto", help="what computes (%(default)s)")


def _output_options(parser: argparse.ArgumentParser, default: str) -> None:
    group = parser.add_argument_group("recording", f"Without these: {default}.")
    group.add_argument("--layout", choices=LAYOUTS, help="what to show; separate: all three, each a file of its own")
    group.add_argument("--codec", choices=CODECS, help=CODEC_HELP)
    group.add_argument("--quality", choices=QUALITIES, help="small files or all detail")
    group.add_argument("--height", type=int, choices=HEIGHTS, help="of the file's pictures, px; without: their own")
    group.add_argument("--software", action="store_true", help="do not use a hardware encoder")
    group.add_argument("--sign", action="store_true", help="sign the file by C2PA (extra: provenance)")
    group.add_argument("--no-badge", action="store_true", help="no visible sign that the actor is synthetic")


def _outputs(arguments: argparse.Namespace, file: Path | None = None) -> dict[str, Any]:
    """What was chosen on the command line, by field of output_settings.OutputSettings; the codec also by the name of
    the file that is to be made.
    """
    chosen = {name: getattr(arguments, name) for name in ("layout", "codec", "quality", "height")}
    if file is not None and arguments.codec is None:
        from puppet.output.settings import OutputSettings

        usual = OutputSettings()
        suiting = usual.suiting(file).codec
        chosen["codec"] = suiting if suiting != usual.codec else None
    switched = {"hardware": arguments.software, "badge": arguments.no_badge}
    given = {name: value for name, value in chosen.items() if value is not None}
    signed = {"sign": True} if arguments.sign else {}
    return given | signed | {name: False for name, off in switched.items() if off}


def _options_again(arguments: argparse.Namespace) -> list[str]:
    """The options of `puppet render` as they were given, for a process that renders one video of a folder."""
    names = ("actor", "provider", "layout", "codec", "quality", "height", *MOTION)
    options = [(name.replace("_", "-"), getattr(arguments, name)) for name in names]
    given = [word for name, value in options if value is not None for word in (f"--{name}", str(value))]
    return given + [
        f"--{name.replace('_', '-')}" for name in ("software", "sign", "no_badge") if getattr(arguments, name)
    ]


MOTION = {  # of settings.MotionSettings: the largest value, and what it is
    "smoothing": (1, "0 off, 1 strong"),
    "expression_gain": (2, "how strongly the actor shows what the face does: 0 not at all, 1 as the driver, 2 twice"),
    "eyes_gain": (2, "the same for lids and gaze, times --expression-gain"),
    "mouth_gain": (2, "the same for mouth, jaw and cheeks"),
    "brows_gain": (2, "the same for the brows"),
    "pose_gain": (2, "how far the head turns and moves"),
}


def _motion_options(parser: argparse.ArgumentParser, default: str) -> None:
    group = parser.add_argument_group("motion", f"Without these: {default}.")
    for name, (most, help) in MOTION.items():
        option = "--" + name.replace("_", "-")
        group.add_argument(option, type=_number_to(most), metavar=f"0..{most}", help=help)


def _motion(arguments: argparse.Namespace) -> dict[str, Any]:
    """What was chosen on the command line, numbers by field of settings.MotionSettings."""
    chosen = {name: getattr(arguments, name) for name in MOTION}
    return {name: value for name, value in chosen.items() if value is not None}


def _count(text: str) -> int:
    value = int(text) if text.isdecimal() else 0
    if value < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number from 1 on")
    return value


def _seconds(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not 1 <= value <= 86400:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of seconds from 1 on")
    return value


def _size(text: str) -> tuple[int, int]:
    width, _, height = text.lower().partition("x")
    if not (width.isdecimal() and height.isdecimal() and 64 <= int(width) <= 8192 and 64 <= int(height) <= 8192):
        raise argparse.ArgumentTypeError(f"{text!r} is not a size like 1280x720")
    return int(width), int(height)


def _number_to(most: int) -> Callable[[str], float]:
    def parse(text: str) -> float:
        try:
            value = float(text)
        except ValueError:
            value = -1.0
        if not 0 <= value <= most:
            raise argparse.ArgumentTypeError(f"{text!r} is not a number from 0 to {most}")
        return value

    return parse

"""The `puppet` command: its parser, and which function runs each command.

Heavy imports happen inside the commands, so that `--help` answers at once.
"""

from __future__ import annotations

import argparse
import logging
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeAlias

from puppet import __version__
from puppet.commands import arguments as options
from puppet.core.addresses import text_without_secrets
from puppet.core.errors import PuppetError
from puppet.core.texts import one_line
from puppet.new_actor import training_code
from puppet.process import environment
from puppet.process.log import add_verbose, command_first, explained, start, uncaught
from puppet.process.signals import exit_code, terminating

Commands: TypeAlias = "argparse._SubParsersAction[argparse.ArgumentParser]"

SOURCE_HELP = "camera (0, 1 or its name), video file, image folder, URL, or demo (the built-in clip)"
logger = logging.getLogger(__name__)


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit code.

    An error is one line on stderr and code 2; Ctrl-C is 130, SIGTERM 143, SIGHUP 129.
    """
    given = command_first(sys.argv[1:] if argv is None else argv)
    if not given or (given[0].startswith("-") and given[0] not in ("-h", "--help", "--version")):
        given.insert(0, "run")
    if given[0] in training_code.COMMANDS:
        try:
            return training_code.run_command(given)
        except KeyboardInterrupt as stop:  # before the command itself takes signals
            return exit_code(stop)
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
    logger.error("%s", problem)
    print(f"puppet: {one_line(text_without_secrets(str(problem)), None)}", file=sys.stderr)


def build_parser() -> argparse.ArgumentParser:
    """All commands; `command` of the parsed arguments is the function that runs."""
    parser = argparse.ArgumentParser(
        prog="puppet",
        description="Your face moves another face, live. Without a command: puppet run. The commands from prepare on "
        'make actors of your own, and need the extra "train".',
        epilog="example: puppet run --source 0 --actor marble",
    )
    parser.add_argument("--version", action="version", version=f"puppet {__version__}")
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    _add_run(commands)
    _add_render(commands)
    _add_bench(commands)
    _add_explore(commands)
    _add_photo(commands)
    _add_command(commands, "cameras", show_cameras, "list the cameras", "puppet cameras")
    _add_command(commands, "actors", show_actors, "list the actors", "puppet actors")
    doctor = _add_command(commands, "doctor", run_doctor, "check this machine and this installation", "puppet doctor")
    options.add_actor(doctor)
    doctor.add_argument("--report", type=Path, metavar="FILE.zip", help="also pack a file for a bug report")
    for name, line in training_code.COMMANDS.items():  # `main` hands them on as they are; here they are only listed
        commands.add_parser(name, help=line, add_help=False)
    return parser


# --- what each command takes ---


def _add_run(commands: Commands) -> None:
    run = _add_command(commands, "run", run_live, "open the live window", "puppet run --source talk.mp4 --actor marble")
    run.add_argument("--source", metavar="SOURCE", help=SOURCE_HELP)
    options.add_actor(run)
    run.add_argument("--headless", action="store_true", help="no window; print how long each stage takes")
    run.add_argument("--frames", type=options.count, metavar="N", help="end after N pictures of the actor")
    run.add_argument("--record", type=Path, metavar="OUT.mp4", help="record to a new file from the start")
    run.add_argument("--virtual-camera", action="store_true", help="show the actor as a camera to other programs")
    run.add_argument("--loop", action="store_true", help="play a file or folder again when it ends")
    options.add_provider(run)
    options.add_tracker(run)
    without = "as the window was left; with --headless the values in brackets"
    options.add_background(run)
    options.add_outputs(run, without)
    run.add_argument("--screenshot", type=Path, metavar="PNG", help="save a picture of the window before it ends")
    options.add_motion(run, without)


def _add_render(commands: Commands) -> None:
    render = _add_command(
        commands, "render", render_video, "let an actor play a video", "puppet render talk.mp4 -o statue.mp4"
    )
    render.add_argument(
        "video", metavar="VIDEO", help="video file, image folder or image of the driver, or a folder of videos"
    )
    render.add_argument(
        "-o", "--output", type=Path, required=True, metavar="OUT.mp4", help="the file to write, or a folder for videos"
    )
    render.add_argument("--resume", action="store_true", help="a folder: leave out videos that are finished")
    render.add_argument(
        "--jobs", type=options.count, metavar="N", help="a folder: render N videos at once (as cores allow)"
    )
    options.add_actor(render)
    options.add_provider(render)
    options.add_tracker(render)
    render.add_argument("--force", action="store_true", help="replace OUT.mp4 when it exists")
    options.add_background(render)
    options.add_outputs(render, "the values in brackets")
    options.add_motion(render, "the values in brackets")


def _add_bench(commands: Commands) -> None:
    bench = _add_command(
        commands, "bench", run_bench, "measure how fast this machine is", "puppet bench --seconds 30 --json now.json"
    )
    options.add_actor(bench)
    options.add_provider(bench)
    options.add_tracker(bench)
    bench.add_argument("--size", type=options.size, default=(640, 480), metavar="WxH", help="of the camera (640x480)")
    options.add_number(bench, options.BENCH_SECONDS, options.BENCH_SECONDS.default, metavar="N")
    bench.add_argument(
        "--actors", type=options.count, default=1, metavar="N", help="N actors at once, from one face (1)"
    )
    bench.add_argument("--flash", action="store_true", help="also time a flash from the source to the screen's pixels")
    bench.add_argument("--json", type=Path, metavar="OUT", help="write every figure to this file")
    bench.add_argument(
        "--compare",
        nargs=2,
        type=Path,
        metavar=("A.json", "B.json"),
        help="only print the figures of both, and B / A",
    )


def _add_explore(commands: Commands) -> None:
    explore = _add_command(
        commands, "explore", explore_actor, "explore an actor's latent space", "puppet explore marble"
    )
    explore.add_argument("actor", nargs="?", metavar="ACTOR", help="an actor's name or .actor file")
    options.add_provider(explore)
    explore.add_argument("--screenshot", type=Path, metavar="PNG", help="save a picture of the window and end")


def _add_photo(commands: Commands) -> None:
    example = 'puppet photo ada.jpg -o ada.actor --consent "Ada agreed on 2 May 2026 to be played by anybody."'
    photo = _add_command(commands, "photo", make_from_picture, "make an actor from one picture", example)
    photo.add_argument("picture", type=Path, metavar="PICTURE", help="a photograph, painting, statue or drawing")
    photo.add_argument("-o", "--output", type=Path, required=True, metavar="NAME.actor", help="the actor file to write")
    whose = photo.add_mutually_exclusive_group(required=True)
    whose.add_argument("--consent", help="whose face it is, and that they agreed; kept in the file")
    whose.add_argument(
        "--artwork", metavar="WORK", help="of a painting, statue or drawing instead: which one, and why it may be used"
    )
    photo.add_argument(
        "--face", type=options.count, metavar="N", help="which face of several, from left to right, from 1"
    )
    photo.add_argument(
        "--frame",
        choices=("portrait", "square", "whole"),
        default="portrait",
        help="head and shoulders; as much of the picture as a square shows; or all of it, in which the head moves"
        " (default: %(default)s)",
    )
    photo.add_argument("--keep-background", action="store_true", help="let no other background be put behind the actor")
    photo.add_argument("--name", help="the actor's name (default: the file's)")
    photo.add_argument("--licence", default="all rights reserved", help="of the actor file (default: %(default)s)")
    photo.add_argument("--force", action="store_true", help="replace NAME.actor if it exists")


def _add_command(
    commands: Commands, name: str, function: Callable[[argparse.Namespace], int], help: str, example: str
) -> argparse.ArgumentParser:
    parser = commands.add_parser(
        name, help=help, description=help[0].upper() + help[1:] + ".", epilog=f"example: {example}"
    )
    parser.set_defaults(command=function)
    add_verbose(parser)
    return parser


# --- what each command runs ---


def run_live(arguments: argparse.Namespace) -> int:
    """`puppet run`."""
    from puppet.commands import run

    return run.run_live(arguments)


def render_video(arguments: argparse.Namespace) -> int:
    """`puppet render`: one video, or every video of a folder."""
    from puppet.commands import render

    return render.run_render(arguments)


def run_bench(arguments: argparse.Namespace) -> int:
    """`puppet bench`, and its --compare."""
    if arguments.compare is not None:
        from puppet.commands.bench_report import run_compare

        return run_compare(*arguments.compare)
    from puppet.commands import bench

    return bench.run_bench(
        actor=arguments.actor,
        provider=arguments.provider,
        size=arguments.size,
        seconds=arguments.seconds,
        flash=arguments.flash,
        json_path=arguments.json,
        actors=arguments.actors,
        tracker=arguments.tracker,
    )


def make_from_picture(arguments: argparse.Namespace) -> int:
    """`puppet photo`."""
    from puppet.commands import photo

    return photo.make_from_picture(arguments)


def explore_actor(arguments: argparse.Namespace) -> int:
    """`puppet explore`."""
    from puppet.commands.explore import run_explorer

    return run_explorer(arguments.actor, arguments.provider, arguments.screenshot)


def show_cameras(arguments: argparse.Namespace) -> int:
    """`puppet cameras`."""
    from puppet.commands import cameras

    return cameras.show_cameras()


def show_actors(arguments: argparse.Namespace) -> int:
    """`puppet actors`."""
    from puppet.commands import actors

    return actors.show_actors()


def run_doctor(arguments: argparse.Namespace) -> int:
    """`puppet doctor`."""
    from puppet.commands import doctor

    return doctor.examine(arguments.actor, arguments.report)

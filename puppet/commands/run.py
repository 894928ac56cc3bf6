"""`puppet run`: the window; with --headless a table; on a machine without a display the demo as a file."""

from __future__ import annotations

import argparse
from pathlib import Path

from puppet.commands.arguments import chosen_motion, chosen_outputs, step_options
from puppet.commands.display import has_display
from puppet.core.errors import PuppetError
from puppet.engine.options import StepOptions

DEMO_OUTPUT = "puppet-demo.mp4"


def run_live(arguments: argparse.Namespace) -> int:
    """Run as the command line says; the exit code. Raises PuppetError."""
    if arguments.headless:
        return _run_headless(arguments)
    if not has_display():
        if any((arguments.source, arguments.frames, arguments.record, arguments.screenshot)):
            raise PuppetError("There is no display for the window; use --headless, or: puppet render VIDEO -o OUT.mp4")
        return render_demo(arguments.actor, arguments.provider, step_options(arguments), arguments.tracker)
    from puppet.commands.window import run_window

    return run_window(
        source=arguments.source,
        actor=arguments.actor,
        record=arguments.record,
        frames=arguments.frames,
        screenshot=arguments.screenshot,
        provider=arguments.provider,
        loop=arguments.loop,
        motion=chosen_motion(arguments),
        outputs=chosen_outputs(arguments, arguments.record),
        virtual_camera=arguments.virtual_camera,
        tracker=arguments.tracker,
        background=arguments.background,
    )


def _run_headless(arguments: argparse.Namespace) -> int:
    if arguments.screenshot is not None:
        raise PuppetError("--screenshot needs the window; leave --headless out")
    from puppet.commands.headless import run_headless
    from puppet.output.crash_recovery import recover_and_report
    from puppet.output.settings import OutputSettings

    recover_and_report()
    return run_headless(
        source=arguments.source,
        actor=arguments.actor,
        frames=arguments.frames,
        record=arguments.record,
        loop=arguments.loop,
        provider=arguments.provider,
        options=step_options(arguments),
        outputs=OutputSettings(**chosen_outputs(arguments, arguments.record)),
        virtual_camera=arguments.virtual_camera,
        tracker=arguments.tracker,
    )


def render_demo(actor: str | None, provider: str, options: StepOptions, tracker: str) -> int:
    """Let the actor play the demo clip into a new file in this folder; the exit code. Raises PuppetError."""
    from puppet.commands.render import render
    from puppet.sources.registry import DEMO
    from puppet.storage.names import free_name

    output = free_name(Path(DEMO_OUTPUT))
    print(f"There is no display, so the demo clip is rendered to {output} instead of shown in a window.", flush=True)
    rendered = render(DEMO, output, actor=actor, options=options, provider=provider, tracker=tracker)
    print(rendered.summary())
    return 0

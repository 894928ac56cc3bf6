"""`python -m export RUN_DIR -o NAME.actor`: a trained run -> an actor file; `morphing-faces DIR`: the seed's arrays."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from puppet.errors import DataError, PuppetError

if TYPE_CHECKING:
    from models.checkpoint import Checkpoint

DEFAULT_LICENCE = "all rights reserved"  # nobody's face enters the public domain by an option left out
MORPHING_FACES = "morphing-faces"
EXAMPLE = 'python -m export runs/ada -o ada.actor --consent "Ada agreed on 2 May 2026 to be played by anybody."'


def parser() -> argparse.ArgumentParser:
    made = argparse.ArgumentParser(
        prog="python -m export",
        description="Turn a trained run into an actor file, and verify that it draws what the network draws.",
        epilog=f"example: {EXAMPLE}",
    )
    add = made.add_argument
    add("run", type=Path, metavar="RUN_DIR", help="the folder that `python -m models train` wrote")
    add("-o", "--output", type=Path, required=True, metavar="NAME.actor", help="the actor file to write")
    add("--consent", required=True, type=_statement, help="whose face it is, and that they agreed; kept in the file")
    add("--name", help="the actor's name (default: the file's)")
    add("--licence", default=DEFAULT_LICENCE, help="of the actor file (default: %(default)s)")
    add("--checkpoint", choices=("best", "last"), default="best", help="which one of the run (default: %(default)s)")
    add("--data", type=Path, metavar="DATA.h5", help="the run's data set, when it was moved")
    add("--force", action="store_true", help="replace NAME.actor if it exists")
    return made


def morphing_faces_parser() -> argparse.ArgumentParser:
    from export.morphing_faces import CONSENT, LICENCE

    made = argparse.ArgumentParser(
        prog=f"python -m export {MORPHING_FACES}",
        description="Turn the arrays of the original Morphing Faces network into an actor file to explore.",
        epilog=f"example: python -m export {MORPHING_FACES} morphing_faces/data -o tfd.actor",
    )
    add = made.add_argument
    add("folder", type=Path, metavar="DIR_OF_NPY", help="the folder with d_W_0.npy, d_b_0.npy ... and e_W_0.npy ...")
    add("-o", "--output", type=Path, required=True, metavar="NAME.actor", help="the actor file to write")
    add("--consent", default=CONSENT, type=_statement, help="whose faces they are (default: %(default)s)")
    add("--name", help="the actor's name (default: the file's)")
    add("--licence", default=LICENCE, help="of the actor file (default: %(default)s)")
    add("--force", action="store_true", help="replace NAME.actor if it exists")
    return made


def export_morphing_faces(args: argparse.Namespace) -> None:
    """Raises PuppetError; writes nothing then."""
    from export.morphing_faces import convert

    _refuse_existing(args)
    card = convert(args.folder, args.output, args.name or args.output.stem, args.licence, args.consent)
    size = args.output.stat().st_size / 2**20
    print(f"{args.output}: {size:.1f} MiB, {card.kind} actor {card.name}; encoder: {card.training['encoder']}")


def export_run(args: argparse.Namespace) -> None:
    """Raises PuppetError; writes nothing then."""
    # torch is only imported when there is something to do, so that --help is instant
    from export.onnx_file import Declaration, export_actor
    from models import checkpoint
    from models.dataset import open_dataset

    _refuse_existing(args)
    model, facts = checkpoint.load_model(args.run, args.checkpoint)
    path = args.data or Path(str(facts.data.get("file", "")))
    if not path.is_file():
        raise DataError(f"{path}: the run's data set is not there; say where it is with --data")
    declared = Declaration(args.name or args.output.stem, args.consent, args.licence)
    with open_dataset(path) as dataset:
        card = export_actor(model, dataset, args.output, declared, training_facts(facts))
    size = args.output.stat().st_size / 2**20
    parity = ", ".join(f"{name} {value:.2g}" for name, value in card.parity.items())
    print(f"{args.output}: {size:.1f} MiB, {card.kind} actor {card.name}; parity: {parity}")


def training_facts(facts: Checkpoint) -> dict[str, Any]:
    """What the card tells of the training; file names only, no folders."""
    from models.config import to_json

    data = dict(facts.data)
    if "file" in data:
        data["file"] = Path(str(data["file"])).name
    return {
        "frames": data.get("frames"),
        "steps": facts.step,
        "seconds": round(facts.seconds, 1),
        "score": facts.score,
        "metrics": dict(facts.metrics),
        "data": data,
        "config": to_json(facts.config),
    }


def _refuse_existing(args: argparse.Namespace) -> None:
    from export import ExportError

    if args.output.exists() and not args.force:
        raise ExportError(f"{args.output} exists already; choose another name or add --force to replace it")


def _statement(text: str) -> str:
    if not text.strip():
        raise argparse.ArgumentTypeError("say whose face it is and that they agreed")
    return text.strip()


def main(argv: Sequence[str] | None = None) -> int:
    """Exit code: 0, or 2 with one line on stderr for what the user can mend."""
    given = list(sys.argv[1:] if argv is None else argv)
    original = given[:1] == [MORPHING_FACES]  # a run folder of that name is ./morphing-faces
    args = morphing_faces_parser().parse_args(given[1:]) if original else parser().parse_args(given)
    try:
        (export_morphing_faces if original else export_run)(args)
    except PuppetError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())

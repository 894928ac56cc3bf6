"""The commands of `puppet export`.

`puppet export RUN_DIR -o NAME.actor` turns a run of `puppet train` into an actor file, `puppet export
morphing-faces DIR -o NAME.actor` the arrays of the original Morphing Faces network, and `puppet export attributes
NAME.actor DATA.h5` adds attribute sliders to an actor file.
"""

from __future__ import annotations

import argparse
import logging
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from puppet.core.addresses import text_without_secrets
from puppet.core.errors import DataError
from puppet.core.texts import one_line
from puppet.process.environment import print_anything
from puppet.process.log import add_verbose, command_first, explained, start
from puppet.process.signals import exit_code, terminating

if TYPE_CHECKING:
    from models.training.checkpoint import Checkpoint

DEFAULT_LICENCE = "all rights reserved"  # a face is given away by saying so, not by leaving an option out
MORPHING_FACES, ATTRIBUTES = "morphing-faces", "attributes"
EXAMPLE = 'puppet export runs/ada -o ada.actor --consent "Ada agreed on 2 May 2026 to be played by anybody."'
logger = logging.getLogger("export")


def run_parser() -> argparse.ArgumentParser:
    """The arguments of `puppet export RUN_DIR`."""
    made = argparse.ArgumentParser(
        prog="puppet export",
        description="Turn a trained run into an actor file, and verify that it draws what the network draws.",
        epilog=f"example: {EXAMPLE}",
    )
    add = made.add_argument
    add("run", type=Path, metavar="RUN_DIR", help="the folder that `puppet train` wrote")
    add("-o", "--output", type=Path, required=True, metavar="NAME.actor", help="the actor file to write")
    add("--consent", required=True, type=_statement, help="whose face it is, and that they agreed; kept in the file")
    add("--name", help="the actor's name (default: the file's)")
    add("--licence", default=DEFAULT_LICENCE, help="of the actor file (default: %(default)s)")
    add("--checkpoint", choices=("best", "last"), default="best", help="which one of the run (default: %(default)s)")
    add("--data", type=Path, metavar="DATA.h5", help="the run's data set, when it was moved")
    _add_label_arguments(made)
    add("--response", "--answer", dest="response", type=_response, action="append", default=[], metavar="REGION=SHARE",
        help="how much of a movement is seen on this actor (brows=0.6), where eyes see less of it than the measured "
        "share (--answer: the name in earlier versions)")  # fmt: skip
    add("--no-attributes", action="store_true", help="without attribute directions (smile, mouth open ...)")
    add("--force", action="store_true", help="replace NAME.actor if it exists")
    return made


def _add_label_arguments(made: argparse.ArgumentParser) -> None:
    from models.latent.attributes import PURE, VARIANTS

    made.add_argument("--labels", type=Path, metavar="FILE.csv", help="more attributes: a CSV file (picture or frame, "
                      "then a column of 1 and 0 for each), or CelebA's list_attr_celeba.txt")  # fmt: skip
    made.add_argument("--variant", choices=VARIANTS, default=PURE, help="plain: difference of the class means; "
                      "pure: freed from what the other attributes do (default: %(default)s)")  # fmt: skip


def attributes_parser() -> argparse.ArgumentParser:
    """The arguments of `puppet export attributes`."""
    made = argparse.ArgumentParser(
        prog=f"puppet export {ATTRIBUTES}",
        description="Find attribute directions in a data set and keep them in an actor file, for its sliders.",
        epilog=f"example: puppet export {ATTRIBUTES} ada.actor ada.h5",
    )
    add = made.add_argument
    add("actor", type=Path, metavar="NAME.actor", help="the actor file")
    add("data", type=Path, metavar="DATA.h5", help="faces to look them up in, best the actor's own")
    add("-o", "--output", type=Path, metavar="NEW.actor", help="write a copy (default: NAME.actor itself is renewed)")
    _add_label_arguments(made)
    add("--force", action="store_true", help="replace NEW.actor if it exists")
    return made


def morphing_faces_parser() -> argparse.ArgumentParser:
    """The arguments of `puppet export morphing-faces`."""
    from export.morphing_faces import CONSENT, LICENCE

    made = argparse.ArgumentParser(
        prog=f"puppet export {MORPHING_FACES}",
        description="Turn the arrays of the original Morphing Faces network into an actor file to explore.",
        epilog=f"example: puppet export {MORPHING_FACES} morphing_faces/data -o tfd.actor",
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
    """Convert the arrays. PuppetError when that fails; nothing is written then."""
    from export.actor_file import draft_of
    from export.morphing_faces import convert

    with draft_of(args.output, args.force) as draft:
        card = convert(args.folder, draft, args.name or args.output.stem, args.licence, args.consent)
    size = args.output.stat().st_size / 2**20
    print(f"{args.output}: {size:.1f} MiB, {card.kind} actor {card.name}; encoder: {card.training['encoder']}")


def export_run(args: argparse.Namespace) -> None:
    """Export a run with response and attributes. PuppetError when that fails; nothing is written then."""
    # torch is imported here, so that --help is instant
    from export.actor_file import draft_of
    from export.attributes import add_attributes
    from export.response import add_response
    from export.run_export import Declaration, export_actor
    from models.data.dataset import open_dataset
    from models.data.labels import dataset_labels
    from models.training import checkpoint

    with draft_of(args.output, args.force) as draft:
        model, facts = checkpoint.load_model(args.run, args.checkpoint)
        path = args.data or Path(str(facts.data.get("file", "")))
        if not path.is_file():
            raise DataError(f"{path}: the run's data set is not there; say where it is with --data")
        declared = Declaration(args.name or args.output.stem, args.consent, args.licence)
        with open_dataset(path) as dataset:
            labelled = dataset.has_landmarks or dataset.labels is not None or args.labels is not None
            labels = dataset_labels(dataset, args.labels) if labelled and not args.no_attributes else None
            export_actor(model, dataset, draft, declared, training_facts(facts))
            card = add_response(draft, dict(args.response))
            found = None if labels is None else add_attributes(draft, dataset, labels, args.variant)[1]
    if found is not None:
        print(found.text())
    size = args.output.stat().st_size / 2**20
    parity = ", ".join(f"{name} {value:.2g}" for name, value in card.parity.items())
    response = "".join(f"; response of the {region}: {share:.2f}" for region, share in card.response.items())
    print(f"{args.output}: {size:.1f} MiB, {card.kind} actor {card.name}; parity: {parity}{response}")


def export_attributes(args: argparse.Namespace) -> None:
    """Add attributes to an actor file. PuppetError when that fails; nothing is changed then."""
    from export.actor_file import draft_of
    from export.attributes import add_attributes
    from models.data.dataset import open_dataset
    from models.data.labels import dataset_labels
    from puppet.actor.catalogue import find_actor

    file = find_actor(str(args.actor))
    with (
        draft_of(args.output or file, args.force or args.output is None) as draft,
        open_dataset(args.data) as dataset,
    ):
        _, found = add_attributes(file, dataset, dataset_labels(dataset, args.labels), args.variant, draft)
    print(f"{found.text()}\n{args.output or file}: {len(found.names)} attributes, from {found.frames} frames")


def training_facts(facts: Checkpoint) -> dict[str, Any]:
    """Facts about the training for the card, as JSON values; file names without folders."""
    from models.networks.config import to_json

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


def _statement(text: str) -> str:
    if not text.strip():
        raise argparse.ArgumentTypeError("say whose face it is and that they agreed")
    return text.strip()


def _response(text: str) -> tuple[str, float]:
    from puppet.face.measurements import RESPONSE_REGIONS

    region, _, share = text.partition("=")
    try:
        value = float(share)
    except ValueError:
        value = 0.0
    if region not in RESPONSE_REGIONS or not 0 < value <= 2:
        known = " or ".join(f"{name}=0.6" for name in RESPONSE_REGIONS)
        raise argparse.ArgumentTypeError(f"{text!r}: say {known}, a share above 0 and up to 2")
    return region, value


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command; the exit code: 0, or 2 with one line on stderr, or 130, 143, 129 after signals."""
    given = command_first(sys.argv[1:] if argv is None else argv)
    print_anything()
    others = {  # a run folder of that name is given as ./morphing-faces
        MORPHING_FACES: (morphing_faces_parser, export_morphing_faces),
        ATTRIBUTES: (attributes_parser, export_attributes),
    }
    named = given[0] if given and given[0] in others else None
    make_parser, work = others.get(named or "", (run_parser, export_run))
    made = make_parser()
    add_verbose(made)
    args = made.parse_args(given[1:] if named else given)
    from puppet.output.crash_recovery import recover_and_report  # not before somebody wants more than --help

    start(f"puppet export {named}" if named else "puppet export", args.verbose)
    recover_and_report()
    try:
        with terminating():
            work(args)
    except KeyboardInterrupt as stop:
        return exit_code(stop)
    except Exception as error:
        problem = explained(error, "puppet export")
        logger.error("%s", problem)
        print(f"error: {one_line(text_without_secrets(str(problem)), None)}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())

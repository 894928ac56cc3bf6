"""Runs every row of docs/seeds.md and makes its pictures: the seeds' abilities, each by the command that has it here.

    python docs/seeds.py --work /tmp/seeds                      all rows, with footage that it renders itself
    python docs/seeds.py --work /tmp/seeds --footage actor.mp4  with a video of one (synthetic) face
    python docs/seeds.py --work /tmp/seeds --only walk noise    some rows

Training and data sets are kept in the work folder and made again only when their command has become another; the
rows' own commands run every time. With `--minutes 1` two CPU cores take about fifteen minutes, other work beside it.
"""

from __future__ import annotations

import argparse
import base64
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from puppet.pictures.decode import decode_jpeg, read_picture
from puppet.sources.files import claimed_frames

HERE = Path(__file__).resolve().parent
PICTURES, TABLE = HERE / "seeds", HERE / "seeds.md"
WIDTH = 880  # px of a picture
QUALITY = 78  # JPEG
MINUTES = 8.0  # of the trainings that are compared; the others are measured by it
FRAMES = 1300  # of a long video that are looked at, about
MADE = "made.json"  # in the work folder: by which command each step's file was made

Picture = Callable[[Path], np.ndarray]  # work folder -> uint8 (H, W, 3) BGR


@dataclass(frozen=True)
class Row:
    """One ability. commands: as a user types them in the work folder; outputs: what they write, removed before."""

    key: str
    seed: str
    ability: str
    commands: tuple[str, ...]
    outputs: tuple[str, ...]
    better: str
    picture: Picture


# ---------------------------------------------------------------------------------------------- pictures of outputs


def image(name: str, top: float = 0.0, bottom: float = 1.0) -> Picture:
    """A picture file, or a horizontal part of it."""

    def read(work: Path) -> np.ndarray:
        if not (work / name).is_file():
            raise SystemExit(f"{work / name}: the command made no such picture")
        found = read_picture(work / name)
        return found[int(top * len(found)) : int(bottom * len(found))]

    return read


def last_image(folder: str) -> Picture:
    """The newest picture of a folder, by name."""
    return lambda work: image(str(max((work / folder).glob("*.png")).relative_to(work)))(work)


def film(name: str, columns: int, rows: int = 1) -> Picture:
    """Frames of a video, evenly spread."""

    def read(work: Path) -> np.ndarray:
        video, frames = cv2.VideoCapture(str(work / name)), []
        while True:
            good, frame = video.read()
            if not good:
                break
            frames.append(frame)
        chosen = [frames[i] for i in np.linspace(0, len(frames) - 1, columns * rows).round().astype(int)]
        return np.vstack([np.hstack(chosen[i : i + columns]) for i in range(0, len(chosen), columns)])

    return read


def section(report: str, key: str, first: int = 0, count: int = 3) -> Picture:
    """Pictures of one section of a report, one below the other; its plots where it has no pictures."""

    def read(work: Path) -> np.ndarray:
        page = (work / report / "report.html").read_text(encoding="utf-8")
        found = re.search(rf'<section id="{key}">(.*?)</section>', page, re.S)
        assert found is not None
        plain = re.sub(r"<svg.*?</svg>", "", found[1], flags=re.S)
        strips = [_decoded(data) for data in re.findall(r'src="data:image/jpeg;base64,([^"]+)"', plain)]
        if not strips:
            strips = [_drawn(plot) for plot in re.findall(r"<svg.*?</svg>", found[1], re.S)]
        return _stacked(strips[first : first + count])

    return read


def _decoded(data: str) -> np.ndarray:
    return decode_jpeg(base64.b64decode(data))


def _drawn(svg: str) -> np.ndarray:
    """A plot of the report as pixels, dark on white."""
    from PyQt6.QtCore import QByteArray
    from PyQt6.QtGui import QGuiApplication, QImage, QPainter
    from PyQt6.QtSvg import QSvgRenderer

    application = QGuiApplication.instance() or QGuiApplication(["seeds", "-platform", "offscreen"])
    assert application is not None
    drawing = QSvgRenderer(QByteArray(svg.replace("currentColor", "#202020").encode()))
    size = drawing.defaultSize() * (WIDTH / drawing.defaultSize().width())
    canvas = QImage(size, QImage.Format.Format_RGB888)
    canvas.fill(0xFFFFFFFF)
    painter = QPainter(canvas)
    drawing.render(painter)
    painter.end()
    bits = canvas.constBits()
    assert bits is not None
    flat = np.frombuffer(bits.asstring(canvas.sizeInBytes()), np.uint8).reshape(canvas.height(), canvas.bytesPerLine())
    return flat[:, : 3 * canvas.width()].reshape(canvas.height(), canvas.width(), 3)[..., ::-1].copy()


def _stacked(pictures: Sequence[np.ndarray]) -> np.ndarray:
    return np.vstack([fitted(picture) for picture in pictures])


def fitted(picture: np.ndarray) -> np.ndarray:
    """As wide as the pictures of the table; smaller ones stay as they are."""
    height, width = picture.shape[:2]
    if width == WIDTH:
        return picture
    method = cv2.INTER_AREA if width > WIDTH else cv2.INTER_CUBIC
    return cv2.resize(picture, (WIDTH, round(height * WIDTH / width)), interpolation=method)


# ---------------------------------------------------------------------------------------------- what comes first


@dataclass(frozen=True)
class Step:
    """Something that rows need, made once. makes: the file or folder that tells that it is there."""

    makes: str
    command: str


def steps(minutes: float, every: int) -> tuple[Step, ...]:
    """Footage, data set and runs. every: which frames of the footage are looked at.

    kosta's network is that of the tutorial's VAE, loss and optimiser too: one run serves both.
    """

    def train(name: str, preset: str, times: float = 1.0) -> Step:
        sheets = "--driver marble.h5"  # the sample sheets' driver; the demo clip would have to be tracked each time
        command = f"puppet train marble.h5 -o runs/{name} --preset {preset} {sheets}"
        return Step(f"runs/{name}", f"{command} --minutes {times * minutes:g}")

    return (
        Step("driver.mp4", "puppet render demo -o driver.mp4 --layout driver"),
        Step("actor.mp4", "puppet render demo -o actor.mp4 --layout actor --actor marble"),
        Step("marble.h5", f"puppet prepare actor.mp4 -o marble.h5 --size 128 --every {every} --force"),
        train("mlp", "seed-mlp --batch-size 32", 0.25),
        train("int8", "seed-int8", 2.125),
        train("vae", "seed-keras-vae --batch-size 16"),
        train("ae", "seed-keras-ae --batch-size 16"),
        Step("npy", "python -m tests.support.planted_network npy"),
    )


# ---------------------------------------------------------------------------------------------- the rows

S1, S2 = "S1 Morphing Faces", "S2 int8, one actor"
S3, S4 = "S3 kosta, Keras VAE", "S4 Keras tutorial"
EXPLORE = "xvfb-run -a puppet explore {0} --screenshot {1}.png"
ANALYZE = "puppet analyze runs/vae marble.h5 -o report --against runs/ae --frames 600"
CONSENT = "a statue made by a program, nobody's face"

ROWS = (
    Row("explore", S1, "Two latent dimensions follow the mouse; a click freezes; `d`, `r`, `h`, `q`; 29 sliders and a "
        "Random button on a web page",
        (EXPLORE.format("marble", "explore"),), ("explore.png",),
        "One window for all of it: the picture, the commands and a slider for every useful dimension, with small "
        "pictures of both ends; undo, bookmarks, films; in colour at 256 px.", image("explore.png")),
    Row("mlp", S1, "The network: 48 px in grey, two hidden layers of 2000 on either side, 400 dimensions",
        (f'puppet export runs/mlp -o mlp.actor --consent "{CONSENT}"', EXPLORE.format("mlp.actor", "mlp")),
        ("mlp.actor", "mlp.png"),
        "Trained on any data set and explored in the same window as every other actor; which dimensions are useful is "
        "found by the original's rule at export and kept in the file. After two minutes it draws one soft face that "
        "hardly changes: no dimension tells more than 0.06 nats.", image("mlp.png")),
    Row("original", S1, "The original weights, with its 29 dimensions in its numbering and its first pair, 28 and 11",
        ("puppet export morphing-faces npy -o tfd.actor", EXPLORE.format("tfd.actor", "original")),
        ("tfd.actor", "original.png"),
        "The converter takes the original's arrays and checks that the actor draws what they draw; its encoder uses "
        "its own biases. **The weights here are random numbers**, for the original's are not in this repository: so "
        "there is no face, but the window, the pair and the 29 sliders are those that the original's would have.",
        image("original.png")),
    Row("live", S1, "The sliders, which the original moves on a still face",
        ("puppet export attributes marble marble.h5 -o sliders.actor",
         "xvfb-run -a python -m docs.slide sliders.actor smile 3 live.png"), ("sliders.actor", "live.png"),
        "On a live performance: named directions (smile, brows up ...) are added to what the driver does. By hand: "
        "`puppet run --source demo --actor sliders.actor`, and the slider Smile; here the script drags it.",
        image("live.png")),
    Row("walk", S1, "A random walk: endless steps of half a unit along one useful dimension",
        ("puppet walk marble -o walk.mp4 --seconds 12",), ("walk.mp4",),
        "Steps are eased, counted in standard deviations of the footage, turn round before the edge, and are a film; "
        "live in the explorer too (`w`).", film("walk.mp4", 8, 2)),
    Row("prepare", S2, "Footage to aligned faces in one HDF5 file; outliers and occlusions removed by hand",
        ("puppet prepare actor.mp4 -o again.h5 --size 128 --every 16 --force",),
        ("again.h5", "again.report.txt", "again.report.png"),
        "One command, no other program; blur, jumps, covered and doubled faces go by rule, and a report says what the "
        "footage lacks.", image("again.report.png", 0.0, 0.5)),
    Row("train", S2, "`train INPUT.h5 OUTDIR`: 4 convolutions, BCE + KL, Adam",
        ("puppet train marble.h5 -o brief --preset seed-int8 --steps 3",), ("brief",),
        "Held-out frames, sample sheets while it trains (above the driver, below the actor), and a killed run goes on "
        "where it was. The picture is of the longer run before.", last_image("runs/int8/sheets")),
    Row("reconstruct", S2, "`reconstruct MODEL INDIR OUTDIR`: an unseen person's expression on the actor",
        ("puppet reconstruct runs/int8 driver.mp4 -o int8.mp4 --compare",), ("int8.mp4",),
        "Videos, folders and HDF5 files in and out; pixels in the range that the network learnt, and batch norm at "
        "rest, so that a picture does not depend on its neighbours. A man is still "
        "beyond pixels that only saw marble.", film("int8.mp4", 6)),
    Row("ours", S2, "The same task: this actor, that driver",
        ("puppet render demo -o ours.mp4 --actor marble",), ("ours.mp4",),
        "What this project makes of it: landmarks instead of the stranger's pixels, a mesh with a painted texture, "
        "256 px, live on two CPU cores ([fidelity.md](fidelity.md)).", film("ours.mp4", 4)),
    Row("sample", S2, "`sample MODEL`: 30 straight segments of 11 steps between random points",
        ("puppet sample runs/int8 -o sample.mp4 --segments 30 --steps 11",), ("sample.mp4",),
        "It runs (the original's option is misspelt), from an actor file too; no frame is doubled at the corners; "
        "`--as-footage` stays where the data are.", film("sample.mp4", 10)),
    Row("reconstructions", S3, "Reconstructions beside originals", (ANALYZE,), ("report",),
        "Held-out frames, with PSNR and SSIM for them and for trained ones; the whole report is one page that opens "
        "offline.", section("report", "reconstructions", 0, 2)),
    Row("prior", S3, "Samples from the prior",
        ("puppet sample runs/vae -o prior.png --count 24", ), ("prior.png",),
        "Sheets, folders, HDF5 files or films; drawn from N(0, 1) or as the footage spreads, and the report says how "
        "like real frames they are.", image("prior.png", 0.0, 0.6)),
    Row("tsne", S3, "t-SNE of 20,000 sampled posteriors, with a density histogram", (ANALYZE,), ("report",),
        "Of posterior means, not of random draws around them; PCA beside it; coloured by what the face does, with "
        "thumbnails.", section("report", "maps", 1, 1)),
    Row("histograms", S3, "Histograms of the first 30 and 50 dimensions against N(0, 1)", (ANALYZE,), ("report",),
        "All useful dimensions as well, each with its KL; the spread of z is worked out exactly instead of sampled.",
        section("report", "histograms", 1, 1)),
    Row("attributes", S3, "Attribute vectors at -4 .. 4 from labelled pictures", (ANALYZE,), ("report",),
        "Labels also from our own landmarks; how well each direction separates held-out frames, what it drags along, "
        "and a variant freed from that; sliders for it on the live actor.", section("report", "attributes", 0, 6)),
    Row("morph", S3, "Morph strips of 12 steps between two faces",
        ("puppet morph runs/vae 40 400 -o morph.png",
         "puppet morph marble random random -o ours.png --seed 7"), ("morph.png", "ours.png"),
        "Linear above, spherical below; rows, pictures or random places; strips, folders or films; and between two "
        "actors in the explorer. Below: our own actor.",
        lambda work: _stacked([image("morph.png")(work), image("ours.png")(work)])),
    Row("folder", S3, "Faces from a folder of pictures (CelebA)",
        ("ffmpeg -loglevel error -y -i driver.mp4 -vf fps=4 pictures/%03d.png",
         "puppet prepare pictures -o folder.h5 --size 128 --force"),
        ("pictures", "folder.h5", "folder.report.txt", "folder.report.png"),
        "Faces are found and aligned, CelebA's lists beside them are read, and 200,000 pictures never sit in memory.",
        image("folder.report.png", 0.0, 0.5)),
    Row("against", S4, "The lesson: an autoencoder draws again, but not from noise; a VAE does both",
        (ANALYZE,), ("report",),
        "Both on the same frames with the same numbers, side by side, measured, and told in words. From above: "
        "original, drawn again, with N(0, 1) on the code, with noise as wide as the codes, from noise alone; the VAE "
        "first, then the autoencoder. From noise alone the VAE, after eight minutes, begins to draw faces, the "
        "autoencoder nothing. N(0, 1) on the code hurts the autoencoder little, for its codes lie nearly nine times "
        "further apart; noise as wide as the codes costs it 1.7 dB of likeness, the VAE 0.5 dB. (The picture was made "
        "with `--frames 120 --no-tsne`.)",
        section("report", "against", 0, 10)),
    Row("noise", S4, "Noise on the codes",
        (ANALYZE,), ("report",),
        "In five strengths, from none to twice the prior's width, with a curve.", section("report", "noise", 0, 5)),
)  # fmt: skip


# ---------------------------------------------------------------------------------------------- running them


def run(command: str, work: Path) -> None:
    """As a user would, in the work folder; stops everything when it fails."""
    print(f"$ {command}", flush=True)
    words = shlex.split(command)
    places = {"python": [sys.executable], "puppet": [sys.executable, "-m", "puppet"], "ffmpeg": [_ffmpeg()]}
    resolved = [part for word in words for part in places.get(word, [word])]
    for word in words:  # ffmpeg makes no folders
        if "%" in word:
            (work / word).parent.mkdir(parents=True, exist_ok=True)
    began = time.monotonic()
    done = subprocess.run(resolved, cwd=work, env=_environment(work), text=True, capture_output=True)
    if done.returncode:
        raise SystemExit(f"{done.stdout}{done.stderr}\nfailed: {command}")
    print(f"  {time.monotonic() - began:.0f} s", flush=True)


def _environment(work: Path) -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(HERE.parent), "PUPPET_CONFIG_DIR": str(work / "config")}


def _ffmpeg() -> str:
    import imageio_ffmpeg

    return imageio_ffmpeg.get_ffmpeg_exe()


def every(footage: Path | None) -> int:
    """Which frames of a video to look at: all of a short one, FRAMES of a long one."""
    if footage is None:
        return 1
    return max(1, round((claimed_frames(footage) or 0) / FRAMES))


def prepare(before: Iterable[Step], work: Path) -> None:
    """Run the steps whose file is not there, or was made by another command."""
    record = work / MADE
    made: dict[str, str] = json.loads(record.read_text(encoding="utf-8")) if record.exists() else {}
    for step in before:
        path = work / step.makes
        given = step.makes == "actor.mp4" and path.exists()
        if given or (path.exists() and made.get(step.makes) == step.command):
            continue
        shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)
        run(step.command, work)
        made[step.makes] = step.command
        record.write_text(json.dumps(made, indent=1), encoding="utf-8")


def run_row(row: Row, work: Path, done: set[str]) -> None:
    """Its commands, those of an earlier row not again, and its picture."""
    fresh = [command for command in row.commands if command not in done]
    if fresh:
        for name in row.outputs:
            path = work / name
            shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)
    for command in fresh:
        run(command, work)
        done.add(command)
    picture = fitted(row.picture(work))
    PICTURES.mkdir(exist_ok=True)
    _, data = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, QUALITY])
    (PICTURES / f"{row.key}.jpg").write_bytes(data.tobytes())


def table(rows: Iterable[Row], before: Iterable[Step]) -> str:
    """docs/seeds.md. before: what was run for it."""
    parts = [
        "# What the seeds could do, here\n",
        "Four systems taught this project what a latent space of faces is good for. Every ability of theirs, the "
        "command that has it here, and what is better. All pictures are of synthetic faces, made by the commands above "
        "them; `python docs/seeds.py --work FOLDER` runs every row again. The seeds' networks were trained for the "
        "minutes named, two others at work on the same two CPU cores, not for a day on a GPU, and look like it; "
        "`--minutes 1` is a quick look. Kosta's network, loss and optimiser are those of the tutorial's VAE: with the "
        "same batch one run, runs/vae, serves both.\n",
        "Before the rows, in this order (the script does it too). For the pictures here actor.mp4 was not the second "
        "command's but a film of the same statue of 161 s (`--footage`):\n",
        "```\n" + "\n".join(step.command for step in before) + "\n```\n",
    ]  # fmt: skip
    seed = ""
    for row in rows:
        if row.seed != seed:
            seed = row.seed
            parts.append(f"## {seed}\n")
        commands = "\n".join(command.replace("xvfb-run -a ", "") for command in row.commands)
        parts.append(
            f"### {row.ability}\n\n```\n{commands}\n```\n\n{row.better}\n\n![{row.key}](seeds/{row.key}.jpg)\n"
        )
    return "\n".join(parts)


def main(argv: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--work", type=Path, required=True, metavar="FOLDER", help="for everything that is made")
    parser.add_argument("--footage", type=Path, metavar="VIDEO", help="of one face (default: marble plays the demo)")
    parser.add_argument(
        "--minutes",
        type=float,
        default=MINUTES,
        metavar="M",
        help="of the trainings that are compared (%(default)g); 1 for a quick look",
    )
    parser.add_argument("--only", nargs="+", choices=[row.key for row in ROWS], metavar="ROW", help="these rows alone")
    args = parser.parse_args(argv)
    work: Path = args.work.resolve()
    work.mkdir(parents=True, exist_ok=True)
    if args.footage is not None and not (work / "actor.mp4").exists():
        shutil.copy(args.footage, work / "actor.mp4")
    before = steps(args.minutes, every(args.footage))
    prepare(before, work)
    done: set[str] = set()
    for row in ROWS:
        if args.only is None or row.key in args.only:
            run_row(row, work, done)
    TABLE.write_text(table(ROWS, before), encoding="utf-8")
    size = sum(path.stat().st_size for path in PICTURES.iterdir())
    print(f"{TABLE}: {len(ROWS)} rows, pictures of {size / 2**20:.2f} MiB")
    return 0


if __name__ == "__main__":
    sys.exit(main())

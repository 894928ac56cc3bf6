"""The picture beside a data set: example crops over head pose, histograms, and the extremes of the expressions."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from models.data.coverage import BINS, PITCH_EDGES, TRAITS, YAW_EDGES, CoverageReport, Trait, head_cells, traits
from models.data.dataset import Dataset
from models.data.outline import Figures
from puppet.core import pixels
from puppet.core.rows import evenly_spread
from puppet.core.types import Floats, Image

CELL = 116  # px, an example crop
GAP, MARGIN, LINE = 6, 20, 22  # px
EXAMPLES = 5  # per extreme
GRID = (6, 10)  # rows and columns of a sheet without landmarks
WORST, MEDIAN = 3, 2  # frames over green
GREEN = np.array([0, 177, 64], np.float32)  # RGB, that of studios
APART = 1.0  # s between two examples of one extreme
CONTEXT = 1.35  # side of an example / size of the face in it
INK, FAINT, BAR, PAPER = (40, 40, 40), (150, 150, 150), (180, 120, 60), (250, 250, 250)  # BGR

EXTREMES = (  # title, trait, sign: +1 largest, -1 smallest
    ("mouth most open", "mouth", 1), ("eyes most closed", "eyes", -1),
    ("broadest mouth", "smile", 1), ("narrowest mouth", "smile", -1),
    ("brows highest", "brow", 1), ("brows lowest", "brow", -1),
    ("gaze to the left", "gaze_x", -1), ("gaze to the right", "gaze_x", 1),
    ("gaze up", "gaze_y", -1), ("gaze down", "gaze_y", 1),
)  # fmt: skip


def contact_sheet(
    report: CoverageReport,
    dataset: Dataset,
    people: Sequence[tuple[str, Image]] = (),
    mattes: Figures | None = None,
) -> Image:
    """The picture beside the report of one person's data set, uint8 (H, W, 3) BGR.

    people: a `portrait` of each person who was seen in the footage, and its caption. mattes: what was measured of the
    data set's.
    """
    figures = traits(dataset.canonical, dataset.neutral)
    grid = _head_grid(report, dataset)
    histograms = _histograms(report, height=grid.shape[0])
    top = np.hstack([grid, _paper(grid.shape[0], MARGIN), histograms])
    extremes = _extremes(dataset, figures)
    width = max(top.shape[1], extremes.shape[1])
    title = _paper(LINE + GAP, width)
    head = f"{', '.join(report.sources)}: {report.kept} of {report.looked_at} frames kept. Verdict: {report.verdict}"
    _write(title, head, 0, LINE - 6, 0.55)
    parts = [_widen(part, width) for part in (title, top, _paper(MARGIN, width), extremes)]
    if mattes is not None and (cut_out := _cut_out_rows(report, dataset)):
        parts += [_paper(MARGIN, width), _over_green(dataset, mattes, cut_out, width)]
    if people:
        parts += [_paper(MARGIN, width), _people(people, width)]
    sheet = np.vstack(parts)
    return cv2.copyMakeBorder(  # pyright: ignore[reportReturnType]
        sheet, MARGIN, MARGIN, MARGIN, MARGIN, cv2.BORDER_CONSTANT, value=PAPER
    )


def portrait(image: Image, points: Floats) -> Image:
    """One cell of the sheet: the face with points f32 (478, 2) px in a picture uint8 (H, W, 3) BGR."""
    return _face(image, points, CELL - GAP)


def _cut_out_rows(report: CoverageReport, dataset: Dataset) -> list[int]:
    """The rows of sources with an outline of the person."""
    present = np.unique(dataset.source)  # the report tells of these, in this order
    found = [number for number, one in zip(present, report.outlines, strict=False) if one.origin != "none"]
    return np.flatnonzero(np.isin(dataset.source, found)).tolist()


def _over_green(dataset: Dataset, mattes: Figures, rows: list[int], width: int) -> Image:
    """Frames over green: those with the least sure outlines, and some about the median."""
    places = np.array(rows)
    along = mattes.along[places]
    worst = pick_extremes(along, dataset.source[places], dataset.time[places], WORST)
    middle = pick_extremes(-np.abs(along - np.median(along)), dataset.source[places], dataset.time[places], MEDIAN)
    side = width // (WORST + MEDIAN)
    sheet = _paper(LINE + side, width)
    _write(
        sheet, "over green: the outlines that are least sure, and usual ones (undecided pixels along them)", 0, LINE - 6
    )
    for place, i in enumerate([*worst, *middle]):
        picture, matte = dataset.image(rows[i]), dataset.mattes(places[[i]])[0, ..., None].astype(np.float32) / 255
        over = pixels.swap_red_blue(np.round(picture * matte + GREEN * (1 - matte)).astype(np.uint8))
        cell = sheet[LINE : LINE + side - GAP, place * side : (place + 1) * side - GAP]
        cell[:] = pixels.resize(over, side - GAP, side - GAP)
        _label(cell, f"{along[i]:.0%}")
    return sheet


def _people(people: Sequence[tuple[str, Image]], width: int) -> Image:
    """As many as there is room for, beside each other."""
    each = 2 * CELL
    sheet = _paper(CELL + LINE, width)
    for place, (words, picture) in enumerate(people[: width // each]):
        sheet[: CELL - GAP, place * each : place * each + CELL - GAP] = picture
        _write(sheet, words, place * each, CELL + LINE // 2)
    return sheet


def picture_grid(dataset: Dataset) -> Image:
    """Pictures of a data set, evenly spread over it, uint8 (H, W, 3) BGR."""
    rows = evenly_spread(len(dataset), GRID[0] * GRID[1])
    sheet = _paper(GRID[0] * CELL, GRID[1] * CELL)
    for place, picture in enumerate(dataset.images(rows)):
        top, left = (CELL * i for i in divmod(place, GRID[1]))
        small = pixels.resize(pixels.swap_red_blue(picture), CELL - GAP, CELL - GAP)
        sheet[top : top + CELL - GAP, left : left + CELL - GAP] = small
    return sheet


def _head_grid(report: CoverageReport, dataset: Dataset) -> Image:
    """Yaw x pitch, with an example and the number of frames in each cell."""
    rows, columns = len(PITCH_EDGES) + 1, len(YAW_EDGES) + 1
    left, top = 46, 2 * LINE
    sheet = _paper(top + rows * CELL, left + columns * CELL)
    _write(sheet, "head: yaw (left of the picture - right) x pitch (up - down), frames", 0, LINE - 6)
    row, column = head_cells(dataset.pose)
    for c, name in enumerate(_centres(YAW_EDGES)):
        _write(sheet, name, left + c * CELL + CELL // 2 - 14, top - 6, 0.4, FAINT)
    for r, name in enumerate(_centres(PITCH_EDGES)[::-1]):
        _write(sheet, name, 4, top + r * CELL + CELL // 2, 0.4, FAINT)
        for c in range(columns):
            here = np.flatnonzero((row == r) & (column == c))
            cell = sheet[top + r * CELL : top + (r + 1) * CELL - GAP, left + c * CELL : left + (c + 1) * CELL - GAP]
            cell[:] = (235, 235, 235)
            if len(here):
                cell[:] = _example(dataset, _typical(dataset.pose[here], here), CELL - GAP)
            _label(cell, str(report.head[r][c]))
    return sheet


def _centres(edges: tuple[float, ...]) -> list[str]:
    inner = [f"{(a + b) / 2:+.0f}" for a, b in zip(edges, edges[1:], strict=False)]
    return [f"<{edges[0]:.0f}", *inner, f">{edges[-1]:.0f}"]


def _typical(values: Floats, rows: NDArray[np.intp]) -> int:
    """The row whose values (n, K) are nearest to their median."""
    return int(rows[np.abs(values - np.median(values, 0)).sum(1).argmin()])


def _example(dataset: Dataset, row: int, side: int) -> Image:
    """The face of one frame, uint8 (side, side, 3) BGR."""
    return _face(pixels.swap_red_blue(dataset.image(row)), dataset.points_of(row)[:, :2], side)


def _face(image: Image, flat: Floats, side: int) -> Image:
    """The face with points f32 (478, 2) px of a picture uint8 (H, W, 3) BGR: uint8 (side, side, 3)."""
    low, high = flat.min(0), flat.max(0)
    extent = float((high - low).max()) * CONTEXT
    scale = side / extent
    shift = (side - 1) / 2 - scale * (low + high) / 2
    to_cell = np.array([[scale, 0, shift[0]], [0, scale, shift[1]]])
    method = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    return cv2.warpAffine(image, to_cell, (side, side), flags=method, borderMode=cv2.BORDER_REPLICATE)  # pyright: ignore[reportReturnType]


def _histograms(report: CoverageReport, height: int) -> Image:
    width, each = 440, height // len(TRAITS)
    sheet = _paper(height, width)
    for i, (name, trait) in enumerate(TRAITS.items()):
        _histogram(sheet[i * each : (i + 1) * each], trait, report.histograms[name])
    return sheet


def _histogram(panel: Image, trait: Trait, counts: list[int]) -> None:
    """Bars on a square-root scale, so that rare extremes stay visible."""
    height, width = panel.shape[:2]
    _write(panel, trait.title, 0, 14)
    base, room = height - 18, height - 18 - LINE
    tall = np.sqrt(np.array(counts) / max(1, max(counts))) * room
    step = width / BINS
    for i, bar in enumerate(tall):
        if bar:
            corner = (round((i + 1) * step) - 2, base)
            cv2.rectangle(panel, (round(i * step), base - max(1, round(bar))), corner, BAR, cv2.FILLED)
    cv2.line(panel, (0, base), (width, base), FAINT, 1)
    _write(panel, f"{trait.low:g}", 0, height - 5, 0.38, FAINT)
    end = f"{trait.high:g} {trait.unit}".strip()
    _write(panel, end, width - 7 * len(end), height - 5, 0.38, FAINT)


def _extremes(dataset: Dataset, figures: dict[str, Floats]) -> Image:
    """Two columns of strips, one strip by extreme."""
    strips = []
    for title, name, sign in EXTREMES:
        strip = _paper(LINE + CELL, EXAMPLES * CELL)
        _write(strip, title, 0, LINE - 6)
        for i, row in enumerate(pick_extremes(sign * figures[name], dataset.source, dataset.time, EXAMPLES)):
            cell = strip[LINE : LINE + CELL - GAP, i * CELL : (i + 1) * CELL - GAP]
            cell[:] = _example(dataset, row, CELL - GAP)
            _label(cell, f"{figures[name][row]:.2f}")
        strips.append(strip)
    pairs = zip(strips[::2], strips[1::2], strict=True)
    return np.vstack([np.hstack([a, _paper(a.shape[0], 2 * MARGIN), b]) for a, b in pairs])


def pick_extremes(values: Floats, source: NDArray, time: NDArray, count: int) -> list[int]:
    """At most `count` rows of the largest values (N,), at least APART seconds apart: different moments.

    source, time: (N,), as in `Dataset`.
    """
    picked: list[int] = []
    for row in np.argsort(-values, kind="stable"):
        if all(source[row] != source[other] or abs(time[row] - time[other]) >= APART for other in picked):
            picked.append(int(row))
        if len(picked) == count:
            break
    return picked


def _paper(height: int, width: int) -> Image:
    return np.full((height, width, 3), PAPER, np.uint8)


def _widen(part: Image, width: int) -> Image:
    return np.hstack([part, _paper(part.shape[0], width - part.shape[1])])


def _write(image: Image, text: str, x: int, y: int, size: float = 0.45, colour: tuple[int, int, int] = INK) -> None:
    plain = text.encode("ascii", "replace").decode()  # OpenCV's font knows no more
    cv2.putText(image, plain, (x, y), cv2.FONT_HERSHEY_SIMPLEX, size, colour, 1, cv2.LINE_AA)


def _label(cell: Image, text: str) -> None:
    """White on a dark corner."""
    cell[-16:, : 8 * len(text) + 6] = INK
    _write(cell, text, 3, cell.shape[0] - 4, 0.4, (255, 255, 255))

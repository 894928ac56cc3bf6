"""The report as one HTML file without scripts or other files: pictures are data URIs, plots are inline SVG."""

from __future__ import annotations

import base64
import html
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np

from puppet.core import pixels
from puppet.core.types import Image

CELL = 128  # px, largest side of a picture in a strip
QUALITY = 86  # JPEG

CSS = """
:root { color-scheme: light dark; --paper: #fff; --ink: #1c1d1f; --faint: #5d6268; --line: #d9dce0; --box: #f4f5f7; }
@media (prefers-color-scheme: dark) {
  :root { --paper: #17181a; --ink: #e8e9eb; --faint: #a3a9b0; --line: #3a3d41; --box: #212326; } }
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 72rem; padding: 1.5rem; background: var(--paper); color: var(--ink);
  font: 16px/1.55 system-ui, sans-serif; }
h1 { font-size: 1.7rem; margin: 0 0 .3rem; } h2 { font-size: 1.3rem; margin: 3rem 0 .4rem;
  border-top: 1px solid var(--line); padding-top: 1.2rem; } h3 { font-size: 1.05rem; margin: 1.6rem 0 .3rem; }
p { max-width: 46rem; margin: .5rem 0; } nav a { display: inline-block; margin-right: 1rem; } a { color: inherit; }
.faint, figcaption { color: var(--faint); font-size: .9rem; max-width: 46rem; }
figure { margin: .8rem 0 1.2rem; overflow-x: auto; }
.strip { display: grid; grid-template-columns: 9rem 1fr; align-items: center; gap: 2px .6rem; min-width: 34rem; }
.strip img { width: 100%; display: block; } .strip .label { font-size: .85rem; text-align: right; }
.heads { display: grid; font-size: .75rem; text-align: center; color: var(--faint); }
img.sheet { max-width: 100%; height: auto; display: block; }
svg.plot { max-width: 100%; height: auto; display: block; color: var(--ink); }
table { border-collapse: collapse; font-size: .9rem; margin: .6rem 0; }
td, th { padding: .2rem .8rem .2rem 0; text-align: left; border-bottom: 1px solid var(--line); }
td.number, th.number { text-align: right; font-variant-numeric: tabular-nums; }
.box { background: var(--box); padding: .7rem 1rem; border-radius: 6px; margin: 1rem 0; max-width: 48rem; }
"""


@dataclass(frozen=True)
class Section:
    """A section of the page: title, body in HTML, figures for the JSON file. key: its anchor and its JSON name."""

    key: str
    title: str
    body: str
    figures: dict[str, Any]


def page(title: str, intro: str, sections: Sequence[Section]) -> str:
    """The whole file; intro is HTML, title is text."""
    links = "".join(f'<a href="#{s.key}">{html.escape(s.title)}</a>' for s in sections)
    parts = "".join(f'<section id="{s.key}"><h2>{html.escape(s.title)}</h2>{s.body}</section>\n' for s in sections)
    return (
        f'<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><title>{html.escape(title)}</title>'
        f'<meta name="viewport" content="width=device-width, initial-scale=1"><style>{CSS}</style></head>\n'
        f"<body><h1>{html.escape(title)}</h1>{intro}<nav>{links}</nav>\n{parts}</body></html>\n"
    )


def paragraph(text: str) -> str:
    """A paragraph of text, as HTML."""
    return f"<p>{html.escape(text)}</p>"


def box(text: str) -> str:
    """A conclusion, set off in a box."""
    return f'<div class="box">{html.escape(text)}</div>'


def heading(text: str) -> str:
    """A heading within a section."""
    return f"<h3>{html.escape(text)}</h3>"


def figure(content: str, caption: str = "") -> str:
    """HTML content, such as an SVG plot, with a caption."""
    told = f"<figcaption>{html.escape(caption)}</figcaption>" if caption else ""
    return f"<figure>{content}{told}</figure>"


def strips(rows: Sequence[tuple[str, Image]], heads: Sequence[str] = (), caption: str = "") -> str:
    """Labelled rows of N pictures each, uint8 (N, S, S, 3) RGB; heads: N texts above the columns."""
    parts = []
    if heads:
        cells = "".join(f"<span>{html.escape(head)}</span>" for head in heads)
        columns = f"grid-template-columns: repeat({len(heads)}, 1fr)"
        parts.append(f'<span></span><div class="heads" style="{columns}">{cells}</div>')
    for label, pictures in rows:
        told = html.escape(label)
        parts.append(f'<span class="label">{told}</span><img alt="{told}" src="{data_uri(_side_by_side(pictures))}">')
    return figure(f'<div class="strip">{"".join(parts)}</div>', caption)


def sheet(pictures: Image, columns: int, caption: str) -> str:
    """A grid of pictures uint8 (N, S, S, 3) RGB."""
    rows = [pictures[i : i + columns] for i in range(0, len(pictures), columns)]
    whole = np.concatenate([_side_by_side(row) for row in rows if len(row) == columns or len(rows) == 1])
    return figure(f'<img class="sheet" alt="{html.escape(caption)}" src="{data_uri(whole)}">', caption)


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A table whose first column is text and whose others are numbers."""
    top = "".join(f"<th{' class=number' if i else ''}>{html.escape(cell)}</th>" for i, cell in enumerate(head))
    body = "".join(
        "<tr>"
        + "".join(f"<td{' class=number' if i else ''}>{html.escape(c)}</td>" for i, c in enumerate(row))
        + "</tr>"
        for row in rows
    )
    return f"<figure><table><tr>{top}</tr>{body}</table></figure>"


def data_uri(image: Image) -> str:
    """A picture uint8 (H, W, 3) RGB as a data URI, JPEG."""
    _, data = cv2.imencode(".jpg", pixels.swap_red_blue(image), [cv2.IMWRITE_JPEG_QUALITY, QUALITY])
    return f"data:image/jpeg;base64,{base64.b64encode(data.tobytes()).decode()}"


def _side_by_side(pictures: Image) -> Image:
    return np.ascontiguousarray(np.concatenate([shrunk(picture, CELL) for picture in pictures], axis=1))


def shrunk(picture: Image, side: int) -> Image:
    """A square picture at `side` px, or as it is if it is smaller."""
    return picture if len(picture) <= side else pixels.resize(picture, side, side)

"""Sections with pictures: reconstructions, samples, traversals, morphs, noise, and another space beside this one."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch

from models.latent.analysis import page, plots
from models.latent.analysis.figures import likeness, psnr
from models.latent.analysis.page import Section
from models.latent.analysis.study import SHOWN, Study
from models.latent.space import Space, chunks
from models.latent.walks import draw_points
from models.networks import losses
from models.networks.base import to_network
from puppet.core.rows import evenly_spread
from puppet.core.types import Floats, Image
from puppet.explore.changed_square import changed_square
from puppet.explore.paths import path

MEASURED = 200  # frames, of either kind, that tell how good reconstructions are
SAMPLES = 48
SAMPLE_COLUMNS = 12
NOTABLE = 2.0  # dB between the two spaces' losses of likeness, from which one is called better
COMPARED = 300  # real pictures that samples are compared with
TRAVERSED = 12  # dimensions
REACH = np.linspace(-3, 3, 9)  # standard deviations
MORPH_STEPS = 12
RIVALS = 8  # frames of which a random morph goes to the furthest
NOISES = (0.0, 0.25, 0.5, 1.0, 2.0)  # standard deviations of the prior


def reconstructions(study: Study) -> Section:
    """Frames beside their reconstructions, with PSNR and SSIM of held-out and trained frames."""
    made = study.space.decode(study.mean[study.examples])
    groups = {"held out": study.held_out, "trained on": ~study.held_out}
    if not study.unseen:
        groups = {"all": np.ones(len(study.rows), bool)}
    figures = {name: _quality(study, np.flatnonzero(chosen)) for name, chosen in groups.items()}
    rows = [
        (name, f"{f['frames']}", f"{f['psnr']:.1f} dB", f"{f['ssim']:.3f}" if f["ssim"] is not None else "")
        for name, f in figures.items()
    ]
    told = "The frames shown were not trained on. " if study.unseen else ""
    body = page.paragraph(
        "Above: frames of the data set. Below: the same frames, encoded and decoded again from the posterior mean. "
        "What is missing below, the latent space does not hold."
    )
    body += page.strips([("original", study.pictures), ("reconstruction", made)], caption=told + _what_counts(study))
    body += page.table(("frames", "how many", "PSNR", "SSIM"), rows)
    body += page.paragraph("PSNR and SSIM say how near reconstruction and original are; larger is nearer.")
    return Section("reconstructions", "Reconstructions", body, figures)


def _what_counts(study: Study) -> str:
    if study.unseen:
        return ""
    return "Which of these frames were trained on is not known: the data set is not the one that this was trained on, "\
        "or the file does not say."  # fmt: skip


def _quality(study: Study, places: np.ndarray) -> dict[str, float | int | None]:
    """Means over at most MEASURED of some places in `study.rows`."""
    chosen = places[evenly_spread(len(places), MEASURED)]
    ratios, similar = [], []
    for part in chunks(chosen):
        made, true = study.space.decode(study.mean[part]), study.originals(part)
        ratios.append(psnr(made, true))
        if study.space.image_size >= losses.SSIM_WINDOW:
            similar.append(losses.ssim(to_network(torch.from_numpy(made)), to_network(torch.from_numpy(true))).numpy())
    ssim = float(np.concatenate(similar).mean()) if similar else None
    return {"frames": len(chosen), "psnr": float(np.concatenate(ratios).mean()), "ssim": ssim}


def samples(study: Study) -> Section:
    """Pictures of latents drawn from the prior, and with the spread of the footage."""
    prior = draw_points(study.space, SAMPLES, study.seed)
    footage = draw_points(study.space, SAMPLES, study.seed, study.latents)
    from_prior, as_footage = study.space.decode(prior), study.space.decode(footage)
    real = study.originals(evenly_spread(len(study.rows), COMPARED))
    figures = {
        "prior": float(likeness(from_prior, real).mean()),
        "footage": float(likeness(as_footage, real).mean()),
        "reconstructions": float(likeness(study.space.decode(study.mean[study.examples]), real).mean()),
        "upside_down": float(likeness(study.pictures[:, ::-1], real).mean()),
    }
    body = page.paragraph(
        "A VAE promises that any point drawn from N(0, 1), a bell curve of width 1 in every dimension, is drawn as a "
        "plausible face. These points were drawn blindly:"
    )
    body += page.sheet(from_prior, SAMPLE_COLUMNS, "Samples from the prior, N(0, 1)")
    body += page.paragraph(
        "The data need not fill that bell curve. Drawn as the posterior means of the footage really spread "
        "(same centre, same widths, same correlations, and no further out than the footage goes):"
    )
    body += page.sheet(as_footage, SAMPLE_COLUMNS, "Samples that spread as the footage does")
    rows = [("from N(0, 1)", figures["prior"]), ("as the footage spreads", figures["footage"])]
    rows.append(("for comparison: reconstructions", figures["reconstructions"]))
    rows.append(("for comparison: real frames upside down", figures["upside_down"]))
    body += page.table(
        ("pictures", "likeness to the nearest real frame"), [(name, f"{value:.1f} dB") for name, value in rows]
    )
    body += page.paragraph(
        "Likeness is the PSNR at 32 px to the nearest frame of the data set. New combinations of pose and expression "
        "are less like any frame than a reconstruction is; what is no face falls towards the last line."
    )
    return Section("samples", "Samples", body, {"likeness_db": figures})


def traversals(study: Study) -> Section:
    """Pictures along each of the most useful dimensions, from the mean face."""
    shown = study.units.shown[:TRAVERSED]
    start, rows = study.latents.mean, []
    for dimension in shown:
        points = np.repeat(start[None], len(REACH), 0)
        points[:, dimension] += REACH * study.latents.std[dimension]
        pictures = study.space.decode(points)
        changed = changed_square(pictures[0], pictures[-1])
        rows.append((f"{dimension}: {study.units.kl[dimension]:.2f} nats", pictures[:, changed[0], changed[1]]))
    body = page.paragraph(
        "From the mean face, one dimension at a time moves three standard deviations of the footage down and up; all "
        "others stay. The most useful dimensions come first: their number, and how many nats they tell of a frame. "
        "Each row is cut to where its two ends differ most."
    )
    body += page.strips(rows, [f"{v:+.2g}" if v else "0" for v in REACH])
    return Section("traversals", "Traversals", body, {"dimensions": shown.tolist(), "reach": REACH.tolist()})


def morphs(study: Study, chosen: Sequence[tuple[int, int]]) -> Section:
    """Morphs from row to row, linear and spherical.

    chosen: pairs of rows of the data set; random ones where there are none.
    """
    pairs = list(chosen) or _random_pairs(study)
    body = page.paragraph(
        "From one frame to another through latent space, in twelve steps: in a straight line, and on an arc about the "
        "centre of the prior. In many dimensions a straight line cuts through the middle, where little of the prior "
        "lies; the arc keeps its distance. Where both look alike, it does not matter."
    )
    for a, b in pairs:
        ends = study.space.encode(study.dataset, np.array([a, b])).mean
        ways = [(name, path(ends[0], ends[1], MORPH_STEPS, name == "spherical")) for name in ("linear", "spherical")]
        body += page.heading(f"Row {a} to row {b}")
        body += page.strips([(name, study.space.decode(way)) for name, way in ways])
    return Section("morphs", "Morphs", body, {"rows": [list(pair) for pair in pairs], "steps": MORPH_STEPS})


def _random_pairs(study: Study) -> list[tuple[int, int]]:
    """Three, each to the furthest of a few other frames, so that there is something to see."""
    random, pairs = study.random(1), []
    for _ in range(3):
        a, *others = random.choice(len(study.rows), min(RIVALS + 1, len(study.rows)), replace=False)
        b = max(others or [a], key=lambda place: np.linalg.norm(study.mean[place] - study.mean[a]))
        pairs.append((int(study.rows[a]), int(study.rows[b])))
    return pairs


def noise(study: Study) -> Section:
    """Pictures of codes with noise of growing width added."""
    codes = study.mean[study.examples]
    drawn = noisy(study.space, codes, study.random(2))
    clean = drawn[0.0]
    kept = {f"{strength:g}": float(psnr(made, clean).mean()) for strength, made in drawn.items() if strength}
    body = page.paragraph(
        "Random numbers of growing width are added to the codes before they are drawn. A good latent space has no "
        "holes: a little noise gives a similar face, much noise another face, and never something that is no face."
    )
    body += page.strips([(f"noise {strength:g}", made) for strength, made in drawn.items()])
    body += page.figure(
        plots.lines({study.space.name: ([float(s) for s in kept], list(kept.values()))},
                    "width of the noise", "PSNR to the picture without noise, dB")
    )  # fmt: skip
    return Section("noise", "Noise on the codes", body, {"psnr_by_noise": kept})


def noisy(space: Space, codes: Floats, random: np.random.Generator) -> dict[float, Image]:
    """Pictures of codes (N, D) with the same noise at each width of NOISES, by width."""
    added = random.standard_normal(codes.shape)
    return {strength: space.decode((codes + strength * added).astype(np.float32)) for strength in NOISES}


def against(study: Study, other: Study) -> Section:
    """Two spaces on the same frames. In the Keras tutorial a VAE draws faces from noise, an autoencoder does not."""
    body = page.paragraph(
        "The same frames through two latent spaces. An autoencoder only has to draw again what it has seen, so it may "
        "put its codes anywhere, far apart and with nothing between them. A VAE pays for every nat by which a code "
        "differs from N(0, 1), so its codes lie close together about 0, and the space between them is used. Four "
        "tests tell them apart: draw again; draw with N(0, 1) added to the code; with noise added that is in every "
        "dimension as wide as the codes are, so that it does not help to have put them far apart; draw N(0, 1) alone."
    )
    figures: dict[str, dict[str, float]] = {}
    names = [study.space.name, other.space.name]
    if names[0] == names[1]:
        names = [f"{names[0]} (this)", f"{names[1]} (other)"]
    for name, one in zip(names, (study, other), strict=True):
        pure = draw_points(one.space, SHOWN, study.seed)
        real = one.originals(evenly_spread(len(one.rows), COMPARED))
        codes = one.mean[one.examples]
        added = one.random(3).standard_normal(codes.shape).astype(np.float32)
        as_wide = added * one.mean.std(0)
        made = {
            "original": one.pictures,
            "decode(encode(x))": one.space.decode(codes),
            "decode(encode(x) + N(0, 1))": one.space.decode(codes + added),
            "decode(encode(x) + noise as wide as the codes)": one.space.decode(codes + as_wide),
            "decode(N(0, 1))": one.space.decode(pure),
        }
        again, shaken, scattered, dreamt = list(made.values())[1:]
        figures[name] = {
            "psnr": float(psnr(again, one.pictures).mean()),
            "psnr_with_noise": float(psnr(shaken, one.pictures).mean()),
            "likeness_with_noise": float(likeness(shaken, real).mean()),
            "likeness_with_noise_as_wide": float(likeness(scattered, real).mean()),
            "likeness_of_noise_alone": float(likeness(dreamt, real).mean()),
            "likeness_of_reconstructions": float(likeness(again, real).mean()),
            "spread_of_codes": float(np.sqrt(one.mean.var(0).mean())),
            "largest_code": float(np.abs(one.mean).max()),
        }
        body += page.heading(name) + page.strips(list(made.items()))
    body += page.table(("", *figures), [
        (name, *(f"{f[key]:.3g}{unit}" for f in figures.values())) for name, key, unit in (
            ("drawn again: PSNR", "psnr", " dB"),
            ("the same with N(0, 1) added to the code: PSNR", "psnr_with_noise", " dB"),
            ("the same: likeness to the nearest real frame", "likeness_with_noise", " dB"),
            ("with noise as wide as the codes: likeness", "likeness_with_noise_as_wide", " dB"),
            ("N(0, 1) alone: likeness to the nearest real frame", "likeness_of_noise_alone", " dB"),
            ("reconstructions: likeness, for comparison", "likeness_of_reconstructions", " dB"),
            ("standard deviation of the codes, over all dimensions", "spread_of_codes", ""),
            ("largest value of any code", "largest_code", ""),
        )
    ])  # fmt: skip
    body += page.box(_verdict(figures))
    for name, one in zip(names, (study, other), strict=True):
        dimensions = range(min(50, one.space.latent_size))
        body += page.heading(f"The first {len(dimensions)} dimensions of {name}")
        body += page.figure(plots.histograms(one.posterior, one.units, dimensions))
    return Section("against", "Autoencoder or VAE", body, {"spaces": figures})


def _verdict(figures: dict[str, dict[str, float]]) -> str:
    """Which space draws better faces from noise alone, by how much likeness drops against reconstructions."""
    drops = {n: f["likeness_of_reconstructions"] - f["likeness_of_noise_alone"] for n, f in figures.items()}
    better, worse = sorted(drops, key=lambda name: drops[name])
    told = (
        f"What {better} draws from noise alone is {drops[better]:.1f} dB less like real frames than its "
        f"reconstructions are; for {worse} it is {drops[worse]:.1f} dB. "
    )
    if drops[worse] - drops[better] < NOTABLE:
        return told + "That is nearly the same: these two do not show the lesson."
    return told + f"So there is more empty space between the codes of {worse}, and {better} is the one to draw from."

"""A picture -> an actor file."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import cv2
import numpy as np

from puppet.actor.card import GOLDEN_BLOCKS, MESH, PICTURE, ActorCard, Golden
from puppet.actor.file import DECODER, DETAIL, ENCODER, LATENTS, PLATE, PREVIEW, SUFFIX, write_actor
from puppet.actor.golden import golden_means
from puppet.actor.latents import latents_to_bytes, measure_latents
from puppet.actor.response import response
from puppet.actor.runtime import Actor, load_actor
from puppet.core import pixels, types
from puppet.core.errors import reason
from puppet.core.types import LANDMARKS, POSE_SIZE, Drive, Floats, HeadPose, Image
from puppet.face import align
from puppet.face.landmarks import IRIS_LEFT, IRIS_RIGHT
from puppet.face.measurements import measure
from puppet.face.neutral_from_picture import rest_from_picture
from puppet.face.tracking import FaceMeshTracker
from puppet.head import eyes
from puppet.head.vertices import BEHIND_TRIANGLES, EYEBALLS, FACE_POINTS
from puppet.inference.session import open_session
from puppet.photo.faces import PhotoError, face_in
from puppet.photo.framing import FINER, Frame, framed
from puppet.photo.geometry import Geometry, decoder_file, encoder_file, geometry_of, placing_file
from puppet.photo.plate import head_alone, plate_of
from puppet.photo.seen import Seen
from puppet.photo.shading import PAINTED
from puppet.photo.shared import Shared, shared
from puppet.photo.texture import SIDE, Texture, texture_of
from puppet.storage.files import publish
from puppet.storage.unfinished import drop_draft, make_draft

PREVIEW_SIZE = 256
RESPONSES = 32  # expressions on which the response is measured
ARTWORK = "A work of art, not a living person: {0}"


@dataclass(frozen=True)
class Declaration:
    """What is said about an actor. consent: see `statement`."""

    name: str
    consent: str
    licence: str


def statement(consent: str | None, artwork: str | None) -> str:
    """What the card says about consent, of a person or of a work of art. Raises PhotoError where nothing is said."""
    if artwork is not None and artwork.strip():
        return ARTWORK.format(artwork.strip())
    if consent is not None and consent.strip():
        return consent.strip()
    raise PhotoError(
        "without the consent of the person shown no actor is made; say with --consent whose face it is and that they"
        " agreed, or with --artwork which painting, statue or drawing it is and why it may be used"
    )


@dataclass(frozen=True)
class Wishes:
    """What to make of a picture. face: which one, from left to right from 1; None where there is only one.

    keep_background: no other background is put behind the actor; always so with Frame.WHOLE.
    """

    face: int | None = None
    frame: Frame = Frame.PORTRAIT
    keep_background: bool = False


NO_WISHES = Wishes()


def make_actor_file(
    picture: Image, path: Path, declared: Declaration, wishes: Wishes = NO_WISHES, replace: bool = False
) -> ActorCard:
    """Write the actor of a picture uint8 (H, W, 3) BGR. Raises PuppetError."""
    check_output(path, replace)
    common = shared()
    face = face_in(picture, wishes.face)
    part = framed(picture, face.pose, wishes.frame)
    crop = align.cut(picture, part.to_crop, part.shown).image
    points = align.transform_points(face.points, part.to_crop)
    canonical = align.canonicalise(points)[0]
    neutral = rest_from_picture(canonical)
    canonical, pose = align.canonicalise(points, neutral)
    geometry = geometry_of(neutral, _scaled(pose, 1 / FINER), part.size, common)
    vertices = _vertices(geometry_of(neutral, pose, part.shown, common), canonical, pose, points)
    seen = Seen(crop, part.matte, part.within, vertices, points)
    if wishes.frame is Frame.WHOLE:
        seen, plate = head_alone(seen, geometry.follow, common)
    else:
        plate = plate_of(seen)
    texture = texture_of(seen, neutral, plate, common)
    plate = pixels.resize(plate, part.size, part.size)
    return _write(path, geometry, texture, plate, declared, wishes, replace)


def _scaled(pose: HeadPose, by: float) -> HeadPose:
    """A pose in px of a picture of another size."""
    moved = pose.translation * by
    moved[:2] += (by - 1) / 2
    return HeadPose(pose.rotation, pose.scale * by, moved)


def _vertices(geometry: Geometry, canonical: Floats, pose: HeadPose, points: Floats) -> Floats:
    """Where the mesh lies in the picture, f32 (V, 3) px; eyeballs about the tracked irises."""
    session = open_session(placing_file(geometry), "CPUExecutionProvider", 1)
    feed = {
        "face": canonical[None, :FACE_POINTS],
        "look": np.zeros((1, eyes.LOOK), np.float32),
        "rotation": pose.rotation.T[None].astype(np.float32),
        "translation": np.append(pose.translation[:2], 0)[None].astype(np.float32),
        "scale": np.array([[pose.scale]], np.float32),
    }
    vertices = np.asarray(session.run(["points"], feed)[0])[0].copy()
    for number, iris in enumerate((IRIS_RIGHT, IRIS_LEFT)):
        corners = slice(EYEBALLS + 4 * number, EYEBALLS + 4 * number + 4)
        vertices[corners, :2] += points[iris[0], :2] - vertices[corners, :2].mean(0)
    return vertices


def _write(
    path: Path,
    geometry: Geometry,
    texture: Texture,
    plate: Image,
    declared: Declaration,
    wishes: Wishes,
    replace: bool,
) -> ActorCard:
    common = geometry.shared
    encoder, decoder = encoder_file(geometry), decoder_file(geometry, texture.shading)
    latents = measure_latents(*_samples(geometry, common))
    card = ActorCard(
        name=declared.name,
        kind=MESH,
        image_size=geometry.size,
        latent_size=geometry.latent_size,
        encoder_inputs=("landmarks", "pose"),
        neutral=geometry.neutral,
        golden=Golden(np.zeros((GOLDEN_BLOCKS, GOLDEN_BLOCKS, 3), np.uint8)),
        licence=declared.licence,
        consent=declared.consent,
        created=date.today().isoformat(),
        texture_size=SIDE,
        painted_size=PAINTED,
        layers=True,
        keeps_background=wishes.keep_background or wishes.frame is Frame.WHOLE,
        made_from=PICTURE,
        openings=common.openings,
        behind=BEHIND_TRIANGLES,
        triangles=common.triangles[texture.shows],
        texture_points=(common.texture_points * SIDE - 0.5).astype(np.float32),
    )
    actor = Actor(card, encoder, decoder, latents, detail=texture.still, plate=plate)
    portrait = actor.neutral_portrait().image
    card = dataclasses.replace(card, golden=Golden(golden_means(portrait)), response=_response(actor, common))
    members = {
        ENCODER: encoder,
        DECODER: decoder,
        LATENTS: latents_to_bytes(latents),
        PREVIEW: _png(pixels.resize(portrait, PREVIEW_SIZE, PREVIEW_SIZE)),
        DETAIL: _png(texture.still),
        PLATE: _png(plate),
    }
    return _published(path, card, members, replace)


def _published(path: Path, card: ActorCard, members: dict[str, bytes], replace: bool) -> ActorCard:
    """Write the file under a temporary name, load it as the app does, then give it its name."""
    try:
        draft = make_draft(path)
        try:
            card = write_actor(draft, card, members)
            load_actor(draft, provider="cpu")
            publish(draft, path, replace)
        finally:
            drop_draft(draft)
    except FileExistsError:
        raise _exists(path) from None
    except OSError as error:
        raise PhotoError(f"{path}: cannot be written ({reason(error)}); choose another folder") from error
    return card


def check_output(path: Path, replace: bool) -> None:
    """Raise PhotoError for a path that cannot become an actor file."""
    if path.suffix != SUFFIX:
        raise PhotoError(f"{path}: an actor file's name ends in {SUFFIX}")
    if path.exists() and not replace:
        raise _exists(path)


def _exists(path: Path) -> PhotoError:
    return PhotoError(f"{path} exists already; choose another name or add --force to replace it")


def _response(actor: Actor, common: Shared) -> dict[str, float]:
    """The response by region, measured on the expressions that move each most; empty where no face is found in them."""
    offsets = (common.samples @ common.basis).reshape(len(common.samples), FACE_POINTS, 3)
    offsets = np.pad(offsets, ((0, 0), (0, LANDMARKS - FACE_POINTS), (0, 0)))
    asked = actor.neutral + offsets
    values = measure(asked)
    moved = sum(np.abs(values[n] - np.median(values[n])) for n in values if n.startswith(("brow", "lids")))
    asked = asked[np.sort(np.argsort(moved)[-RESPONSES:])].astype(np.float32)
    tracker, seen, found = FaceMeshTracker(), [], []
    try:
        for number, landmarks in enumerate(asked):
            picture = actor.decode(actor.encode(Drive(landmarks, np.zeros(POSE_SIZE, np.float32), 0.0), None)).image
            face = tracker.track(types.Frame(picture, number, number / 30))
            if face is not None:
                found.append(number)
                seen.append(align.canonicalise(face.points, actor.neutral)[0])
    finally:
        tracker.close()
    return response(asked[found], np.stack(seen)) if len(seen) > RESPONSES / 2 else {}


def _samples(geometry: Geometry, common: Shared) -> tuple[Floats, Floats]:
    """Posteriors of what others did, as this face would do it: mean and logvar f32 (N, D)."""
    random = np.random.default_rng(0)
    count = len(common.samples)
    movement = random.standard_normal((count, 6)) * 0.6
    mean = np.concatenate([common.samples, movement, common.samples_look / 0.03], 1).astype(np.float32)
    logvar = np.concatenate([common.logvar, np.full(6, -6.0), np.full(2, -2.2)])
    return mean, np.broadcast_to(logvar, mean.shape).astype(np.float32)


def _png(image: Image) -> bytes:
    return cv2.imencode(".png", image, [cv2.IMWRITE_PNG_COMPRESSION, 4])[1].tobytes()

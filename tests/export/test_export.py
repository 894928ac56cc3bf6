"""From torch to an actor file: both kinds end to end, and nothing left behind when something is off."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import onnx
import pytest
import tiny_actor as tiny

torch = pytest.importorskip("torch", reason="export needs the extra 'train'")

import torch.nn.functional as F  # noqa: E402
from tiny_dataset import write_dataset  # noqa: E402
from torch import Tensor, nn  # noqa: E402

import export.__main__  # noqa: E402
import export.actor_file  # noqa: E402
import models  # noqa: E402
from export import ExportError  # noqa: E402
from export.graph import decoder_graph, encoder_graph  # noqa: E402
from export.onnx_file import Declaration, export_actor, to_onnx  # noqa: E402
from export.verify import LIMITS, require_parity  # noqa: E402
from models.data.dataset import open_dataset  # noqa: E402
from models.networks.base import ActorModel, to_network, to_picture  # noqa: E402
from models.networks.config import PRESETS, PuppetConfig  # noqa: E402
from models.networks.puppet.mesh import mesh_size  # noqa: E402
from models.networks.puppet.model import PuppetVAE  # noqa: E402
from models.training import checkpoint  # noqa: E402
from models.training.run_folder import data_facts  # noqa: E402
from puppet.actor.card import card_to_json  # noqa: E402
from puppet.actor.catalogue import read_preview  # noqa: E402
from puppet.actor.file import DECODER, ENCODER, read_actor, read_card  # noqa: E402
from puppet.actor.latents import ranked_dimensions  # noqa: E402
from puppet.actor.runtime import load_actor  # noqa: E402
from puppet.core.errors import ActorFileError  # noqa: E402
from puppet.core.types import POSE_SIZE, AlignedCrop, Drive, Latent  # noqa: E402

DECLARED = Declaration("Ada", "Ada agreed, in writing, on 2 May 2026.", "CC0-1.0")
TRAINING = {"frames": 40, "steps": 7, "metrics": {"psnr": 31.5}}
FRAMES = 40
ROOT = Path(__file__).resolve().parents[2]


class Tiny(ActorModel):
    """What the exporter does not ask for is left out."""

    def __init__(self) -> None:
        super().__init__(None)
        self.image_size = tiny.IMAGE_SIZE

    def make_batches(self, dataset: Any, rows: Any, augment: bool) -> Any:
        assert not augment
        return SimpleNamespace(batch=lambda rows, _: {k: torch.from_numpy(v[rows]) for k, v in dataset.inputs.items()})

    def not_asked_for(self, *_: Any, **__: Any) -> Any:
        raise NotImplementedError

    encode = loss = evaluate = render = drive = not_asked_for


class TinyMesh(Tiny):
    encoder_inputs = ("landmarks", "pose")
    latent_size = 3 + POSE_SIZE

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(1)
        triangles, points = tiny.grid_mesh()
        self.triangles, self.texture_points = triangles, points
        self.features = nn.Linear(3 * 478, 3)
        self.paint = nn.Sequential(
            nn.Linear(3 + POSE_SIZE, 48), nn.Unflatten(1, (3, 4, 4)), nn.Upsample(scale_factor=16)
        )
        self.register_buffer("rest", torch.from_numpy(np.column_stack([points, 0 * points[:, :1]]).astype(np.float32)))

    def inference_encoder(self) -> nn.Module:
        return Forward(self, lambda m, landmarks, pose: (
            torch.cat([m.features(landmarks.flatten(1) - 0.1), pose / 30], 1), torch.full((1, 3 + POSE_SIZE), -2.0),
        ))  # fmt: skip

    def inference_decoder(self) -> nn.Module:
        return Forward(self, lambda m, latent: (
            to_picture(m.paint(latent).sigmoid()), m.rest + F.pad(4 * latent[:, None, 3:5], (0, 1)),
        ))  # fmt: skip

    def exported_facts(self) -> dict[str, Any]:
        mesh = {"triangles": self.triangles, "texture_points": self.texture_points, "texture_size": 64}
        return {"kind": "mesh", "neutral": tiny.neutral(), **mesh}


class TinyImage(Tiny):
    encoder_inputs = ("crop",)
    latent_size = 5

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(2)
        self.look = nn.Sequential(nn.Conv2d(3, 4, 4, stride=4), nn.BatchNorm2d(4), nn.Flatten(), nn.Linear(256, 10))
        self.draw = nn.Sequential(nn.Linear(5, 48), nn.Unflatten(1, (3, 4, 4)), nn.Upsample(scale_factor=16))

    def inference_encoder(self) -> nn.Module:
        return Forward(self, lambda m, crop: m.look(to_network(crop)).chunk(2, 1))

    def inference_decoder(self) -> nn.Module:
        return Forward(self, lambda m, latent: to_picture(m.draw(latent).sigmoid()))

    def exported_facts(self) -> dict[str, Any]:
        return {"kind": "image", "neutral": tiny.neutral(), "crop_size": tiny.CROP_SIZE}


class Forward(nn.Module):
    """A function of a model as a network."""

    def __init__(self, model: nn.Module, function) -> None:
        super().__init__()
        self.model, self.function = model, function

    def forward(self, *inputs: Tensor):
        return self.function(self.model, *inputs)


class FakeDataset:
    """Frames of made-up inputs; frame 17 is nearest to rest."""

    has_landmarks = True

    def __init__(self, frames: int = FRAMES) -> None:
        random = np.random.default_rng(0)
        self.neutral = tiny.neutral()
        self.canonical = (self.neutral + random.normal(0, 0.05, (frames, 478, 3))).astype(np.float32)
        self.pose = random.uniform(-25, 25, (frames, POSE_SIZE)).astype(np.float32)
        if frames > 17:
            self.canonical[17], self.pose[17] = self.neutral, 1.0
        crops = random.integers(0, 256, (frames, tiny.CROP_SIZE, tiny.CROP_SIZE, 3), dtype=np.uint8)
        self.inputs = {"landmarks": self.canonical, "pose": self.pose, "crop": crops}

    def __len__(self) -> int:
        return len(self.pose)

    def in_parts(self, name: str):
        yield getattr(self, name)


def export_to(out: Path, model: ActorModel, frames: int = FRAMES):
    return export_actor(model, cast(Any, FakeDataset(frames)), out, DECLARED, TRAINING)


@pytest.mark.parametrize("network", [TinyMesh, TinyImage])
def test_an_exported_actor_acts_as_the_network_does(tmp_path, network):
    model, out = network().eval(), tmp_path / "ada.actor"
    export_to(out, model)
    actor = load_actor(out, "cpu", threads=1)
    data = FakeDataset()
    for row in (3, 17):
        inputs = {name: torch.from_numpy(data.inputs[name][[row]]) for name in model.encoder_inputs}
        with torch.no_grad():
            mean = model.inference_encoder()(*inputs.values())[0]
            drawn = model.inference_decoder()(mean)
        crop = AlignedCrop(np.ascontiguousarray(data.inputs["crop"][row][..., ::-1]), np.eye(2, 3))
        latent = actor.encode(Drive(data.canonical[row], data.pose[row], 0.0), crop if actor.needs_crop else None)
        assert np.abs(latent.values - mean.numpy()[0]).max() < 1e-4
        portrait = actor.decode(latent).image
        assert portrait.std() > 3  # the planted networks do draw something
        if not isinstance(drawn, tuple):
            assert np.abs(portrait[..., ::-1].astype(int) - drawn.numpy()[0].astype(int)).max() <= 1


@pytest.mark.parametrize("network", [TinyMesh, TinyImage])
def test_the_card_keeps_what_was_said_and_measured(tmp_path, network):
    out = tmp_path / "ada.actor"
    card = export_to(out, network())
    read = read_card(out)
    assert read.consent == DECLARED.consent
    assert (read.name, read.licence) == ("Ada", "CC0-1.0")
    assert read.training == TRAINING
    assert read.parity == card.parity
    assert read.parity["frames"] >= 16
    assert all(read.parity[name] <= LIMITS[name] for name in read.parity if name in LIMITS)
    assert ("points_px" in read.parity) == (read.kind == "mesh")
    assert [p.name for p in tmp_path.iterdir()] == ["ada.actor"]


@pytest.mark.parametrize("network", [TinyMesh, TinyImage])
def test_graphs_are_standard_and_take_any_batch(tmp_path, network):
    out = tmp_path / "ada.actor"
    export_to(out, network())
    _, members = read_actor(out)
    for name in (ENCODER, DECODER):
        model = onnx.load_from_string(members[name])
        assert {(o.domain, o.version) for o in model.opset_import} == {("", 17)}
        assert {node.domain for node in model.graph.node} == {""}
        for port in (*model.graph.input, *model.graph.output):
            sides = [side.dim_param or side.dim_value for side in port.type.tensor_type.shape.dim]
            assert sides[0] == "N"
            assert all(isinstance(side, int) and side > 0 for side in sides[1:])
        assert b".py" not in members[name]  # no paths of the machine that exported it
        assert str(Path(__file__).resolve().parents[2]).encode() not in members[name]


def test_the_critic_stays_at_home():
    """A puppet's two graphs hold its texture and its geometry, and none of what judged them."""
    torch.manual_seed(0)
    model = PuppetVAE(PuppetConfig(64, 64, 4, (8, 8))).eval()
    card = SimpleNamespace(
        latent_size=model.latent_size, encoder_inputs=model.encoder_inputs, decoder_outputs=("texture", "points"),
        crop_size=None, image_size=64, texture_size=64, texture_points=np.zeros((mesh_size()[0], 2)),
    )  # fmt: skip
    kept = [weight.detach().numpy() for weight in model.critic.parameters()]
    bias = model.painter.get_parameter("colours.bias").detach()
    assert max(weight.size for weight in kept) > 10_000
    for graph in (encoder_graph(model, cast(Any, card)), decoder_graph(model, cast(Any, card))):
        made = onnx.load_from_string(to_onnx(graph))
        inside = [onnx.numpy_helper.to_array(tensor) for tensor in made.graph.initializer]
        assert not any("critic" in tensor.name for tensor in made.graph.initializer)
        assert not {weight.shape for weight in kept if weight.ndim == 4} & {weight.shape for weight in inside}
        if graph.name == "decoder":
            assert any(np.array_equal(weight, bias) for weight in inside)
        else:
            assert list(graph.inputs["pose"].shape[1:]) == [POSE_SIZE]


def test_latents_and_preview_come_from_the_data_set(tmp_path):
    model, out, data = TinyMesh().eval(), tmp_path / "ada.actor", FakeDataset()
    export_to(out, model)
    with torch.no_grad():
        inputs = torch.from_numpy(data.canonical), torch.from_numpy(data.pose)
        means = model.inference_encoder()(*inputs)[0].numpy()
    actor = load_actor(out, "cpu", threads=1)
    latents = actor.latents
    assert np.allclose(latents.mean, means.mean(0), atol=1e-4)
    assert np.allclose(latents.std, means.std(0), atol=1e-4)
    variance = np.linalg.eigvalsh(np.cov(means.T, bias=True))[::-1]
    assert np.allclose((latents.axes**2).sum(1), variance, rtol=1e-2, atol=1e-4)  # each a standard deviation long
    kl = 0.5 * (means**2 + np.exp(-2.0) - 1 + 2.0).mean(0)
    assert np.allclose(latents.kl, kl, rtol=1e-3)
    assert all(np.abs(means - sample).max(1).min() < 1e-4 for sample in latents.samples)
    preview = read_preview(out)
    assert preview.shape == (256, 256, 3)
    rest = actor.decode(Latent(means[17])).image  # of frame 17, the one at rest
    assert np.abs(preview[2::4, 2::4].astype(int) - rest).mean() < 3


class MostlyDead(TinyImage):
    """Five dimensions: the encoder says something in the third alone; the others are the prior, whatever it sees."""

    def inference_encoder(self) -> nn.Module:
        alive = F.one_hot(torch.tensor(2), 5)
        return Forward(self, lambda m, crop: tuple(alive * (8 * p - 3) for p in m.look(to_network(crop)).chunk(2, 1)))


def test_planted_dead_dimensions_rank_last(tmp_path):
    """The seed's rule, computed from the data set and stored: mean KL above mean + one standard deviation."""
    out = tmp_path / "ada.actor"
    export_to(out, MostlyDead())
    latents = load_actor(out, "cpu", threads=1).latents
    assert latents.kl[2] > 1
    assert np.abs(np.delete(latents.kl, 2)).max() < 1e-6
    assert latents.useful.tolist() == [2]
    assert ranked_dimensions(latents.kl).tolist() == [2, 0, 1, 3, 4]


# --- what must not become an actor file ---


class DecidesInPython(TinyImage):
    """Traced with a latent of zeros, which takes the other branch."""

    def inference_decoder(self) -> nn.Module:
        bright = lambda m, z: to_picture(m.draw(z).sigmoid() + (0.3 if bool(z.abs().sum() > 0) else 0.0))  # noqa: E731
        return Forward(self, bright)


class IsRandom(TinyMesh):
    def inference_encoder(self) -> nn.Module:
        return Forward(self, lambda m, landmarks, pose: (
            torch.cat([landmarks[:, :3, 0], pose * torch.rand(POSE_SIZE)], 1), torch.zeros(1, 3 + POSE_SIZE),
        ))  # fmt: skip


class FixesTheBatch(TinyImage):
    def inference_decoder(self) -> nn.Module:
        return Forward(self, lambda m, z: to_picture(m.draw(z.reshape([int(n) for n in z.shape])).sigmoid()))


class NeedsAnOperator(TinyImage):
    """One whose output's size depends on what is fed."""

    def inference_decoder(self) -> nn.Module:
        def draw(m, z):
            seen = (z * 0 + 1).nonzero()[:, 1].reshape(-1, 5).float()
            return to_picture(m.draw(z + 0 * seen).sigmoid())

        return Forward(self, draw)


class GivesFloats(TinyImage):
    def inference_decoder(self) -> nn.Module:
        return Forward(self, lambda m, z: m.draw(z).sigmoid().permute(0, 2, 3, 1))


class GivesNotANumber(TinyMesh):
    def inference_encoder(self) -> nn.Module:
        return Forward(self, lambda m, landmarks, pose: (
            torch.cat([torch.sqrt(pose - 90), landmarks[:, :3, 0]], 1), torch.zeros(1, 3 + POSE_SIZE),
        ))  # fmt: skip


class SaysTooMuch(TinyImage):
    def exported_facts(self) -> dict[str, Any]:
        return {**super().exported_facts(), "colour": "red"}


class HasNoName(TinyImage):
    def exported_facts(self) -> dict[str, Any]:
        return {**super().exported_facts(), "puppet_version": ""}


BROKEN = {
    DecidesInPython: "does not give what torch gives: image_levels",
    IsRandom: "does not give what torch gives: mean_relative",
    FixesTheBatch: "ONNX Runtime cannot run the decoder",
    NeedsAnOperator: "the decoder is none that an actor may have: the graph uses the operator 'NonZero'",
    GivesFloats: r"decoder's image must be torch.uint8 \(N, 64, 64, 3\), it is torch.float32 \(2, 64, 64, 3\)",
    GivesNotANumber: "mean_relative inf",
    SaysTooMuch: "does not fit the actor card",
    HasNoName: "puppet_version: must be a text",
}


@pytest.mark.parametrize("network", BROKEN)
def test_a_broken_network_leaves_no_file_and_the_old_one_alone(tmp_path, network):
    out = tiny.tiny_actor(tmp_path / "ada.actor")
    before = out.read_bytes()
    with pytest.raises((ExportError, ActorFileError), match=BROKEN[network]):
        export_to(out, network())
    assert out.read_bytes() == before
    assert list(tmp_path.iterdir()) == [out]


def test_a_file_that_the_app_refuses_is_not_left_behind(tmp_path, monkeypatch):
    def refuse(path, provider):
        assert path.is_file()
        raise ActorFileError("not today")

    monkeypatch.setattr(export.actor_file, "load_actor", refuse)
    with pytest.raises(ActorFileError, match="not today"):
        export_to(tmp_path / "ada.actor", TinyMesh())
    assert not list(tmp_path.iterdir())


def test_too_few_frames_are_refused(tmp_path):
    with pytest.raises(ExportError, match="at least 16 frames, the data set gives 5"):
        export_to(tmp_path / "ada.actor", TinyMesh(), frames=5)


@pytest.mark.parametrize("out", ["ada.zip", "nowhere/ada.actor", "folder.actor"])
def test_an_impossible_output_is_refused_first(tmp_path, out):
    (tmp_path / "folder.actor").mkdir()
    with pytest.raises(ExportError, match=r"ends in \.actor|choose another folder"):
        export_actor(cast(Any, None), cast(Any, None), tmp_path / out, DECLARED, {})


def test_parity_names_everything_that_is_off():
    require_parity({"image_levels": 2.0, "points_px": 0.05})
    with pytest.raises(ExportError, match=r"points_px 0\.06 \(at most 0\.05\), mean_relative nan"):
        require_parity({"image_levels": 1.0, "points_px": 0.06, "mean_relative": float("nan")})


def test_an_encoder_that_takes_other_inputs_is_named():
    model = TinyImage()
    model.inference_encoder = lambda: Forward(model, lambda m, a, b: (a, b))
    card = cast(Any, SimpleNamespace(crop_size=32, latent_size=5, encoder_inputs=("crop",)))
    with pytest.raises(ExportError, match="the encoder fails on crop"):
        encoder_graph(model, card)


# --- the command ---


def test_consent_is_required(capsys):
    for arguments in (["run", "-o", "x.actor"], ["run", "-o", "x.actor", "--consent", "  "]):
        with pytest.raises(SystemExit) as stop:
            export.__main__.main(arguments)
        assert stop.value.code == 2
        assert "--consent" in capsys.readouterr().err


def test_help_has_an_example_and_needs_no_torch():
    code = "import sys, export.__main__ as m\ntry: m.main(['--help'])\nexcept SystemExit: print('torch' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "example: python -m export" in done.stdout
    assert done.stdout.rstrip().endswith("False")


def test_a_missing_run_is_one_line_and_exit_code_2(tmp_path, capsys):
    code = export.__main__.main([str(tmp_path / "no-run"), "-o", str(tmp_path / "x.actor"), "--consent", "Me."])
    assert code == 2
    error = capsys.readouterr().err
    assert error.startswith("error: ")
    assert "no-run" in error
    assert error.count("\n") == 1


@pytest.fixture
def run(tmp_path) -> Path:
    """A run of the real pixel baseline, not trained, with its data set beside it."""
    data, run = write_dataset(tmp_path / "data.h5"), tmp_path / "run"
    torch.manual_seed(0)
    config = PRESETS["seed-int8"]
    model = models.build(config)
    with open_dataset(data) as dataset:
        model.fit_statistics(dataset, np.arange(len(dataset)))
        facts = data_facts(dataset)
    checkpoint.write(run, 12, 34.5, 20.0, config, facts, {"psnr": 20.0}, {"model": model.state_dict()})
    return run


def test_the_command_turns_a_run_into_an_actor(run, tmp_path, capsys):
    out = tmp_path / "Ada.actor"
    assert export.__main__.main([str(run), "-o", str(out), "--consent", "Made up.", "--licence", "CC-BY-4.0"]) == 0
    assert "Ada.actor: 17." in capsys.readouterr().out  # MiB, the seed's own weights
    card = load_actor(out, "cpu", threads=1).card
    assert (card.name, card.kind, card.consent, card.licence) == ("Ada", "image", "Made up.", "CC-BY-4.0")
    assert (card.crop_size, card.image_size, card.latent_size) == (64, 64, 30)
    assert card.training["steps"] == 12
    assert card.training["frames"] == 24
    assert card.training["data"]["file"] == "data.h5"  # no folder of this machine
    assert str(tmp_path) not in card_to_json(card)


def test_a_moved_data_set_is_asked_for(run, tmp_path, capsys):
    moved = (tmp_path / "data.h5").rename(tmp_path / "moved.h5")
    arguments = [str(run), "-o", str(tmp_path / "x.actor"), "--consent", "Made up."]
    assert export.__main__.main(arguments) == 2
    assert "say where it is with --data" in capsys.readouterr().err
    assert export.__main__.main([*arguments, "--data", str(moved), "--name", "Eve"]) == 0
    assert read_card(tmp_path / "x.actor").name == "Eve"


HANG = """
import sys
import export.__main__, export.actor_file
name, count = sys.argv[1], int(sys.argv[2])
there = getattr(export.actor_file, name)

def hang(*arguments, **options):
    global count
    count -= 1
    if not count:
        print("hanging", flush=True)
        sys.stdin.read()
    return there(*arguments, **options)

setattr(export.actor_file, name, hang)
sys.exit(export.__main__.main(sys.argv[3:]))
"""


@pytest.mark.parametrize(("name", "count"), [("load_actor", 1), ("publish", 1)])
def test_a_killed_export_leaves_nothing_under_the_name_and_a_second_one_succeeds(
    run, tmp_path, monkeypatch, name, count
):
    """While it is verified, and just before it gets its name."""
    monkeypatch.setenv("PUPPET_CONFIG_DIR", str(tmp_path / "own"))
    out = tmp_path / "out" / "ada.actor"
    out.parent.mkdir()
    (out.parent / ".ada.1.actor").write_bytes(b"precious")
    arguments = [str(run), "-o", str(out), "--consent", "Made up.", "--no-attributes"]
    with subprocess.Popen(
        [sys.executable, "-c", HANG, name, str(count), *arguments],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as child:
        assert child.stdout is not None
        assert child.stdout.readline() == "hanging\n"
        assert export.__main__.main(arguments) == 2  # it is being written
        child.kill()
    assert not out.exists()
    assert len(list(out.parent.iterdir())) > 1
    assert export.__main__.main(arguments) == 0
    assert sorted(path.name for path in out.parent.iterdir()) == [".ada.1.actor", "ada.actor"]
    assert read_card(out).name == "ada"


def test_an_actor_that_appears_while_another_is_exported_stays(run, tmp_path, monkeypatch, capsys):
    out = tmp_path / "ada.actor"
    there = export.actor_file.publish

    def late(draft, path):
        path.write_bytes(b"precious")
        there(draft, path)

    monkeypatch.setattr(export.actor_file, "publish", late)
    assert export.__main__.main([str(run), "-o", str(out), "--consent", "Made up."]) == 2
    assert "ada.actor exists already" in capsys.readouterr().err
    assert out.read_bytes() == b"precious"
    assert not list(tmp_path.glob(".*"))

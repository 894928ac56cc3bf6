"""Which provider is tried, and why another one is used."""

from __future__ import annotations

import numpy as np
import pytest
import tiny_actor as tiny

from puppet.actor.runtime import load_actor
from puppet.core.errors import PuppetError
from puppet.inference import providers, session
from puppet.storage.installing import install_command


@pytest.fixture
def pretend_cuda(monkeypatch):
    """A provider that is called CUDA and computes on the CPU; `wrong` makes its decoder's pictures too bright."""
    real = session.ort.InferenceSession
    pretend = {"wrong": False, "fails": False}

    class Session:
        def __init__(self, graph, options, providers):
            self.cuda = providers[0][0] == "CUDAExecutionProvider"
            if self.cuda and pretend["fails"]:
                raise RuntimeError("cuDNN is too old")
            self.real = real(graph, options, providers=["CPUExecutionProvider"])
            self.get_inputs, self.get_outputs = self.real.get_inputs, self.real.get_outputs

        def get_providers(self):
            return ["CUDAExecutionProvider", "CPUExecutionProvider"] if self.cuda else ["CPUExecutionProvider"]

        def run(self, names, feed):
            first, *others = (np.asarray(output) for output in self.real.run(names, feed))
            if self.cuda and pretend["wrong"] and first.dtype == np.uint8:
                first = first + np.uint8(9)
            return [first, *others]

    there = ["CUDAExecutionProvider", "CPUExecutionProvider"]
    monkeypatch.setattr(session.ort, "InferenceSession", Session)
    monkeypatch.setattr(session.ort, "get_available_providers", lambda: there)
    monkeypatch.setattr(session.ort, "preload_dlls", lambda: None, raising=False)
    monkeypatch.setattr(providers, "nvidia_driver", lambda: True)
    return pretend


@pytest.mark.parametrize("asked", ["auto", "cuda", "CUDA"])
def test_a_gpu_that_draws_the_golden_picture_is_used(tmp_path, pretend_cuda, asked):
    actor = load_actor(tiny.tiny_actor(tmp_path / "x.actor"), asked)
    assert actor.providers[0] == "CUDAExecutionProvider"
    assert actor.notice is None


def test_a_gpu_that_draws_something_else_is_not_used(tmp_path, pretend_cuda):
    pretend_cuda["wrong"] = True
    actor = load_actor(tiny.tiny_actor(tmp_path / "x.actor"), "auto")
    assert actor.providers == ["CPUExecutionProvider"]
    assert actor.notice == "CUDA is not used: the self-test picture is off by 9 levels, 3 are allowed"


def test_a_gpu_that_cannot_start_is_not_used(tmp_path, pretend_cuda):
    pretend_cuda["fails"] = True
    actor = load_actor(tiny.tiny_actor(tmp_path / "x.actor"), "cuda")
    assert actor.providers == ["CPUExecutionProvider"]
    assert actor.notice is not None
    assert "cuDNN is too old" in actor.notice


def test_a_missing_cuda_library_is_named(tmp_path, pretend_cuda, monkeypatch):
    def preload():
        print("Failed to load libcublasLt.so.12: cannot open shared object file")
        print("Please follow the instructions")

    monkeypatch.setattr(session.ort, "preload_dlls", preload)
    actor = load_actor(tiny.tiny_actor(tmp_path / "x.actor"), "auto")
    assert actor.providers == ["CPUExecutionProvider"]
    command = install_command("cuda")
    assert actor.notice == f"CUDA is not used: libcublasLt.so.12 is missing; install the extra: {command}"


def test_without_a_driver_cuda_is_not_tried(tmp_path, pretend_cuda, monkeypatch):
    monkeypatch.setattr(providers, "nvidia_driver", lambda: False)
    path = tiny.tiny_actor(tmp_path / "x.actor")
    assert load_actor(path, "auto").notice is None  # nobody asked for it
    asked = load_actor(path, "cuda")
    assert asked.providers == ["CPUExecutionProvider"]
    assert asked.notice == "CUDA is not used: no NVIDIA driver was found"


def test_a_provider_that_is_not_built_in_is_told(tmp_path, pretend_cuda):
    actor = load_actor(tiny.tiny_actor(tmp_path / "x.actor"), "coreml")
    assert actor.providers == ["CPUExecutionProvider"]
    assert actor.notice == "CoreML is not used: this ONNX Runtime is built without it"
    with pytest.raises(PuppetError, match="provider must be auto, cuda"):
        load_actor(tiny.tiny_actor(tmp_path / "x.actor"), "quantum")

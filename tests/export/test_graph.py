"""Encoder and decoder as networks with named ports."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

import pytest

pytest.importorskip("torch", reason="export needs the extra 'train'")

from tiny_networks import Forward, TinyImage

from export import ExportError
from export.graph import encoder_graph


def test_an_encoder_that_takes_other_inputs_is_named():
    model = TinyImage()
    model.inference_encoder = lambda: Forward(model, lambda m, a, b: (a, b))
    card = cast(Any, SimpleNamespace(crop_size=32, latent_size=5, encoder_inputs=("crop",)))
    with pytest.raises(ExportError, match="the encoder fails on crop"):
        encoder_graph(model, card)

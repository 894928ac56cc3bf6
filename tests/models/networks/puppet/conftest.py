"""The default actor fitted to drawn footage, and planted geometry; nothing that a test may change."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from drawn_person import angles_of_frames, angles_to_the_left, fit, footage
from planted_face import rest_face
from planted_geometry import Planted

from models.data.dataset import Dataset
from models.networks.mirror import flip_offsets
from models.networks.puppet.model import PuppetVAE


@pytest.fixture(scope="session")
def dataset() -> Iterator[Dataset]:
    with footage("planted.h5", rest_face(), angles_of_frames()) as dataset:
        yield dataset


@pytest.fixture(scope="session")
def fitted(dataset: Dataset) -> PuppetVAE:
    return fit(dataset)


@pytest.fixture(scope="session")
def layered_dataset() -> Iterator[Dataset]:
    with footage("layered.h5", rest_face(), angles_of_frames(), matte=True) as dataset:
        yield dataset


@pytest.fixture(scope="session")
def layered(layered_dataset: Dataset) -> PuppetVAE:
    return fit(layered_dataset)


@pytest.fixture(scope="session")
def one_sided() -> Iterator[Dataset]:
    """A face whose landmarks are symmetric, as a real one's nearly are; the drawing is not."""
    rest = rest_face()
    with footage("one-sided.h5", (rest + flip_offsets(rest)) / 2, angles_to_the_left()) as dataset:
        yield dataset


@pytest.fixture(scope="session")
def mirroring(one_sided: Dataset) -> PuppetVAE:
    return fit(one_sided, mirror=True)


@pytest.fixture(scope="session")
def planted() -> Planted:
    return Planted()


@pytest.fixture(scope="session")
def wandering() -> Planted:
    return Planted((4.0, 3.0, 0.08))

"""Types and names that data, networks, training and the latent tools share."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from torch import Tensor

Batch: TypeAlias = "dict[str, Tensor]"  # tensors by name, with one leading dimension B
Index: TypeAlias = NDArray[np.intp]  # rows of a data set
DATASET_SUFFIXES = {".h5", ".hdf5"}  # of a data set's file name

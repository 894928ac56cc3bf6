"""The mutator of HDF5 files."""

from __future__ import annotations

import io
from random import Random

from fuzz.mutate_texts import json_text
from fuzz.values import canary, some_bytes


def hdf5(random: Random, data: bytes) -> bytes:
    """Links, storage, types, shapes and attributes of a data set changed."""
    if random.random() < 0.25:
        return some_bytes(random, data)
    import h5py
    import numpy as np

    buffer = io.BytesIO(data)
    with h5py.File(buffer, "r+") as file:
        name = random.choice(list(file))
        old = file[name]
        kind = random.randrange(11)
        if kind == 10:
            attribute = random.choice(list(file.attrs))
            value = file.attrs[attribute]
            if isinstance(value, str) and random.random() < 0.5:
                file.attrs[attribute] = json_text(random, value.encode()).decode("utf-8", "replace").replace("\0", "")
            else:
                values = (1, -1, 2**62, 0.5, "", "x" * 30_000, np.zeros(5), np.nan, np.array([b"x"]), True)
                file.attrs[attribute] = random.choice(values)
            file.flush()
            return buffer.getvalue()
        assert isinstance(old, h5py.Dataset)
        shape, kept = old.shape, old.dtype
        del file[name]
        if kind == 0:
            file[name] = h5py.SoftLink(random.choice(("/data", "/nothing", f"/{name}", "/")))
        elif kind == 1:
            file[name] = h5py.ExternalLink(random.choice((canary(), "other.h5", "/dev/zero")), "/data")
        elif kind == 2:
            size = int(np.prod(shape)) * kept.itemsize
            file.create_dataset(name, shape, kept, external=[(canary(), 0, size)])
        elif kind == 3:
            layout = h5py.VirtualLayout(shape, kept)
            layout[...] = h5py.VirtualSource(random.choice((canary(), ".")), random.choice(("data", name)), shape)
            file.create_virtual_dataset(name, layout)
        elif kind == 4:
            file.create_group(name)
        elif kind == 5:
            types = (
                h5py.string_dtype(),
                "f8",
                "i8",
                "S4",
                h5py.vlen_dtype(np.float32),
                [("a", "f4")],
                "f2",
                h5py.ref_dtype,
            )
            file.create_dataset(name, shape, random.choice(types))
        elif kind == 6:
            huge = tuple(random.choice((side, 0, 1, side + 1, 2**30)) for side in shape)
            file.create_dataset(name, huge, kept, chunks=tuple(min(side, 8) or 1 for side in huge) if huge else None)
        elif kind == 7:
            values = np.zeros(shape, kept)
            values[...] = random.choice((np.nan, np.inf, -1, 1e30)) if kept.kind == "f" else random.choice((0, 127))
            file[name] = values
        elif kind == 8 and len(list(file)) > 1:
            file[name] = file[random.choice(list(file))]  # a hard link
        else:
            side = random.choice((1, 5, len(shape) + 1))
            file.create_dataset(name, (side,) * min(side, 5), kept)
        file.flush()
    return buffer.getvalue()

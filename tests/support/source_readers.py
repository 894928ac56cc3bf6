"""Reading a source to its end, or to its error."""

import pytest

from puppet.core.errors import SourceError
from puppet.core.protocols import Source


def last_words(source: Source) -> SourceError:
    """The error that reading an open source ends with."""
    with pytest.raises(SourceError) as caught:
        list(iter(source.read, None))
    return caught.value


def frames_of(source: Source, most: int = 1000) -> list:
    """Open, read to the end (or `most` frames), close."""
    source.open()
    frames = []
    while len(frames) < most and (frame := source.read()) is not None:
        frames.append(frame)
    source.close()
    return frames


def trouble_with(source: Source, most: int = 10_000) -> SourceError:
    """The error that opening or reading ends with."""
    with pytest.raises(SourceError) as caught:
        frames_of(source, most)
    source.close()
    return caught.value

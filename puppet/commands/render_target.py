"""The files that `puppet render` writes: hidden drafts, which get their names once all is finished."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Sequence
from pathlib import Path

from puppet.core.errors import RecordingError, reason
from puppet.core.layout import Layout
from puppet.output.recording_sink import layout_path
from puppet.storage.files import publish, publish_numbered
from puppet.storage.unfinished import draft_name, drop_parts, keep_part, unregister


class RenderTarget:
    """The files to write, one for each layout: hidden drafts, which get their names once all is finished."""

    def __init__(self, output: Path, layouts: Sequence[Layout], video: str, force: bool) -> None:
        """Check the names of the files.

        output: the name that was asked for. video: what is read, which must not be replaced. force: replace files.
        Raises RecordingError for files that are there and must not be replaced.
        """
        self.output, self._layouts, self._force = output, layouts, force
        self.outputs = tuple(layout_path(output, layout, layouts) for layout in layouts)
        for path in self.outputs:
            if not os.path.lexists(path):
                continue
            if Path(video).exists() and path.exists() and path.samefile(video):
                raise RecordingError(f"{path} is the video that is to be read; choose another name")
            if not path.is_file():
                raise RecordingError(f"{path} is not a file; choose another name")
            if not force:
                raise RecordingError(
                    f"{path} exists already and is not overwritten; add --force, or choose another name"
                )
        self.draft = draft_name(output)

    def publish(self, drafts: Sequence[Path]) -> tuple[Path, ...]:
        """Give the finished drafts their names, which are returned.

        Raises RecordingError when a name was taken meanwhile, or cannot be given.
        """
        for draft, path in zip(drafts, self.outputs, strict=True):
            try:
                publish(draft, path, self._force)
            except OSError as problem:
                kept = ", ".join(str(part) for part in self.keep(drafts).values())
                taken = isinstance(problem, FileExistsError)
                why = "was made by another program meanwhile" if taken else reason(problem)
                raise RecordingError(f"{path}: {why}; the finished video is kept as {kept}") from problem
        drop_parts(self.output)
        return self.outputs

    def keep(self, drafts: Sequence[Path]) -> dict[Path, Path]:
        """Rename unfinished drafts to NAME.part, for the user: draft -> its new name."""
        kept: dict[Path, Path] = {}
        part = self.output.with_name(f"{self.output.stem}.part{self.output.suffix}")
        for draft, layout in zip(drafts, self._layouts, strict=True):
            with contextlib.suppress(OSError):  # then it stays where it is
                if draft.stat().st_size:
                    kept[draft] = draft
                    kept[draft] = publish_numbered(draft, layout_path(part, layout, self._layouts), "-")
                    keep_part(kept[draft], self.output)
            unregister(draft)
        return kept

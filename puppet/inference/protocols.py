"""What is used of ONNX Runtime's sessions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

from numpy.typing import NDArray


class GraphPort(Protocol):
    """An input or output of a graph, as ONNX Runtime describes it."""

    @property
    def name(self) -> str:
        """The name in the graph."""
        ...

    @property
    def type(self) -> str:
        """The type in ONNX Runtime's words, such as "tensor(float)"."""
        ...

    @property
    def shape(self) -> Sequence[int | str | None] | None:
        """The sides, the batch first; a side that is left open has a name or None."""
        ...


class Session(Protocol):
    """A loaded graph: what is used of ONNX Runtime's InferenceSession."""

    def get_inputs(self) -> Sequence[GraphPort]:
        """The inputs in the graph's order."""
        ...

    def get_outputs(self) -> Sequence[GraphPort]:
        """The outputs in the graph's order."""
        ...

    def get_providers(self) -> list[str]:
        """ONNX Runtime's names of the providers that are used, best first."""
        ...

    def run(self, output_names: list[str] | None, input_feed: dict[str, NDArray[Any]]) -> list[Any]:
        """The named outputs, or all for None, each with the batch first."""
        ...

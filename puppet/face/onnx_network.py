"""One of MediaPipe's networks in ONNX Runtime. `export/face_networks.py` makes their files from MediaPipe 0.10.21."""

from __future__ import annotations

from puppet.core.errors import PuppetError, reason
from puppet.core.types import Floats, Image
from puppet.inference.session import open_session
from puppet.storage.folders import ASSETS

NETWORKS = ASSETS / "face_networks"


class Network:
    """One of the networks: a picture of `size` px in, arrays out. Raises PuppetError when its file is not there."""

    def __init__(self, name: str, size: int) -> None:
        path = NETWORKS / name
        try:
            self._session = open_session(path.read_bytes())  # one thread: at this size more cost more than they help
        except Exception as error:  # ONNX Runtime's own exceptions have no common base
            detail = reason(error) if isinstance(error, OSError) else str(error)
            raise PuppetError(f"{path} cannot be loaded ({detail}); install Puppet again") from error
        takes = [list(port.shape or ()) for port in self._session.get_inputs()]
        if takes != [[1, size, size, 3]]:
            raise PuppetError(f"{path} is another network (it takes {takes}); install Puppet again")

    def run(self, picture: Image) -> list[Floats]:
        """All outputs for a picture uint8 (S, S, 3) RGB."""
        return self._session.run(None, {"picture": picture[None]})

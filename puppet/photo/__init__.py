"""An actor from one picture: its geometry, its texture, and the file. Without torch."""

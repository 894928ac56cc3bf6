"""Where results go: recordings, clips, snapshots, the virtual camera."""

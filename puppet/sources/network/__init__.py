"""Network cameras: HTTP, MJPEG, RTSP, passwords; no host but the one that was named."""

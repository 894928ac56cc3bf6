"""Where frames come from: cameras, network streams, videos, pictures."""

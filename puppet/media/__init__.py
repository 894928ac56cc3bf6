"""Video and sound: ffmpeg and its arguments, codecs, decoding, recording, the microphone."""

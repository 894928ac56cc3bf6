"""Files from outside, read within limits: bytes, texts, JSON, arrays of numbers, zip files."""

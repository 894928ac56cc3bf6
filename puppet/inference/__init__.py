"""Networks in ONNX Runtime: what a session is, and how one is opened."""

"""The ONNX graphs of an actor file: read strictly, with limits on operators, sizes and work."""

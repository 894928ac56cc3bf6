"""What can find the points of a face: the names the user gives."""

from __future__ import annotations

from puppet.core.options import ChoiceOption

AUTO = "auto"  # MediaPipe where its version with the models is installed, otherwise ONNX Runtime
MEDIAPIPE = "mediapipe"
ONNX = "onnx"
TRACKER = ChoiceOption("tracker", AUTO, (AUTO, MEDIAPIPE, ONNX), "what finds the points of a face")
LABELS = {MEDIAPIPE: "MediaPipe", ONNX: "MediaPipe's networks in ONNX Runtime"}

"""What a picture shows of the body, as NudeNet's detector sees it. Blocks; runs on the CPU, without torch.

Praneeth Bedapudi, "NudeNet", https://github.com/notAI-tech/NudeNet. The weights come from the package nudenet, which is
not imported, since importing it needs OpenCV.
"""

import io
from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import onnxruntime
from PIL import Image

from .errors import ModelError
from .types import SEEN

SIDE = 320  # pixels that the detector was trained at
LEAST = 0.05  # scores below say nothing
BOX = 4  # rows of the output that are coordinates; the classes follow


class Detector:
    """The network (about 60 MB)."""

    def __init__(self) -> None:
        """Load the network, which takes 0.2 s. Raises ModelError if nudenet is not installed."""
        spec = find_spec("nudenet")
        if spec is None or spec.origin is None:
            raise ModelError("The weights of the output filter are missing; install nudenet.")
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        weights = Path(spec.origin).with_name("320n.onnx")
        self._session = onnxruntime.InferenceSession(str(weights), options, providers=["CPUExecutionProvider"])

    def look(self, data: bytes) -> Mapping[str, float]:
        """Return the highest score (LEAST to 1) of each class that is seen in an encoded picture."""
        with Image.open(io.BytesIO(data), formats=("PNG", "JPEG", "WEBP")) as image:
            image.draft("RGB", (SIDE, SIDE))
            picture = image.convert("RGB")
        scale = SIDE / max(picture.size)
        size = max(1, round(picture.width * scale)), max(1, round(picture.height * scale))
        # As in training: any shape at the upper left of a black square.
        square = Image.new("RGB", (SIDE, SIDE))
        square.paste(picture.resize(size, Image.Resampling.BILINEAR))
        pixels = np.asarray(square, np.float32).transpose(2, 0, 1)[None] / 255
        (output,) = self._session.run(None, {self._session.get_inputs()[0].name: pixels})
        best = output[0, BOX:].max(axis=1)
        return {label: round(float(score), 3) for label, score in zip(SEEN, best, strict=True) if score >= LEAST}

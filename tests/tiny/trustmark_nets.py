"""TrustMark's two networks in any width, with weights by chance, exported as its authors' files are.

The architecture is that of https://github.com/adobe/trustmark (MIT), python/trustmark/unet.py in version 0.9.2:
``Unet1`` writes, 32 channels wide, and a ResNet-50 reads, 64 wide, in half precision.
"""

import warnings
from copy import deepcopy
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn import functional

from generation.provenance.watermark import DECODER, ENCODER, SIDE

BITS = 100
LEVELS = 4  # of the writer
READER_SIDE = 224  # pixels to which the reader scales what it is given
BLOCKS = (3, 4, 6, 3)  # of ResNet-50
EXPANSION = 4
OPSET = 17


def conv(ins: int, outs: int, kernel: int, stride: int = 1, padding: int = 0) -> nn.Sequential:
    """A convolution and its ReLU."""
    return nn.Sequential(nn.Conv2d(ins, outs, kernel, stride, padding), nn.ReLU())


class UpBlock(nn.Module):
    """Doubles the size, and joins what the way down had at that size."""

    def __init__(self, ins: int, skip: int) -> None:
        super().__init__()
        self.up = nn.Sequential(nn.Upsample(scale_factor=2), nn.ZeroPad2d((0, 1, 0, 1)), conv(ins, ins // 2, 2))
        self.join = conv(ins // 2 + skip, ins // 2, 3, padding=1)

    def forward(self, x: Tensor, skip: Tensor) -> Tensor:
        joined: Tensor = self.join(torch.cat([self.up(x), skip], dim=1))
        return joined


class Writer(nn.Module):
    """(rows, 3, 256, 256) from -1 to 1, and (rows, 100) of 0 and 1, to the marked picture."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.secret = nn.Linear(BITS, 16 * 16 * 3)
        self.pre = conv(6, width, 3, padding=1)
        channels = [width * 2**level for level in range(LEVELS + 1)]
        self.down = nn.ModuleList(conv(ins, 2 * ins, 3, stride=2, padding=1) for ins in channels[:-1])
        self.up = nn.ModuleList(
            UpBlock(ins, ins // 2 + (6 if ins == 2 * width else 0)) for ins in reversed(channels[1:])
        )
        self.post = nn.Sequential(
            conv(width, width, 3, padding=1),
            nn.Sequential(nn.Conv2d(width, width // 2, 1), nn.SiLU()),
            nn.Sequential(nn.Conv2d(width // 2, 3, 1), nn.Tanh()),
        )

    def forward(self, image: Tensor, secret: Tensor) -> Tensor:
        planes = functional.interpolate(self.secret(secret).view(-1, 3, 16, 16), scale_factor=SIDE / 16).relu()
        inputs = torch.cat([image, planes], dim=1)
        x, skips = self.pre(inputs), []
        for block in self.down:
            skips.append(x)
            x = block(x)
        skips[0] = torch.cat([skips[0], inputs], dim=1)
        for block, skip in zip(self.up, reversed(skips), strict=True):
            x = block(x, skip)
        marked: Tensor = self.post(x)
        return marked


def normed(ins: int, outs: int, kernel: int, stride: int = 1) -> nn.Sequential:
    """A convolution without a bias, and its batch normalisation."""
    return nn.Sequential(nn.Conv2d(ins, outs, kernel, stride, kernel // 2, bias=False), nn.BatchNorm2d(outs))


class Bottleneck(nn.Module):
    """A block of ResNet-50."""

    def __init__(self, ins: int, width: int, stride: int) -> None:
        super().__init__()
        outs = EXPANSION * width
        self.body = nn.Sequential(
            normed(ins, width, 1), nn.ReLU(), normed(width, width, 3, stride), nn.ReLU(), normed(width, outs, 1)
        )
        self.past = normed(ins, outs, 1, stride) if stride != 1 or ins != outs else nn.Identity()

    def forward(self, x: Tensor) -> Tensor:
        added: Tensor = self.body(x) + self.past(x)
        return added.relu()


class Reader(nn.Module):
    """(rows, 3, 256, 256) from -1 to 1, to (rows, 100): above 0 is a 1."""

    def __init__(self, width: int) -> None:
        super().__init__()
        blocks, ins = [], width
        for level, number in enumerate(BLOCKS):
            for place in range(number):
                blocks.append(Bottleneck(ins, width * 2**level, stride=2 if level and not place else 1))
                ins = EXPANSION * width * 2**level
        self.begin = nn.Sequential(normed(3, width, 7, 2), nn.ReLU(), nn.MaxPool2d(3, 2, 1))
        self.blocks = nn.Sequential(*blocks)
        self.bits = nn.Linear(ins, BITS)

    def forward(self, image: Tensor) -> Tensor:
        x = functional.interpolate(image, size=(READER_SIDE, READER_SIDE), mode="bilinear", align_corners=False)
        scores: Tensor = self.bits(self.blocks(self.begin(x)).mean(dim=(2, 3)))
        return scores


class _Half(nn.Module):
    """A reader whose weights are kept and used in half precision, as in the real file."""

    def __init__(self, reader: Reader) -> None:
        super().__init__()
        self.reader = deepcopy(reader).half()

    def forward(self, image: Tensor) -> Tensor:
        scores: Tensor = self.reader(image.half()).float()
        return scores


def write_networks(folder: Path, writer: Writer, reader: Reader) -> Path:
    """Write both files into the folder."""
    image, secret = torch.zeros(1, 3, SIDE, SIDE), torch.zeros(1, BITS)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the exporter that made the real files is deprecated, and says so
        torch.onnx.export(
            writer.eval(), (image, secret), folder / ENCODER, output_names=["image"], opset_version=OPSET, dynamo=False
        )
        torch.onnx.export(
            _Half(reader.eval()), (image,), folder / DECODER, input_names=["image"], output_names=["output"],
            opset_version=OPSET, dynamo=False,
        )  # fmt: skip
    return folder

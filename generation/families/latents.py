"""How families lay out their latents; for previews, which need them as (n, channels, height, width)."""

from typing import Any

from typing_extensions import override


class Latents:
    """Laid out plainly, shifted and scaled by the autoencoder's configuration."""

    def encode(self, vae: Any, pixels: Any) -> Any:
        """Encode pictures, -1 to 1 of shape (n, 3, height, width), to latents (n, channels, rows, columns)."""
        config = vae.config
        mean = vae.encode(pixels).latent_dist.mean
        return (mean - (getattr(config, "shift_factor", None) or 0)) * config.scaling_factor

    def unpack(self, latents: Any, size: tuple[int, int]) -> Any:
        """Bring latents for pictures of ``size`` (width, height) in pixels to shape (n, channels, rows, columns)."""
        del size  # for packed layouts
        return latents


class NormalisedLatents(Latents):
    """Laid out plainly, each channel normalised to mean 0 and deviation 1."""

    @override
    def encode(self, vae: Any, pixels: Any) -> Any:
        return _normalised(vae, vae.encode(pixels).latent_dist.mean)


class PackedLatents(Latents):
    """Squares of two by two in a sequence, as FLUX.1 has them: (n, rows / 2 · columns / 2, channels · 4)."""

    @override
    def unpack(self, latents: Any, size: tuple[int, int]) -> Any:
        rows, columns = _squares(latents.shape[1], size)
        squares = latents.reshape(len(latents), rows, columns, -1, 2, 2)
        return squares.permute(0, 3, 1, 4, 2, 5).reshape(len(latents), -1, 2 * rows, 2 * columns)


class QwenLatents(PackedLatents):
    """Packed, of a video autoencoder whose channels are normalised to mean 0 and deviation 1."""

    @override
    def encode(self, vae: Any, pixels: Any) -> Any:
        return _normalised(vae, vae.encode(pixels.unsqueeze(2)).latent_dist.mean.squeeze(2))


class Flux2Latents(Latents):
    """Squares of two by two as channels, normalised by the autoencoder's running mean and variance, in rows."""

    @override
    def encode(self, vae: Any, pixels: Any) -> Any:
        latents = vae.encode(pixels).latent_dist.mean
        n, channels, height, width = latents.shape
        squares = latents.view(n, channels, height // 2, 2, width // 2, 2).permute(0, 1, 3, 5, 2, 4)
        squares = squares.reshape(n, 4 * channels, height // 2, width // 2)
        variance = vae.bn.running_var + vae.config.batch_norm_eps
        return (squares - vae.bn.running_mean.view(1, -1, 1, 1)) / variance.sqrt().view(1, -1, 1, 1)

    @override
    def unpack(self, latents: Any, size: tuple[int, int]) -> Any:
        rows, columns = _squares(latents.shape[1], size)
        return latents.permute(0, 2, 1).reshape(len(latents), -1, rows, columns)


class SequenceLatents(QwenLatents):
    """Qwen-Image's normalisation, each place of the latents by itself in a sequence: (n, rows · columns, channels)."""

    @override
    def encode(self, vae: Any, pixels: Any) -> Any:
        if vae.config.in_channels == 4:  # with opacity
            pixels = pixels.new_ones(len(pixels), 4, *pixels.shape[2:]).index_copy(
                1, pixels.new_tensor([0, 1, 2]).long(), pixels
            )
        return super().encode(vae, pixels)

    @override
    def unpack(self, latents: Any, size: tuple[int, int]) -> Any:
        rows, columns = _squares(latents.shape[1], size)
        return latents.permute(0, 2, 1).reshape(len(latents), -1, rows, columns)


class PatchLatents(Flux2Latents):
    """FLUX.2's, of shape (n, channels · 4, height / 2, width / 2): ERNIE-Image's."""

    @override
    def unpack(self, latents: Any, size: tuple[int, int]) -> Any:
        return latents


class DeepLatents(Latents):
    """Of a deterministic autoencoder with deep compression: Sana's."""

    @override
    def encode(self, vae: Any, pixels: Any) -> Any:
        return vae.encode(pixels).latent * vae.config.scaling_factor


class TinyLatents(Latents):
    """Laid out plainly, of a tiny autoencoder, whose latents have no distribution."""

    @override
    def encode(self, vae: Any, pixels: Any) -> Any:
        config = vae.config
        return (vae.encode(pixels).latents - (getattr(config, "shift_factor", None) or 0)) * config.scaling_factor


class PlainOrDeepLatents(DeepLatents):
    """FLUX.1's, or of an autoencoder with deep compression, as the checkpoint has one or the other."""

    @override
    def encode(self, vae: Any, pixels: Any) -> Any:
        deep = type(vae).__name__ == "AutoencoderDC"
        return super().encode(vae, pixels) if deep else Latents.encode(self, vae, pixels)


class PixelLatents(Latents):
    """Pixels themselves, -1 to 1: there is no autoencoder."""

    @override
    def encode(self, vae: Any, pixels: Any) -> Any:
        del vae
        return pixels


class FrameLatents(Latents):
    """One frame of a video with the channels last, of shape (n, 1, height, width, channels): Kandinsky's."""

    @override
    def unpack(self, latents: Any, size: tuple[int, int]) -> Any:
        del size
        return latents[:, 0].permute(0, 3, 1, 2)


class ItemLatents(QwenLatents):
    """Qwen-Image's normalisation, behind those of what it starts from: (n, items, channels, 1, rows, columns)."""

    @override
    def unpack(self, latents: Any, size: tuple[int, int]) -> Any:
        del size
        return latents[:, -1, :, 0]


class TargetPatches(QwenLatents):
    """Qwen-Image's normalisation, in patches before those of given pictures: (n, patches, channels, 1, rows, columns).

    A place of the latents is of eight pixels a side.
    """

    @override
    def unpack(self, latents: Any, size: tuple[int, int]) -> Any:
        n, _, channels, _, high, wide = latents.shape
        columns, rows = size[0] // (8 * wide), size[1] // (8 * high)
        patches = latents[:, : rows * columns].reshape(n, rows, columns, channels, high, wide)
        return patches.permute(0, 3, 1, 4, 2, 5).reshape(n, channels, rows * high, columns * wide)


def _squares(count: int, size: tuple[int, int]) -> tuple[int, int]:
    """Return rows and columns of ``count`` squares that fill a picture of the size (width, height)."""
    width, height = size
    side = (width * height / count) ** 0.5
    return round(height / side), round(width / side)


def _normalised(vae: Any, latents: Any) -> Any:
    mean = latents.new_tensor(vae.config.latents_mean).view(1, -1, 1, 1)
    deviation = latents.new_tensor(vae.config.latents_std).view(1, -1, 1, 1)
    return (latents - mean) / deviation

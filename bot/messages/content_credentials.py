"""What a file says of where it comes from, put into it as it leaves: label, watermark, signed manifest. Blocks."""

import io
import logging
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from time import monotonic

from PIL import Image, ImageDraw

from bot.config.schema import Provenance, SigningFiles
from bot.errors import ConfigError
from bot.messages.font import font
from bot.store import CERTIFICATES
from generation import Request, images, provenance

log = logging.getLogger(__name__)

WATERMARK = "watermark"  # folder beside the database
LABEL = "AI"  # the same in all languages, as the code of practice's icon
TOLD_EVERY = 3600.0  # seconds between two times that the operator is told
LABEL_SHARE, SMALLEST_LABEL = 0.035, 11  # of the shorter side, and pixels, that its letters are high
RESERVED = 12 * 2**10  # bytes of a manifest, with its picture's inputs and without these inputs' own manifests

Inputs = Sequence[provenance.Input]


class ContentCredentials:
    """Makes files ready to leave. A file that cannot be signed leaves all the same, and ``take_trouble`` says why."""

    def __init__(self, settings: Provenance, folder: Path) -> None:
        """Raises ConfigError if certificates, authorities or the watermark's files cannot be used."""
        self._settings = settings
        self._authority = provenance.Authority(folder / CERTIFICATES)
        self.watermark_folder = folder / WATERMARK
        self._trouble = ""
        self._told = float("-inf")
        self._signer: provenance.Signer | None = None
        try:
            self._own = _own(settings)
            self._trusted = provenance.read_authorities(settings.trusted) if settings.trusted else ""
            if settings.c2pa != "off":
                self._signer = provenance.Signer(self._credentials)
                self._credentials()
            if self._signer and isinstance(settings.c2pa, SigningFiles):
                _try(self._signer, settings.c2pa.certificates)
            self._mark_key = self._authority.mark_key() if settings.watermark else b""
        except (provenance.CertificateError, OSError) as error:
            raise ConfigError(f"provenance: {error}") from error
        if settings.watermark:
            self.check_watermark()

    def check_watermark(self) -> None:
        """Raise ConfigError if the watermark's files are not there."""
        if not self.marks:
            raise ConfigError(
                f"provenance.watermark: TrustMark's files are not in {self.watermark_folder}; "
                "run: python -m bot provenance --fetch"
            )

    @property
    def marks(self) -> bool:
        """Whether watermarks can be read: their files are there."""
        return provenance.has_watermark_files(self.watermark_folder)

    def _credentials(self) -> provenance.Credentials:
        return _own(self._settings) or self._authority.credentials()

    @property
    def signs_as(self) -> tuple[str, datetime]:
        """The name in the signer's certificate, and when another certificate is due."""
        credentials = self._credentials()
        return credentials.names[1], credentials.renew_at

    @property
    def own(self) -> tuple[Path, datetime] | None:
        """The operator's own certificates, and when the first of them ends; None if the bot makes them.

        Raises CertificateError if they cannot be read.
        """
        if not isinstance(self._settings.c2pa, SigningFiles):
            return None
        return self._settings.c2pa.certificates, self._credentials().ends_at

    @property
    def known(self) -> provenance.Known:
        """Whose signatures are known: those of this installation, now and before, and of whom the operator trusts."""
        anchors, names = self._authority.anchors(), self._authority.names()
        if self._own:
            anchors, names = anchors + self._own.anchor, (*names, self._own.names)
        return provenance.Known(anchors=anchors, names=names, trusted=self._trusted)

    def picture(
        self,
        png: bytes,
        request: Request,
        limit: int,
        *,
        model: str,
        when: datetime,
        prompt: bool,
    ) -> tuple[bytes, str]:
        """A finished picture as a file of about at most ``limit`` bytes, and its extension.

        ``request`` is that of the one picture and ``model`` its model's title. ``prompt`` says whether its member
        wishes the prompt in it.
        """
        prompt = prompt and self._settings.prompt
        when = _hour(when)
        if not prompt:
            png = provenance.with_parameters(png, images.parameters_text(request, prompt=False))
        inputs = read_inputs(request) if self._signer else ()

        def manifest(mark: str) -> provenance.Manifest:
            return provenance.describe_picture(request, model=model, when=when, prompt=prompt, mark=mark, inputs=inputs)

        return self._finished(png, limit, when, manifest, inputs)

    def original(self, data: bytes, request: Request, *, model: str, when: datetime) -> bytes:
        """A finished picture (PNG, JPEG, WebP) that another is made from: signed, and otherwise as it is."""
        inputs = read_inputs(request) if self._signer else ()
        manifest = provenance.describe_picture(request, model=model, when=_hour(when), prompt=False, inputs=inputs)
        return self._signed(data, manifest, inputs)

    def sheet(self, png: bytes, limit: int) -> tuple[bytes, str]:
        """A sheet that shows several pictures, as a file of about at most ``limit`` bytes, and its extension."""
        when = _hour(datetime.now(UTC))
        return self._finished(png, limit, when, lambda mark: provenance.describe_sheet(when, mark))

    def preview(self, data: bytes) -> bytes:
        """A picture (PNG, JPEG, WebP) that is not finished, signed."""
        return self._signed(data, provenance.describe_preview(_hour(datetime.now(UTC))))

    def made_at(self, mark: str) -> datetime | None:
        """The hour in which a picture with this watermark was made here; None if it is not ours."""
        return provenance.read_payload(mark, self._authority.mark_key()) if mark else None

    def take_trouble(self) -> str:
        """Why a file left unsigned; empty if none did, or if that was asked and answered within the hour."""
        if not self._trouble or monotonic() - self._told < TOLD_EVERY:
            return ""
        trouble, self._trouble, self._told = self._trouble, "", monotonic()
        return trouble

    def _finished(
        self,
        png: bytes,
        limit: int,
        when: datetime,
        manifest: Callable[[str], provenance.Manifest],
        inputs: Inputs = (),
    ) -> tuple[bytes, str]:
        """Labelled, marked, made to fit and signed last; ``manifest`` takes the watermark's bits."""
        if self._settings.label == "corner":
            png = _labelled(png)
        mark = ""
        if self._settings.watermark:
            png, mark = self._marked(png, provenance.write_payload(when, self._mark_key))
        reserved = RESERVED + sum(len(each.archives) for each in inputs) if self._signer else 0
        data, extension = images.under_limit(png, max(limit - reserved, limit // 2))
        return self._signed(data, manifest(mark), inputs), extension

    def _signed(self, data: bytes, manifest: provenance.Manifest, inputs: Inputs = ()) -> bytes:
        if self._signer is None:
            return data
        try:
            return self._signer.sign(data, manifest, inputs)
        except (provenance.SigningError, provenance.CertificateError, OSError) as error:
            log.error("a picture leaves unsigned: %s", error)
            self._trouble = str(error)
            return data

    def _marked(self, png: bytes, payload: str) -> tuple[bytes, str]:
        """The picture with its watermark; without one, and without its bits, if it cannot be marked."""
        try:
            return provenance.write_watermark(png, payload, self.watermark_folder), payload
        except OSError as error:
            log.error("a picture leaves without its watermark: %s", error)
            self._trouble = str(error)
            return png, ""


def read_inputs(request: Request) -> list[provenance.Input]:
    """What a request begins with, as far as it is there; nothing if what is opened is gone."""
    if not request.images or not request.images[0].exists():
        return []
    return [_input(path) for path in request.images if path.exists()]


def _input(path: Path) -> provenance.Input:
    manifests = path.with_suffix(provenance.MANIFESTS_SUFFIX)
    return provenance.Input(png=path.read_bytes(), archives=manifests.read_bytes() if manifests.exists() else b"")


def _try(signer: provenance.Signer, certificates: Path) -> None:
    """Sign something. Raises CertificateError if the operator's certificate is not for that."""
    file = io.BytesIO()
    Image.new("RGB", (16, 16)).save(file, "PNG")
    try:
        signer.sign(file.getvalue(), provenance.describe_preview(datetime.now(UTC)))
    except provenance.SigningError as error:
        raise provenance.CertificateError(
            f"{certificates}: cannot sign pictures ({error}); C2PA wants a certificate that an authority issued, with "
            "the extended key usage C2PA claim signing or e-mail protection, and its chain"
        ) from error


def _own(settings: Provenance) -> provenance.Credentials | None:
    """The operator's certificates. Raises CertificateError if they cannot be used."""
    if not isinstance(settings.c2pa, SigningFiles):
        return None
    return provenance.read_credentials(settings.c2pa.certificates, settings.c2pa.key)


def _hour(when: datetime) -> datetime:
    """The hour: more exactly, the time of a file would tell which message it is from."""
    return when.astimezone(UTC).replace(minute=0, second=0, microsecond=0)


def _labelled(png: bytes) -> bytes:
    """The picture with a label in its lower right corner, its texts kept."""
    with Image.open(io.BytesIO(png), formats=("PNG",)) as before:
        image = before.convert("RGB")
        pen = ImageDraw.Draw(image, "RGBA")
        letters = font(max(round(min(image.size) * LABEL_SHARE), SMALLEST_LABEL))
        gap = letters.size // 2
        right, bottom = image.width - gap, image.height - gap
        left, top, _, _ = pen.textbbox((right - gap, bottom - gap), LABEL, letters, anchor="rs")
        pen.rounded_rectangle((left - gap, top - gap, right, bottom), gap, fill=(0, 0, 0, 150))
        pen.text((right - gap, bottom - gap), LABEL, (255, 255, 255, 235), letters, anchor="rs")
        return provenance.encode_like(before, image)

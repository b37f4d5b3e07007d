"""One picture in flight: its events, and how it ends."""

import logging
from collections.abc import Callable
from time import monotonic
from typing import Any

import torch

from ..errors import GenerationError, ModelError
from ..events import Cancelled, Enlarging, Event, Failed, Finished, Noted, Preview, Progress, Started
from ..types import Picture
from .device import is_out_of_memory
from .preview import Previews
from .step_batcher import RunCancelled

log = logging.getLogger(__name__)

Emit = Callable[[Event], None]

TILES_EVERY = 0.5  # seconds between two reports of tiles
MAX_REASON = 300  # characters of what a library said
MAX_CUT = 300  # characters of a truncated prompt's end that are shown


class Run:
    """A picture in flight; exactly one terminal event is emitted for it."""

    def __init__(self, picture: Picture, emit: Emit, previews: Previews) -> None:
        """``emit`` is called in the engine's thread."""
        self.picture = picture
        self._emit = emit
        self._previews = previews
        self._began, self.previewed = monotonic(), previews.pacer.clock()
        self._step = 0
        self._told = 0.0
        self._ended = False
        #: ids of the model and LoRAs whose files were made sure to be here
        self.downloaded: set[str] = set()

    def work(self, make: Callable[["Run"], bytes]) -> None:
        """Make the picture's PNG and report how that ended; raises only if the device is lost."""
        self._began, self.previewed = monotonic(), self._previews.pacer.clock()
        self._say(Started)
        try:
            png = make(self)
        except RunCancelled:
            self.cancel()
        except GenerationError as error:
            self.end_with(error)
        except Exception as error:
            if is_out_of_memory(error):
                self.fail("The picture does not fit into the memory here; ask for a smaller size.")
            elif isinstance(error, torch.AcceleratorError):
                raise  # the device does not answer: this process must end, and another takes its place
            else:
                log.exception("picture %s failed", self.picture.id)
                self.fail("The model failed on this request; try other settings or another model.")
        else:
            self._end(Finished, png=png, seed=self.picture.request.seed, seconds=monotonic() - self._began)

    def note(self, template: str, **params: str | int | float) -> None:
        """Make a remark on the picture."""
        self._say(Noted, template=template, params=params)

    def note_truncation(self, words: str, *, negative: bool = False) -> None:
        """Say what of a prompt the model does not read, if there is any."""
        cut = words[:MAX_CUT]
        if words and negative:
            self.note(
                "This model reads only the beginning of a negative prompt this long; it left out: “{words}”.", words=cut
            )
        elif words:
            self.note("This model reads only the beginning of a prompt this long; it left out: “{words}”.", words=cut)

    def on_step(
        self, step: int, of: int, project: Callable[[], torch.Tensor] | None, passes: tuple[float, int] = (0.0, 0)
    ) -> None:
        """Report progress, and begin a preview now and then; ``project`` gives its pixels on the device.

        ``passes`` are the forward passes since the last step and the picture's rows in them.
        """
        if step > self._step:
            self._say(Progress, step=step, of=of, passes=passes[0], rows=passes[1])
            self._step = step
        if project:
            self._previews.offer(self, project)

    def on_tile(self, done: int, of: int) -> None:
        """Report how far enlarging is, now and then: beside a GPU a tile takes milliseconds."""
        if not self._ended and (not done or monotonic() - self._told >= TILES_EVERY):
            self._told = monotonic()
            self._say(Enlarging, done=done, of=of)

    def show(self, jpeg: bytes) -> None:
        """Send a preview, unless the picture has ended."""
        if not self._ended:
            self._say(Preview, jpeg=jpeg)

    def end_with(self, error: GenerationError) -> None:
        """End it with the error's sentence; why a model cannot be loaded goes to the operator, too."""
        cause = error.__cause__ if isinstance(error, ModelError) else None
        reason = f"{type(cause).__name__}: {cause}".partition("\n")[0][:MAX_REASON] if cause else ""
        self._end(Failed, template=error.template, params=error.params, reason=reason)

    def fail(self, template: str, **params: str | int | float) -> None:
        """End it with a sentence."""
        self._end(Failed, template=template, params=params)

    def cancel(self) -> None:
        """End it because nobody waits for it."""
        self._end(Cancelled)

    def _end(self, kind: type[Event], **fields: Any) -> None:
        self._ended = True
        self._say(kind, **fields)

    def _say(self, kind: type[Event], **fields: Any) -> None:
        self._emit(kind(picture_id=self.picture.id, attempt=self.picture.attempt, **fields))

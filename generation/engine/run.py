"""One picture on its way: what is said of it, and how it ends."""

import logging
from collections.abc import Callable
from time import monotonic
from typing import Any

import torch
from PIL import Image

from ..errors import GenerationError
from ..events import Cancelled, Event, Failed, Finished, Noted, Preview, Progress, Started
from ..images import encode_png
from ..types import Picture
from .step_batcher import RunCancelled, is_out_of_memory

log = logging.getLogger(__name__)

Emit = Callable[[Event], None]

MAX_CUT = 300  # characters of what was left out that are said


class PreviewPacer:
    """Paces the previews of all pictures in flight, so that they cost little however many these are."""

    EVERY = 0.25  # seconds between two previews of a picture
    SHARE = 0.01  # of the time, at most, for all together

    def __init__(self) -> None:
        self._next = 0.0
        #: seconds that one takes, by the fastest: the others were held up by what else the machine does
        self._cost = float("inf")

    def make(self, last: float, jpeg: Callable[[], bytes]) -> bytes | None:
        """A preview, where it is time for the picture whose last one was made at ``last``."""
        began = monotonic()
        if began < max(self._next, last + self.EVERY):
            return None
        made = jpeg()
        ended = monotonic()
        self._cost = min(self._cost, ended - began)
        self._next = ended + self._cost / self.SHARE
        return made


class Run:
    """A picture in flight; exactly one terminal event is emitted of it."""

    def __init__(self, picture: Picture, emit: Emit, previews: PreviewPacer) -> None:
        self.picture = picture
        self._emit = emit
        self._previews = previews
        self._began = self._previewed = monotonic()
        self._step = 0
        #: ids of the model and LoRAs whose files were made sure to be here
        self.downloaded: set[str] = set()

    def work(self, make: Callable[["Run"], Image.Image]) -> None:
        """Make the picture, and say how that ended. Runs in a greenlet of its own; raises nothing."""
        self._began = self._previewed = monotonic()
        self._say(Started)
        try:
            image = make(self)
            png = encode_png(image, self.picture.request)
        except RunCancelled:
            self.drop()
        except GenerationError as error:
            self.fail(error.template, **error.params)
        except torch.AcceleratorError:
            raise  # the device answers nothing any more: this process must end, and another take its place
        except Exception as error:
            if is_out_of_memory(error):
                self.fail("The picture does not fit into the memory here; ask for a smaller size.")
            else:
                log.exception("picture %s failed", self.picture.id)
                self.fail("The model failed on this request; try other settings or another model.")
        else:
            self._say(Finished, png=png, seed=self.picture.request.seed, seconds=monotonic() - self._began)

    def note(self, template: str, **params: str | int | float) -> None:
        """Say something of the picture."""
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

    def on_step(self, step: int, of: int, jpeg: Callable[[], bytes] | None) -> None:
        """Say how far it is, and show it now and then."""
        if step > self._step:
            self._say(Progress, step=step, of=of)
            self._step = step
        if jpeg and (made := self._previews.make(self._previewed, jpeg)):
            self._previewed = monotonic()
            self._say(Preview, jpeg=made)

    def fail(self, template: str, **params: str | int | float) -> None:
        """End it with a sentence."""
        self._say(Failed, template=template, params=params)

    def drop(self) -> None:
        """End it since nobody waits for it."""
        self._say(Cancelled)

    def _say(self, kind: type[Event], **fields: Any) -> None:
        self._emit(kind(picture_id=self.picture.id, attempt=self.picture.attempt, **fields))

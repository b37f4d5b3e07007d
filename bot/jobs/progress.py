"""Shows members how far their pictures are, by editing one message each: the latest wins, and never too often."""

import asyncio
import io
import logging
from collections.abc import Collection, Sized
from contextlib import suppress
from dataclasses import dataclass
from time import monotonic

import discord

from bot.jobs.delivery import DELIVERY_ERRORS, Edit
from bot.jobs.pace import Pace
from bot.jobs.rest_limit import RestLimit
from bot.jobs.waiting_time import describe_begun, describe_left, describe_place
from bot.messages.buttons import cancel_buttons
from bot.messages.content_credentials import ContentCredentials
from bot.moderation.output_filter import OutputFilter
from bot.store import JobRow, job_id_of
from bot.text.translate import speaker
from generation import Enlarging, Event, Finished, Preview, Progress, Service, Started

log = logging.getLogger(__name__)

BAR = 20  # characters
FIRST_REFRESH, LAST_REFRESH = 5.0, 60.0  # seconds after which the place in the queue is looked up; doubles each time
#: a second, of all jobs together: thousands that wait may not keep bot and Discord busy with their places
REFRESHES = 4.0


@dataclass(slots=True)
class _Shown:
    #: whether a worker has it
    begun: bool = False
    #: tiles enlarged, before the steps, after them or in place of them; None while it is not enlarged
    tiles: tuple[int, int] | None = None
    #: whether it is made, and looked at by the output filter
    checked: bool = False
    step: int = 0
    of: int = 0
    #: the newest preview, not looked at yet
    jpeg: bytes | None = None
    #: the newest that was looked at, if it may be shown
    passed: bytes | None = None


class _Follower:
    """One job's message."""

    def __init__(
        self,
        job: JobRow,
        service: Service,
        output_filter: OutputFilter,
        credentials: ContentCredentials,
        edit: Edit,
        pace: Pace,
        all_followed: Sized,
        limit: RestLimit | None,
    ) -> None:
        self._job = job
        self._all_followed = all_followed
        self._filter = output_filter
        self._credentials = credentials
        self._service = service
        self._edit = edit
        self._pace = pace
        self._limit = limit
        self._say = speaker(job.locale)
        self._notes = self._say.small_print(job.notes)
        self._shown = {picture.id: _Shown() for picture in job.pictures}
        self._changed = asyncio.Event()
        self._content = ""
        self._refresh = FIRST_REFRESH
        self._editing = asyncio.Lock()
        self._ended = False
        self._task = asyncio.create_task(self._run(), name=f"progress-{job.id}")

    def update(self, event: Event) -> None:
        """Take in what happened; the next edit shows it."""
        shown = self._shown[event.picture_id]
        shown.begun = True
        match event:
            case Enlarging():
                shown.tiles = event.done, event.of
            case Progress():
                shown.step, shown.of, shown.tiles = event.step, event.of, None
            case Finished():
                shown.checked = True
            case Preview():
                shown.jpeg = event.jpeg
        self._changed.set()

    async def end(self, last_words: str = "", *, uploading: bool = False) -> None:
        """Stop; an edit under way is finished first, since one that is cut off could still overtake the next.

        ``uploading`` shows that as the last stage, in an interaction's answer and only if no edit has to wait for it.

        Who comes while another ends it waits for that end, and says nothing more: by then the pictures may be there.
        """
        try:
            async with self._editing:
                self._task.cancel()
                await asyncio.gather(self._task, return_exceptions=True)
                if last_words and not self._ended:
                    with suppress(*DELIVERY_ERRORS):
                        await self._edit(content=self._say(last_words), attachments=[], view=None)
                elif uploading and not self._ended and not self._pace.counted and not self._pace.wait(monotonic()):
                    with suppress(*DELIVERY_ERRORS):
                        await self._edit(content=f"{self._say('Uploading …')}\n{self._notes}".strip())
                self._ended = True
        finally:  # also if nobody waits any longer, since the bot must stop and Discord does not answer
            self._task.cancel()

    async def _run(self) -> None:
        """Edit whenever something changed, as often as the pace allows, until the message is gone or the job done."""
        try:
            while True:
                await asyncio.sleep(self._pace.wait(monotonic()))
                if self._limit and self._pace.counted:
                    await self._limit.leisure()
                self._changed.clear()
                content = f"{self._describe()}\n{self._notes}".strip()
                if content != self._content:
                    self._content = content
                    previews = await self._previews()
                    async with self._editing:
                        # The announcement has the one Cancel of a public request.
                        public = self._job.token is not None and not self._job.private
                        view = None if public else cancel_buttons(self._job.id, self._say)
                        await self._edit(content=content, attachments=previews, view=view)
                await self._wait_for_change()
        except DELIVERY_ERRORS as error:
            log.info("progress of job %s is no longer shown: %s", self._job.id, error)

    async def _previews(self) -> list[discord.File]:
        """The previews that the output filter lets pass."""
        for shown in self._shown.values():
            if jpeg := shown.jpeg:
                shown.jpeg = None
                # Not broken off with this message: the process that looks would be ended with it.
                allowed = await asyncio.shield(self._filter.allows(self._job.channel_id, jpeg))
                shown.passed = await asyncio.to_thread(self._credentials.preview, jpeg) if allowed else None
        return [
            discord.File(
                io.BytesIO(shown.passed),
                f"preview-{place}.jpg",
                description=self._say("Preview, made with AI"),
                spoiler=self._job.spoiler,
            )
            for place, shown in enumerate(self._shown.values(), 1)
            if shown.passed
        ]

    async def _wait_for_change(self) -> None:
        running = any(shown.begun for shown in self._shown.values())
        try:
            pause = max(self._refresh, len(self._all_followed) / REFRESHES)
            async with asyncio.timeout(None if running else pause):
                await self._changed.wait()
        except TimeoutError:
            self._refresh = min(2 * self._refresh, LAST_REFRESH)

    def _describe(self) -> str:
        """The stage, how far it is, and how long it takes still."""
        say, all_shown = self._say, list(self._shown.values())
        begun = [shown for shown in all_shown if shown.begun]
        if not begun:
            return describe_place(say, self._service, next(iter(self._shown)))
        left = describe_left(say, self._service, self._shown)
        if all(shown.checked for shown in all_shown):
            return say("Checking your picture …") if len(all_shown) == 1 else say("Checking your pictures …")
        stepping = [shown for shown in begun if shown.of and not shown.tiles]
        if not stepping:
            return self._describe_other_stage(begun, left)
        running = [shown for shown in begun if shown.of]
        title = say.plural(
            "Making your picture",
            "Making your pictures, {running} of {n} begun",
            len(all_shown),
            running=len(running),
        )
        share = sum(shown.step / shown.of for shown in running) / len(all_shown)
        # Several pictures have no step in common, and one that begins seemed to jump to where the others are.
        done = f"{round(100 * share)}%"
        if len(all_shown) == 1:
            done = say("step {step} of {of}", step=running[0].step, of=running[0].of)
        return f"{title}\n{_bar(share)} {done} {left}".strip()

    def _describe_other_stage(self, begun: list[_Shown], left: str) -> str:
        """What is done before the first step or after the last one."""
        tiles = [shown.tiles for shown in begun if shown.tiles]
        if not tiles:
            return f"{describe_begun(self._say, self._service, self._shown)} {left}".strip()
        done, of = sum(done for done, _ in tiles), sum(of for _, of in tiles)
        return f"{self._say('Enlarging …')}\n{_bar(done / of)} {left}".strip()


def _bar(share: float) -> str:
    done = round(BAR * share)
    return f"`{'█' * done}{'░' * (BAR - done)}`"


class ProgressBoard:
    """All messages that are being edited."""

    def __init__(
        self,
        service: Service,
        output_filter: OutputFilter,
        credentials: ContentCredentials,
        limit: RestLimit | None = None,
    ) -> None:
        """``limit`` is what deliveries need too: edits that it counts wait while it is half used."""
        self._limit = limit
        self._service = service
        self._filter = output_filter
        self._credentials = credentials
        self._followers: dict[str, _Follower] = {}
        #: ids of jobs that have not ended, whose progress may be shown
        self._open: set[str] = set()

    def open(self, job_id: str) -> None:
        """The job's progress may be shown until ``end``."""
        self._open.add(job_id)

    def follow(self, job: JobRow, edit: Edit, pace: Pace) -> None:
        """Show the job's progress, above the notes on what was received and rounded; not if it has ended."""
        if job.id not in self._open:
            return
        self._followers[job.id] = _Follower(
            job, self._service, self._filter, self._credentials, edit, pace, self._followers, self._limit
        )

    def update(self, event: Event) -> None:
        """Show what happened to a picture, if its job is followed."""
        follower = self._followers.get(job_id_of(event.picture_id))
        if follower and isinstance(event, Started | Enlarging | Progress | Preview | Finished):
            follower.update(event)

    async def end(self, job_id: str, last_words: str = "", *, uploading: bool = False) -> None:
        """Stop editing; when this returns, no edit is under way, whoever else ended it."""
        self._open.discard(job_id)
        if follower := self._followers.get(job_id):
            await follower.end(last_words, uploading=uploading)
            self._followers.pop(job_id, None)

    async def close(self, last_words: str = "", but: Collection[str] = ()) -> None:
        """Stop editing all but some jobs' messages; ``last_words``, a sentence to be translated, remain in them."""
        await asyncio.gather(*(self.end(job_id, last_words) for job_id in self._followers.keys() - set(but)))

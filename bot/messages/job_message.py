"""What a job's message contains: the words above its pictures, the pictures within the upload limit, alt text."""

import io

import discord

from bot.messages.contact_sheet import contact_sheet
from bot.messages.content_credentials import ContentCredentials
from bot.messages.costs import Costs, costs_of
from bot.requests.loras import write_loras
from bot.requests.sizes import pixels
from bot.store import Files, JobRow, PictureRow, State
from bot.text.sanitize import escape_for_discord
from bot.text.translate import Speaker, speaker
from generation import Catalogue, Task
from generation.provenance import has_manifest

COMPARISON = "criar-strengths"  # name of the file that compares strengths
MAX_PROMPT_SHOWN = 400  # characters: a few lines on a phone; Details has more
MAX_ALT_TEXT = 950  # characters of a prompt; with the rest it stays within Discord's 1,024


class JobMessage:
    """Puts together what members see of a job."""

    def __init__(self, files: Files, catalogue: Catalogue, credentials: ContentCredentials) -> None:
        self._files = files
        self._catalogue = catalogue
        self._credentials = credentials

    def costs_of(self, job: JobRow) -> Costs:
        """What can be done with the job's pictures, and what that costs."""
        return costs_of(self._catalogue, job)

    def files(self, job: JobRow, limit: int, *, prompt: bool) -> list[discord.File]:
        """The finished pictures, each within ``limit`` bytes, named, described and signed; blocks.

        ``prompt`` says whether the member wishes the prompt in them. Raises FileNotFoundError if a picture's file is
        gone.
        """
        if job.request.strengths and job.of_state(State.FINISHED):
            return [self._compared(job, limit)]
        return [
            self.file(job, row, self._files.picture(row.id).read_bytes(), limit, prompt=prompt)
            for row in job.of_state(State.FINISHED)
        ]

    def file(self, job: JobRow, row: PictureRow, png: bytes, limit: int, *, prompt: bool) -> discord.File:
        """A finished picture as ``files`` has it; blocks."""
        data, extension = self.encode(job, row, png, limit, prompt=prompt)
        return self.sent_file(job, row, data, f"{self.name(job, row)}.{extension}")

    def encode(self, job: JobRow, row: PictureRow, png: bytes, limit: int, *, prompt: bool) -> tuple[bytes, str]:
        """A finished picture's bytes as they leave, and their extension; blocks."""
        return self._credentials.picture(
            png, job.request.of_picture(row.place), limit, model=self._catalogue.title(job.request.model),
            when=job.created_at, prompt=prompt,
        )  # fmt: skip

    def sent_file(self, job: JobRow, row: PictureRow, data: bytes, name: str) -> discord.File:
        """A finished picture that left before, as it is."""
        return discord.File(io.BytesIO(data), name, description=self.alt_text(job, row), spoiler=job.spoiler)

    def signed(self, job: JobRow, row: PictureRow, data: bytes) -> bytes:
        """A finished picture with the manifest that names how it was made, for what is made from it; blocks."""
        if has_manifest(data):
            return data
        return self._credentials.original(
            data, job.request.of_picture(row.place), model=self._catalogue.title(job.request.model), when=job.created_at
        )

    def _compared(self, job: JobRow, limit: int) -> discord.File:
        """The input and the picture of each strength as one strip; blocks."""
        say, request = speaker(job.locale), job.request
        before = request.images[0].read_bytes() if request.images[0].exists() else None
        tiles: list[tuple[bytes | None, str]] = [(before, say("before"))]
        rows = {row.place: row for row in job.of_state(State.FINISHED)}
        for place, strength in enumerate(request.strengths):
            data = self._files.picture(rows[place].id).read_bytes() if place in rows else None
            tiles.append((data, say.number(strength)))
        data, extension = self._credentials.sheet(contact_sheet(tiles), limit)
        shown = ", ".join(say.number(strength) for strength in request.strengths)
        text = say(
            "The same picture before, and changed with AI at the strengths {shown}: {prompt}",
            shown=shown,
            prompt=request.prompt[: MAX_ALT_TEXT // 2],
        )
        return discord.File(io.BytesIO(data), f"{COMPARISON}.{extension}", description=text, spoiler=job.spoiler)

    def name(self, job: JobRow, row: PictureRow) -> str:
        """A picture's file name without its ending, by which it is found again in its message."""
        return f"criar-{row.place + 1}-{job.seed_of(row)}"

    def alt_text(self, job: JobRow, row: PictureRow) -> str:
        """The picture in words, for those who cannot see it."""
        say = speaker(job.locale)
        if job.request.task is Task.UPSCALE and not job.request.prompt:
            return say("An enlarged picture, made with AI")
        return say(
            "{prompt} (seed {seed}), made with AI", prompt=job.request.prompt[:MAX_ALT_TEXT], seed=job.seed_of(row)
        )

    def title(self, say: Speaker, job: JobRow) -> str:
        """The prompt, and who asked for it."""
        prompt = escape_for_discord(job.request.prompt, MAX_PROMPT_SHOWN) or say("enlarge")
        return say("**{prompt}** for {member}", prompt=prompt, member=f"<@{job.user_id}>")

    def describe(self, job: JobRow, alone: PictureRow | None = None) -> str:
        """The text above the pictures, or above a single one: the prompt, for whom, with what, what is missing."""
        say = speaker(job.locale)
        request = job.request.of_picture(alone.place) if alone else job.request
        rows = [alone] if alone else job.of_state(State.FINISHED)
        seeds = ", ".join(dict.fromkeys(str(job.seed_of(row)) for row in rows))
        facts = [self._catalogue.title(request.model), pixels(request.width, request.height)]
        if request.task is Task.UPSCALE and request.prompt:
            facts.append(say("enlarged"))
        if request.loras:
            facts.append(write_loras(request.loras))
        if request.strength is not None:
            facts.append(say("strength {strength}", strength=say.number(request.strength)))
        if request.strengths:
            shown = ", ".join(say.number(strength) for strength in request.strengths)
            facts.append(say("strengths {shown}", shown=shown))
        if seeds and request.task is not Task.UPSCALE:
            facts.append(say("seed {seeds}", seeds=seeds))
        facts.append(say("made with AI"))
        lines = [self.title(say, job), f"-# {' · '.join(facts)}"]
        # Unless there is a private answer beside it that says so.
        if not alone and (job.private or job.token is None) and job.notes:
            lines.append(say.small_print(job.notes))
        return "\n".join([*lines, *([] if alone else self.missing(say, job))])

    def missing(self, say: Speaker, job: JobRow) -> list[str]:
        """What to say of the pictures that are not there."""
        lines = []
        if cancelled := len(job.of_state(State.CANCELLED)):
            lines.append(
                say.plural(
                    "{n} picture was cancelled and not counted.", "{n} were cancelled and not counted.", cancelled
                )
            )
        if failed := len(job.of_state(State.FAILED)):
            lines.append(
                say.plural(
                    "{n} picture failed and was not counted:", "{n} pictures failed and were not counted:", failed
                )
            )
            lines += sorted({say.sentence(row.reason) for row in job.of_state(State.FAILED) if row.reason})
        return lines

"""Who used what, as lines, as a picture and as a file for a spreadsheet."""

import asyncio
import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import accumulate, groupby
from zoneinfo import ZoneInfo

from PIL import Image, ImageDraw

from bot.messages.font import font
from bot.quota import day_of
from bot.store import DayUsed, Used
from bot.text.translate import Speaker

MOST_LISTED = 15  # members
MAX_LISTED = 1800  # characters; with the rest it stays within a message's 2,000
MOST_COLOURS = 6  # models; further ones share the last colour
MAX_NAME = 18  # characters
FORMULA = "=+-@\t\r"  # begins what a spreadsheet would calculate
MAX_ALT_TEXT = 1000  # characters
WIDTH, ROW, EDGE, NUMBER, COUNT = 1100, 44, 24, 260, 110  # pixels
PAPER, INK = "#17181c", "#ffffff"
COLOURS = ("#5b8def", "#f0a04b", "#5cc08a", "#d96ba0", "#a98bea", "#9aa0ac")


@dataclass(frozen=True, slots=True)
class Member:
    """What one member made: images by model, most first."""

    user_id: int
    models: tuple[tuple[str, int], ...]

    @property
    def images(self) -> int:
        """With all models."""
        return sum(images for _, images in self.models)


@dataclass(frozen=True, slots=True)
class Report:
    """The same numbers, said, drawn and listed."""

    text: str
    alt_text: str
    png: bytes
    csv: bytes


def since(now: datetime, days: int, zone: ZoneInfo) -> str:
    """The first of ``days`` days of which today is the last."""
    return day_of(now - timedelta(days=days - 1), zone)


async def usage_report(
    say: Speaker, used: Sequence[Used], by_day: Sequence[DayUsed], day: str, names: Mapping[int, str]
) -> Report:
    """The report of what was used since a day, those who used most first; ``used`` is ordered so.

    ``names`` are those of members, as far as they are known.
    """
    members = [
        Member(user_id, tuple((row.model, row.images) for row in rows))
        for user_id, rows in groupby(used, key=lambda row: row.user_id)
    ]
    everything = sum(member.images for member in members)
    title = say.plural("{n} image since {day}", "{n} images since {day}", everything, day=day)
    lines = [f"**{number}.** <@{member.user_id}> {_numbers(member)}" for number, member in enumerate(members, 1)]
    ends = accumulate(len(line) + 1 for line in lines)
    listed = [line for line, end in zip(lines, ends, strict=True) if end < MAX_LISTED][:MOST_LISTED]
    if more := len(lines) - len(listed):
        listed.append(say.plural("{n} more member is in the file.", "{n} more members are in the file.", more))
    spoken = "; ".join(
        " ".join(filter(None, [f"{number}.", names.get(member.user_id, "")[:MAX_NAME], _numbers(member)]))
        for number, member in enumerate(members[:MOST_LISTED], 1)
    )
    return Report(
        text="\n".join([f"**{title}**", *listed]),
        alt_text=f"{title}: {spoken}"[:MAX_ALT_TEXT],
        png=await asyncio.to_thread(_draw, title, members[:MOST_LISTED], names),
        csv=_table(by_day, names),
    )


def _numbers(member: Member) -> str:
    return f"{member.images} ({', '.join(f'{model} {images}' for model, images in member.models[:MOST_COLOURS])})"


def _table(by_day: Sequence[DayUsed], names: Mapping[int, str]) -> bytes:
    file = io.StringIO()
    writer = csv.writer(file)
    writer.writerow(("day", "server_id", "user_id", "name", "model", "images", "seconds"))
    for row in by_day:
        name = names.get(row.user_id, "").lstrip(FORMULA)
        writer.writerow((row.day, row.guild_id or "", row.user_id, name, row.model, row.images, row.seconds))
    return file.getvalue().encode()


def _draw(title: str, members: Sequence[Member], names: Mapping[int, str]) -> bytes:
    """A bar for each member, with number and name, in the colours of the models; blocks."""
    totals: dict[str, int] = {}
    for member in members:
        for model, images in member.models:
            totals[model] = totals.get(model, 0) + images
    models = sorted(totals, key=lambda model: -totals[model])
    colour = {model: COLOURS[min(place, MOST_COLOURS - 1)] for place, model in enumerate(models)}
    legend = models[:MOST_COLOURS]
    whole = Image.new("RGB", (WIDTH, 2 * EDGE + ROW * (2 + len(members) + len(legend))), PAPER)
    pen, letters = ImageDraw.Draw(whole), font(22)
    pen.text((EDGE, EDGE), title, INK, letters)
    longest = max((member.images for member in members), default=1)
    scale = (WIDTH - 2 * EDGE - NUMBER - COUNT) / longest
    for place, member in enumerate(members):
        middle = EDGE + ROW * (place + 1.5)
        name = names.get(member.user_id, "")[:MAX_NAME]
        pen.text((EDGE, middle), f"{place + 1}. {name}", INK, letters, anchor="lm")
        left = float(EDGE + NUMBER)
        for model, images in member.models:
            pen.rectangle((left, middle - ROW / 3, left + images * scale, middle + ROW / 3), fill=colour[model])
            left += images * scale
        pen.text((left + 12, middle), str(member.images), INK, letters, anchor="lm")
    for place, model in enumerate(legend):
        middle = EDGE + ROW * (len(members) + 2 + place)
        pen.rectangle((EDGE, middle - 10, EDGE + 20, middle + 10), fill=colour[model])
        others = place == MOST_COLOURS - 1 and len(models) > MOST_COLOURS
        pen.text((EDGE + 36, middle), f"{model} …" if others else model, INK, letters, anchor="lm")
    file = io.BytesIO()
    whole.save(file, "PNG")
    return file.getvalue()

"""The report of what was used, as a picture and as a file."""

import csv
import io

from PIL import Image, ImageChops

from bot.messages.usage_report import EDGE, NUMBER, usage_report
from bot.store import DayUsed, Used
from bot.text.translate import speaker

USED = [Used(user_id=1, model="criar-embedded", images=7), Used(user_id=2, model="sdxl", images=3)]
DAYS = [
    DayUsed(day=f"2026-01-0{day}", guild_id=9, user_id=used.user_id, model=used.model, images=1, seconds=2.5)
    for used in USED
    for day in (1, 2)
]


async def test_members_are_named_in_picture_text_and_file() -> None:
    """Finding 18: names stand left of the bars, in the alt text and in the file, which has days, server and seconds."""
    say = speaker("en-US")
    plain = await usage_report(say, USED, DAYS, "2026-01-01", {})
    named = await usage_report(say, USED, DAYS, "2026-01-01", {1: "Ana", 2: "Otto"})
    changed = ImageChops.difference(*(Image.open(io.BytesIO(each.png)) for each in (plain, named))).getbbox()
    assert changed is not None
    assert changed[0] >= EDGE
    assert changed[2] < EDGE + NUMBER
    assert "1. Ana 7 (criar-embedded 7); 2. Otto 3 (sdxl 3)" in named.alt_text
    rows = list(csv.DictReader(io.StringIO(named.csv.decode())))
    assert [(row["day"], row["server_id"], row["name"], row["seconds"]) for row in rows[1:3]] == [
        ("2026-01-02", "9", "Ana", "2.5"),
        ("2026-01-01", "9", "Otto", "2.5"),
    ]

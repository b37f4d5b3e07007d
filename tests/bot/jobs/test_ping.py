"""Whom the bot pings when pictures are ready."""

from dataclasses import replace
from datetime import timedelta

import pytest

from bot.jobs.ping import MANY, Pinger, Traffic
from bot.messages.delivery_notices import Brought, Way
from bot.store import Ping

from .stage import Stage, finished


@pytest.mark.parametrize(
    ("choice", "waited", "later", "way", "pinged"),
    [
        (None, 0, 0, Way.HERE, False),
        (None, 61, 0, Way.HERE, True),
        (None, 0, MANY, Way.HERE, True),
        (None, 61, 0, Way.DIRECTLY, False),
        (Ping.NEVER, 61, MANY, Way.HERE, False),
        (Ping.ALWAYS, 0, 0, Way.HERE, True),
    ],
)
async def test_a_member_is_pinged_after_a_minute_or_much_talk_unless_they_chose_otherwise(
    stage: Stage, choice: Ping | None, waited: int, later: int, way: Way, pinged: bool
) -> None:
    """Only where the pictures stand in the channel, and nobody but that member."""
    job = await stage.ask()
    await stage.hands.happen(finished(job))
    before = len(await stage.delivered(job))
    job = await stage.now(job)
    job = replace(job, created_at=job.created_at - timedelta(seconds=waited))
    await stage.store.preferences.change(job.user_id, ping=choice)
    traffic = Traffic()
    for number in range(1, later + 1):
        traffic.saw(job.channel_id, (job.message_id or 0) + number)
    await Pinger(stage.client, stage.store, traffic).ping(job, Brought(way=way))
    sent = stage.local.messages()[before:]
    assert [message.content.startswith(f"<@{job.user_id}>") for message in sent] == [True] * pinged

"""A ban does the same wherever it comes from."""

import discord
import pytest

from bot.config import Config
from bot.config.schema import Storage
from bot.store import Change, Store

from .stage import Stage


@pytest.mark.parametrize("elsewhere", [False, True], ids=["slash command", "command line"])
async def test_a_ban_cancels_what_its_member_has_waiting(stage: Stage, elsewhere: bool) -> None:
    """It leaves the queue, counts as nothing, and its message says so; the next request is refused."""
    job = await stage.ask(pictures=2)
    now = discord.utils.utcnow()
    change = Change(actor_id=1, guild_id=None, user_id=job.user_id, reason="spam", at=now, by_operator=True)
    if elsewhere:
        store = Store(Config(storage=Storage(folder=stage.store.files.inputs.parent)))
        await store.open()
        await store.bans.ban(change)
        await store.close()
        await stage.manager.enforce_bans()
    else:
        await stage.manager.ban(change)
    await stage.delivered(job)
    assert sorted(stage.hands.cancelled) == [f"{job.id}:0", f"{job.id}:1"]
    assert await stage.used() == 0
    assert stage.store.bans.banned(job.user_id, job.guild_id)


async def test_a_ban_in_a_server_leaves_what_waits_elsewhere(stage: Stage) -> None:
    """An admin's ban holds in the admin's server."""
    job = await stage.ask()
    change = Change(actor_id=1, guild_id=1, user_id=job.user_id, at=discord.utils.utcnow(), by_operator=False)
    await stage.manager.ban(change)
    assert stage.hands.cancelled == []
    assert not stage.store.bans.banned(job.user_id, job.guild_id)

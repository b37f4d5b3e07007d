"""What a slash command and the command line both do is one thing: the same change, and the same audit entry."""

import re
from datetime import timedelta
from pathlib import Path
from typing import Any

import discord
import pytest

from bot.quota import Person
from bot.store import Change, Rule, Strike
from tests.bot.command_line import criar_here

from .rig import Rig
from .test_quota_admin import ask

#: by name: the slash command with its options, and the words of the command line between the command and the member
WAYS: dict[str, tuple[str, dict[str, Any], list[str], list[str]]] = {
    "ban": ("moderation ban", {"days": 2}, ["quota", "ban"], ["--days", "2"]),
    "unban": ("moderation unban", {}, ["quota", "unban"], []),
    "set": ("quota-admin set", {"images_per_day": 7}, ["quota", "set"], ["7"]),
    "unset": ("quota-admin set", {}, ["quota", "unset"], []),
    "grant": ("quota-admin grant", {"images": 9, "days": 3}, ["quota", "grant"], ["9", "--days", "3"]),
    "take grants back": ("quota-admin grant", {"images": 0}, ["quota", "grant"], ["0"]),
    "reset": ("quota-admin reset", {}, ["quota", "reset"], []),
    "plan": ("quota-admin plan", {"plan": "gold"}, ["quota", "plan"], ["gold"]),
    "lift": ("moderation lift", {}, ["strikes", "lift"], []),
}


@pytest.fixture
def config(rig: Rig, tmp_path: Path) -> str:
    """A file that names the running bot's database."""
    path = tmp_path / "config.toml"
    path.write_text(f'[storage]\nfolder = "{rig.client.config.storage.folder}"\n[plans.free]\n[plans.gold]\n')
    return str(path)


async def newcomer(rig: Rig, what: str) -> int:
    """A member whom no other test knows, with a ban, a limit, a grant or a strike that can be taken away."""
    member = rig.local.world.add_member(f"both{len(rig.members)}")
    now = discord.utils.utcnow()
    change = Change(actor_id=1, guild_id=None, user_id=member, at=now, by_operator=True)
    if what == "unban":
        await rig.store.bans.ban(change)
    await rig.store.quotas.set_limit(change, 11)
    await rig.store.quotas.grant(change, 5, now + timedelta(days=1))
    strike = Strike(
        interaction_id=member, user_id=member, guild_id=None, rule=Rule.OPERATOR, word="zebra", prompt="a zebra", at=now
    )
    await rig.store.strikes.add(strike)
    return member


async def state(rig: Rig, member: int) -> tuple[object, ...]:
    """What counts for the member now, and the latest line about them, without who and when."""
    now = discord.utils.utcnow()
    await rig.store.bans.refresh()
    ban = rig.store.bans.of(member, None)
    allowed = await rig.store.allowance(Person(user_id=member, guild_id=None), now)
    (entry,) = await rig.store.audit.page(None, None, 1)
    (strike,) = await rig.store.strikes.latest(1, user_id=member)
    assert entry.user_id == member
    banned = ban and (ban.reason, ban.ends_at and ban.ends_at - ban.at)
    detail = re.sub(r"\d{4}-\d\d-\d\d \d\d:\d\d UTC", "TIME", entry.detail)
    return (
        banned, allowed.limit, allowed.granted, allowed.plan, strike.lifted,
        entry.action, detail, entry.guild_id, entry.reason,
    )  # fmt: skip


@pytest.mark.parametrize("what", WAYS)
async def test_both_ways_do_the_same(rig: Rig, config: str, what: str) -> None:
    """An operator's slash command and the command line leave the same state and the same line in the audit log."""
    path, options, words, values = WAYS[what]
    one, other = await newcomer(rig, what), await newcomer(rig, what)
    await ask(rig, "oscar", path, member=one, reason="both ways", **options)
    by_slash = await state(rig, one)
    code, said = await criar_here(*words, str(other), *values, "--reason", "both ways", "--config", config)
    assert code == 0, said
    assert await state(rig, other) == by_slash

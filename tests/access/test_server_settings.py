"""/server settings, from the page and its modals to what counts for members afterwards."""

from collections.abc import AsyncIterator
from functools import partial
from typing import Any

import discord
import pytest
from simcord.backend.models import Overwrite
from simcord.enums import OverwriteType

from bot.store import Blocking, Change, Ping, Replies, ServerPolicy
from sandbox.people import Asked

from .rig import Rig
from .test_quota_admin import ask, custom_id

WHERE, HOW = "Where, for whom, which models", "How and how much"


@pytest.fixture
async def server(rig: Rig) -> AsyncIterator[Rig]:
    """The server without choices, and again so afterwards."""
    yield rig
    change = by_admin(rig)
    for channel in (0, rig.local.world.channel_id):
        await rig.store.policies.set(change, ServerPolicy(), channel)
    await rig.store.key_values.set_replies(rig.local.world.guild_id, Replies.INSTRUCTIONS)
    await rig.store.quotas.set_budget(change, None)


def by_admin(rig: Rig) -> Change:
    now, world = discord.utils.utcnow(), rig.local.world
    return Change(actor_id=rig.members["adam"], guild_id=world.guild_id, at=now, by_operator=False)


async def choose(rig: Rig, **policy: Any) -> None:
    await rig.store.policies.set(by_admin(rig), ServerPolicy(**policy))


async def send(rig: Rig, page: Asked, label: str, fields: dict[str, Any]) -> Asked:
    """Open a modal of the page and send it."""
    admin = rig.members["adam"]
    assert page.message
    shown = rig.local.people.press(admin, page.message, custom_id(page.message, label))
    await rig.settle(lambda: shown.record.modal)
    sent = rig.local.people.submit(admin, shown, fields)
    await rig.settle(lambda: sent.record.responded)
    return sent


async def test_an_admin_chooses_where_for_whom_and_which_models(server: Rig) -> None:
    """The choices stand on the page and in the audit, and are filled in when the modal is opened again."""
    world = server.local.world
    role = world.backend.create_role(world.guild_id, "Artists").id
    page = await ask(server, "adam", "server settings")
    assert "**Channels**: all" in page.content
    fields = {
        "channels": [str(world.channel_id)], "roles": [str(role)], "model": "criar-embedded",
        "models": "criar-*, flux-kontext", "blocking": ["strict"],
    }  # fmt: skip
    await send(server, page, WHERE, fields)
    await server.settle(lambda: f"**Channels**: <#{world.channel_id}>" in page.content)
    chosen = ServerPolicy(
        channels=(world.channel_id,), roles=(role,), model="criar-embedded", models=("criar-*", "flux-kontext"),
        blocking=Blocking.STRICT,
    )  # fmt: skip
    assert server.store.policies.own(world.guild_id) == chosen
    assert "**Blocked pictures**: nudity" in page.content
    (entry,) = await server.store.audit.page(world.guild_id, None, 1)
    assert (entry.action, entry.actor_id) == ("settings", server.members["adam"])
    assert "blocking strict" in entry.detail
    await send(server, page, WHERE, {"blocking": ["tight"]})
    await server.settle(lambda: "also what may only look like nudity" in page.content)
    assert server.store.policies.own(world.guild_id).models == chosen.models


async def test_an_admin_chooses_how_and_how_much(server: Rig) -> None:
    """Replies, ping, language, slow mode and the day's budget are one modal; the budget counts at once."""
    guild = server.local.world.guild_id
    page = await ask(server, "adam", "server settings")
    fields = {
        "replies": ["mentions"], "ping": ["never"], "language": ["pt-BR"], "slow_mode": "30", "images_per_day": "7",
    }  # fmt: skip
    await send(server, page, HOW, fields)
    await server.settle(lambda: "30 s entre dois pedidos" in page.content)  # the page follows the language, too
    policy = server.store.policies.own(guild)
    assert (policy.ping, policy.language, policy.slow_mode) == (Ping.NEVER, "pt-BR", 30)
    assert await server.store.key_values.replies(guild) is Replies.MENTIONS
    assert await server.store.quotas.budget(by_admin(server)) == 7


async def test_what_cannot_be_is_refused_and_changes_nothing(server: Rig) -> None:
    """A model that there is not, or words for a number, is one sentence; the page stays as it was."""
    page = await ask(server, "adam", "server settings")
    for label, fields in ((WHERE, {"models": "criar-*, nonsense-*"}), (HOW, {"slow_mode": "often"})):
        refused = await send(server, page, label, fields)
        await server.settle(partial(getattr, refused.record, "followup_ids"))
        assert refused.reply
        assert refused.reply.is_ephemeral
        assert "nonsense" in refused.reply.content or "slow_mode must be a whole number" in refused.reply.content
    assert server.store.policies.own(server.local.world.guild_id) == ServerPolicy()


async def test_a_channel_differs_from_its_server(server: Rig) -> None:
    """What is left open in a channel is the server's; a thread has its channel's."""
    world = server.local.world
    await choose(server, slow_mode=30, language="es-ES")
    page = await ask(server, "olga", "server settings", channel=world.channel_id)
    assert "como en el servidor" in page.content
    fields = {"slow_mode": "0", "blocking": ["tight"]}
    shown = server.local.people.press(server.members["olga"], page.message, custom_id(page.message, "Cambiar"))  # type: ignore[arg-type]
    await server.settle(lambda: shown.record.modal)
    server.local.people.submit(server.members["olga"], shown, fields)
    await server.settle(lambda: server.store.policies.own(world.guild_id, world.channel_id) != ServerPolicy())
    here = server.store.policies.of(world.guild_id, (99, world.channel_id))
    assert (here.slow_mode, here.blocking, here.language) == (0, Blocking.TIGHT, "es-ES")
    assert server.store.policies.of(world.guild_id, (98,)).slow_mode == 30


async def test_pictures_are_asked_for_only_where_and_by_whom_the_admins_want(server: Rig) -> None:
    """Elsewhere and for others one private sentence says so; nothing is made, and replies there are left alone."""
    world = server.local.world
    other = world.backend.create_channel(world.guild_id, "art").id
    await choose(server, channels=(other,))
    refused = await ask(server, "ana", "txt2img", prompt="a cat")
    assert f"try <#{other}>" in refused.content
    before = server.service.asked[server.members["ana"]]
    asked = server.slash(server.members["ana"], other, "txt2img", {"prompt": "a cat"})
    await server.settle(lambda: server.service.asked[server.members["ana"]] > before)
    assert "I make no pictures" not in asked.content
    role = world.backend.create_role(world.guild_id, "Painters").id
    await choose(server, roles=(role,))
    assert f"such as <@&{role}>" in (await ask(server, "ana", "txt2img", prompt="a cat")).content


async def test_the_admins_models_are_offered_and_others_refused(server: Rig) -> None:
    """Who names no model gets the first allowed one; a model that is not allowed is refused and not suggested."""
    world, ana = server.local.world, server.members["ana"]
    await choose(server, models=("flux-*",))
    refused = await ask(server, "ana", "txt2img", prompt="a cat", model="criar-embedded")
    assert "do not allow the model criar-embedded" in refused.content
    suggested = server.local.people.autocomplete(ana, world.channel_id, "img2img", "model", "", {})
    await server.settle(lambda: suggested.record.responded)
    assert "criar-embedded" not in {choice["value"] for choice in suggested.record.autocomplete_choices or ()}


async def test_slow_mode_lets_a_member_ask_again_after_a_while(server: Rig) -> None:
    """The second request within the time says when to come back, and is not counted; others may ask."""
    await choose(server, slow_mode=600)
    world = server.local.world
    world.add_member("hasty")
    before = server.service.asked[server.members["hasty"]]
    await ask(server, "hasty", "txt2img", prompt="a cat")
    await server.settle(lambda: server.service.asked[server.members["hasty"]] > before)
    assert "Slow mode is on here" in (await ask(server, "hasty", "txt2img", prompt="a cat")).content
    assert server.service.asked[server.members["hasty"]] == before + 1
    assert "1 of 100000 images used" in (await ask(server, "hasty", "quota")).content


async def test_who_chose_no_language_is_answered_in_the_server_s(server: Rig) -> None:
    """A member's own choice comes first, then the server's, then their Discord's."""
    await choose(server, language="es-ES")
    assert "imágenes" in (await ask(server, "otto", "quota")).content
    await ask(server, "otto", "settings", language="en-US")
    assert "images used today" in (await ask(server, "otto", "quota")).content
    await ask(server, "otto", "settings", reset=True)


async def test_choices_outlive_a_restart(server: Rig) -> None:
    """What stands in the database is what counted before."""
    await choose(server, channels=(1, 2), models=("a*",), blocking=Blocking.TIGHT, slow_mode=5)
    before = server.store.policies.own(server.local.world.guild_id)
    await server.store.policies.refresh()
    assert server.store.policies.own(server.local.world.guild_id) == before


async def test_an_admin_announces_news(rig: Rig) -> None:
    """The words stand in the chosen channel with the admin's name, ping nobody, and are in the audit log."""
    world, backend = rig.local.world, rig.local.world.backend
    news = backend.create_channel(world.guild_id, "news").id
    said = await ask(rig, "adam", "server announce", text="I am away on Sunday, @everyone.", channel=news)
    assert f"It is announced in <#{news}>." in said.content
    (message,) = backend.messages[news].values()
    assert message.content == f"📣 I am away on Sunday, @everyone.\n-# <@{rig.members['adam']}>"
    assert not message.mention_everyone
    (entry,) = await rig.store.audit.page(world.guild_id, None, 1)
    assert (entry.action, entry.detail, entry.reason[:9]) == ("announce", str(news), "I am away")


@pytest.mark.parametrize(("who", "words"), [("adam", "You may not write"), ("bot", "I may not write")])
async def test_nothing_is_announced_where_the_admin_or_the_bot_may_not_write(rig: Rig, who: str, words: str) -> None:
    """An admin does not speak through the bot where they may not speak themselves."""
    backend = rig.local.world.backend
    closed = backend.create_channel(rig.local.world.guild_id, "closed").id
    person = backend.bot_user.id if who == "bot" else rig.members[who]
    backend.set_overwrite(
        closed, Overwrite(person, OverwriteType.MEMBER, deny=discord.Permissions(send_messages=True).value)
    )
    said = await ask(rig, "adam", "server announce", text="News", channel=closed)
    assert words in said.content
    assert not backend.messages.get(closed)

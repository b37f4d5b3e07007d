"""The real bot in this process, on a local Discord; only the worker is replaced, for here is asked who may do what."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import replace

import discord
import pytest
from discord.gateway import DiscordWebSocket

from bot.background.audit_feed import post_audit_regularly
from bot.client import use_local_discord
from bot.config import Config
from bot.config.schema import Discord, Flooding, Generation, Plan, Quota, Server, Storage
from bot.dispatch import Dispatcher
from bot.messages.content_credentials import ContentCredentials
from bot.requests.offered_models import offered
from bot.store import Change, Ping, Store
from sandbox import LocalDiscord

from .rig import MODELS, InstantService, Rig


@pytest.fixture(scope="package")
async def rig(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Rig]:
    """Everybody whom the table of rights knows.

    An owner olga, a moderator milo, ana and otto, an admin adam, eve who is admin elsewhere, the operator oscar, and
    bob who is banned.
    """
    before = discord.http.Route.BASE, DiscordWebSocket.DEFAULT_GATEWAY
    async with LocalDiscord() as local:
        world, backend = local.world, local.world.backend
        admin = backend.create_role(
            world.guild_id, "Admin", permissions=discord.Permissions(manage_guild=True, manage_messages=True).value
        )
        for name, roles in (("otto", []), ("adam", [admin.id]), ("eve", []), ("oscar", []), ("bob", []), ("vic", [])):
            world.add_member(name, roles=roles)
        other = backend.create_guild("Elsewhere", owner_id=world.members["eve"])
        channel = backend.create_channel(other.id, "pictures")
        log_channel = backend.create_channel(world.guild_id, "operators").id
        config = Config(
            discord=Discord(operators=(world.members["oscar"],), log_channel=log_channel, api=local.api),
            storage=Storage(folder=tmp_path_factory.mktemp("access")),
            plans={
                "free": Plan(images_per_day=100_000, waiting=1000),
                "gold": Plan(images_per_day=100),
                "patron": Plan(images_per_day=100_000, priority=2),
                "platinum": Plan(images_per_day=1000),
            },
            quota=Quota(admin_ceiling=20),
            servers={str(world.guild_id): Server(plans=("gold", "patron"))},
            flooding=Flooding(
                member_commands=1000,
                admin_commands=1000,
                server_commands=100_000,
                server_waiting=1_000_000,
                waiting=1_000_000,
            ),
            generation=Generation(models=MODELS),
        )
        use_local_discord(local.api)
        store, service = Store(config), InstantService()
        await store.open()
        credentials = ContentCredentials(config.provenance, config.storage.folder)
        client = Dispatcher(config, store, service, offered(config), credentials)
        running = asyncio.create_task(client.start(local.token))
        telling = asyncio.create_task(post_audit_regularly(client))
        await local.connected()
        await client.wait_until_ready()
        ban = Change(
            actor_id=0, guild_id=None, user_id=world.members["bob"], at=discord.utils.utcnow(), by_operator=True
        )
        await store.bans.ban(ban)
        found = Rig(local, client, service, world.members, other.id, channel.id)
        # Nobody's plan but the testers' holds as much as they use.
        await store.quotas.set_plan(replace(ban, user_id=world.members["vic"]), "gold")
        # What one test asked for does not speak up in the next one.
        for member in world.members.values():
            await store.preferences.change(member, ping=Ping.NEVER)
        yield found
        telling.cancel()
        await client.close()
        with suppress(asyncio.CancelledError):
            await running
        await store.close()
    discord.http.Route.BASE, DiscordWebSocket.DEFAULT_GATEWAY = before


@pytest.fixture(autouse=True)
async def _delivered(rig: Rig) -> AsyncIterator[None]:
    """Let no picture of one test arrive in the next."""
    yield
    await rig.delivered()

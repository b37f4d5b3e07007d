"""What the bot keeps of its servers in memory: Discord sends each one's channels and roles when it connects."""

import asyncio
import multiprocessing
from concurrent.futures import ProcessPoolExecutor
from typing import Any

import psutil

from bot.client import Client
from bot.config import Config
from bot.messages.content_credentials import ContentCredentials
from bot.store import Store
from generation import Catalogue, Service

ROLES, OVERWRITES = 20, 3  # of a server, and of a channel
WORDS = "Pictures of the week, and what you want to say about them. Be kind; no links. " * 2  # of a channel's topic
MIB = 2**20


def megabytes(servers: int, channels: int) -> float:
    """MiB that so many servers of so many channels take in the bot's client; measured in a process that it starts."""
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as pool:
        return pool.submit(_measure, servers, channels).result()


def _measure(servers: int, channels: int) -> float:
    return asyncio.run(_fill(servers, channels))


async def _fill(servers: int, channels: int) -> float:
    config, catalogue = Config(), Catalogue.load()
    credentials = ContentCredentials(config.provenance.model_copy(update={"c2pa": "off"}), config.storage.folder)
    async with Client(config, Store(config), Service(catalogue), catalogue, credentials) as client:
        state = client._connection  # which the gateway's events fill
        _receive(state, 0, channels)  # what is imported at the first one is not counted
        process = psutil.Process()
        before = process.memory_info().rss
        for number in range(1, servers + 1):
            _receive(state, number, channels)
        taken = (process.memory_info().rss - before) / MIB
        kept = len(client.guilds), sum(len(guild.channels) for guild in client.guilds), len(client.users)
        if kept != (servers + 1, (servers + 1) * channels, 0):  # and no members
            raise RuntimeError(f"the client keeps {kept}")
        return taken


def _receive(state: Any, number: int, channels: int) -> None:
    """A server as the gateway sends it: with the bot as its one member."""
    first = (number + 1) << 32
    roles = [
        {"id": str(first + place), "name": f"Role {place}", "permissions": "2147483647", "position": place, "color": 0,
         "colors": {"primary_color": 0, "secondary_color": None, "tertiary_color": None}, "hoist": False,
         "managed": False, "mentionable": False, "flags": 0}
        for place in range(ROLES)
    ]  # fmt: skip
    overwrites = [{"id": str(first + place), "type": 0, "allow": "1024", "deny": "2048"} for place in range(OVERWRITES)]
    state._add_guild_from_data(
        {
            "id": str(first), "name": f"Server {number}", "owner_id": "1", "member_count": 500, "large": True,
            "roles": roles, "emojis": [], "stickers": [], "features": [], "threads": [], "voice_states": [],
            "presences": [], "members": [{
                "user": {"id": "7", "username": "Criar", "discriminator": "0", "avatar": None, "bot": True},
                "roles": [str(first + 1)], "joined_at": "2026-11-01T00:00:00+00:00", "deaf": False, "mute": False,
                "flags": 0,
            }],
            "channels": [
                {"id": str(first + 1000 + place), "type": 0, "name": f"channel-{place}", "position": place,
                 "topic": f"{place}: {WORDS}", "nsfw": False, "parent_id": None, "rate_limit_per_user": 0,
                 "last_message_id": str(first + 9000 + place), "permission_overwrites": list(overwrites)}
                for place in range(channels)
            ],
        }
    )  # fmt: skip

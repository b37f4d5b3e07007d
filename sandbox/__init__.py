"""A local Discord: real HTTP, a real gateway, and a page in the browser where a person uses a bot.

It wraps simcord's in-memory Discord (backend, serializers, routes) in an aiohttp server, so that an unchanged
discord.py process connects to it. Point a bot at it before it logs in:

    discord.http.Route.BASE = local.api
    discord.gateway.DiscordWebSocket.DEFAULT_GATEWAY = yarl.URL(local.gateway_address)

It listens on loopback only and knows nothing about any particular bot. In tests and benchmarks the server runs in the
same process and the bot in another:

    async with LocalDiscord() as local:
        ...  # start the bot with local.api and local.token
        await local.connected()
        ana, channel = local.world.members["ana"], local.world.channel_id
        asked = local.people.slash(ana, channel, "echo", {"text": "hello", "file": ("a.png", data)})
        await local.answered(asked)
        asked.content, asked.milliseconds, asked.record.ephemeral, local.files(asked.message)
"""

from .interaction_data import CannotDoError
from .people import Asked
from .rest import Call, Fault
from .server import LocalDiscord

__all__ = ["Asked", "Call", "CannotDoError", "Fault", "LocalDiscord"]

"""A local Discord: real HTTP, a real gateway, and a page in the browser where a person uses a bot.

It wraps simcord's in-memory Discord (backend, serializers, routes) in an aiohttp server, so that an unchanged
discord.py process connects to it. A bot is pointed to it, before it logs in, by

    discord.http.Route.BASE = local.api
    discord.gateway.DiscordWebSocket.DEFAULT_GATEWAY = yarl.URL(local.gateway)

It listens on loopback only, and knows nothing of any particular bot.
"""

from .server import LocalDiscord

__all__ = ["LocalDiscord"]

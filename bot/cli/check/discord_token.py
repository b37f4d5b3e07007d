"""The bot's token: its form, whether Discord takes it, and the invitation that follows from it."""

import asyncio
import base64
import binascii

import aiohttp
import discord

from bot.cli.check.finding import Finding, bad, good, warning
from bot.config import TOKEN_VARIABLE, Config, token
from bot.errors import ConfigError
from bot.interactions.channel_permissions import NEEDED_IN_CHANNEL, NEEDED_IN_THREAD

DISCORD = "https://discord.com/api/v10"
SECONDS = 10.0  # that Discord may take to answer


def application_id(token: str) -> int | None:
    """The application's id, which a token's first part carries in base64; None if the token has another form."""
    parts = token.strip().split(".")
    if len(parts) != 3 or not all(parts):
        return None
    try:
        number = base64.urlsafe_b64decode(parts[0] + "=" * (-len(parts[0]) % 4)).decode("ascii")
    except (binascii.Error, UnicodeDecodeError):
        return None
    return int(number) if number.isdigit() else None


def invitation(application: int) -> str:
    """The link with which a server's admin invites the bot, with the permissions that it needs."""
    permissions = NEEDED_IN_CHANNEL | NEEDED_IN_THREAD
    return discord.utils.oauth_url(application, permissions=permissions, scopes=("bot", "applications.commands"))


def look_at_token(config: Config, *, online: bool) -> Finding:
    """The token's form, and if ``online`` what Discord says of it."""
    try:
        value = token()
    except ConfigError as error:
        return bad(str(error))
    if application_id(value) is None:
        return bad(
            f"environment: {TOKEN_VARIABLE} has not the form of a bot's token (three parts joined by dots); "
            "copy it again from Discord's developer portal, Bot > Reset Token; it is neither the client secret "
            "nor the public key"
        )
    if not online:
        return good(f"{TOKEN_VARIABLE} has the form of a bot's token; it was not tried")
    return asyncio.run(_try(value, config.discord.api or DISCORD))


async def _try(value: str, api: str) -> Finding:
    headers = {"Authorization": f"Bot {value}"}
    try:
        timeout = aiohttp.ClientTimeout(total=SECONDS)
        async with (
            aiohttp.ClientSession(headers=headers, timeout=timeout, trust_env=True) as session,
            session.get(f"{api}/users/@me") as answer,
        ):
            if answer.status == 401:
                return bad(
                    f"environment: Discord refuses the token in {TOKEN_VARIABLE}; copy it again from the developer "
                    "portal, Bot > Reset Token"
                )
            if answer.status != 200:
                return warning(f"Discord answered {answer.status} to the token; try again later")
            name = (await answer.json()).get("username", "?")
    except (aiohttp.ClientError, OSError, TimeoutError) as error:
        return warning(
            f"Discord cannot be reached, so the token was not tried ({error or 'no answer'}); the bot would wait for "
            "it. Look at the network, or use --offline"
        )
    return good(f"Discord takes the token: the bot is called {name}")

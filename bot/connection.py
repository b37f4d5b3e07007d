"""The first connection with Discord: an outage at start is waited for, as discord.py does with later ones."""

import asyncio
import logging

import aiohttp
import discord

log = logging.getLogger(__name__)

FIRST_PAUSE, LONGEST_PAUSE = 2.0, 60.0  # seconds between two tries
#: what passes by itself: no network, no name server, Discord's own trouble
OUTAGES = (aiohttp.ClientError, OSError, TimeoutError, discord.DiscordServerError)


async def connect(client: discord.Client, token: str) -> None:
    """Log in, try again with growing pauses while Discord cannot be reached, and stay connected.

    Raises LoginFailure if Discord refuses the token.
    """
    pause = FIRST_PAUSE
    while True:
        try:
            await client.login(token)
            break
        except OUTAGES as error:
            log.warning("Discord cannot be reached (%s); trying again in %g s", error, pause)
        # Logging in makes a new session, with a connector if there is none.
        await client.http.close()
        client.http.connector = discord.utils.MISSING
        await asyncio.sleep(pause)
        pause = min(2 * pause, LONGEST_PAUSE)
    await client.connect()

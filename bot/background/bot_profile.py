"""What the bot's profile says of it."""

import logging

import discord

log = logging.getLogger(__name__)

#: the operator may write something else into the developer portal, in any language
PROFILE = "A bot that makes pictures with AI: /help says how. Every picture says in its file that a machine made it."


async def describe_itself(client: discord.Client) -> None:
    """Have the profile say that this is a bot and makes pictures with AI, if the operator left it empty."""
    if client.application is None or client.application.description:
        return
    try:
        await client.application.edit(description=PROFILE)
    except discord.HTTPException as error:
        log.warning("the profile stays empty; write into the developer portal that the bot uses AI: %s", error)

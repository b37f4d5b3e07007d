"""Pictures beside a menu in which one of them is chosen: options of Discord's menus have no pictures, only emoji."""

from collections.abc import Sequence

import discord

from bot.text.translate import Speaker

MOST = 10  # embeds that a message may have


def numbered_pictures(say: Speaker, addresses: Sequence[str]) -> list[discord.Embed]:
    """One embed a picture, with its number and a thumbnail."""
    return [
        discord.Embed(title=say("Picture {number}", number=number)).set_thumbnail(url=address)
        for number, address in enumerate(addresses[:MOST], 1)
    ]

"""Whether a message is addressed to the bot: it mentions the bot, or is a direct message, which needs no mention."""

import discord

from bot.client import Client


def read_words(client: Client, message: discord.Message) -> tuple[str, bool]:
    """What was written, without the mention of the bot, and whether it is addressed to the bot.

    The bot's role counts as its name; the ping of a reply does not count. The words are empty where Discord does not
    let us see them.
    """
    direct = message.guild is None
    if client.user is None:
        return message.content.strip(), direct
    own = [f"<@{client.user.id}>", f"<@!{client.user.id}>"]
    role = message.guild.self_role if message.guild else None
    if role:
        own.append(f"<@&{role.id}>")
    text, addressed = message.content, direct or bool(role and role in message.role_mentions)
    for mention in own:
        addressed = addressed or mention in text
        text = text.replace(mention, "")
    return text.strip(" \n,:"), addressed

"""What people wrote, shown so that it can do no harm."""

import discord


def inert(text: str, most: int) -> str:
    """The text on one line, with Markdown, links and mentions as plain characters, cut to ``most`` characters."""
    line = " ".join(text.split())
    safe = discord.utils.escape_mentions(discord.utils.escape_markdown(line)).replace("://", ":\u200b//")
    return safe if len(safe) <= most else safe[: most - 1].rstrip("\\") + "…"

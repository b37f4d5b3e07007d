"""/quota: what I used today."""

from datetime import UTC, datetime

from discord import app_commands
from discord.app_commands import locale_str

from ..quota import Allowance, resets_at
from ..text import Speaker, speaker_for
from .fields import Interaction

BAR = 20  # characters


@app_commands.command(name=locale_str("quota"), description=locale_str("See how many images you have left today"))
async def quota(interaction: "Interaction") -> None:
    await interaction.response.defer(ephemeral=True, thinking=True)
    client, now = interaction.client, datetime.now(UTC)
    allowed = await client.store.allowance(interaction.user.id, interaction.guild_id, now)
    say = speaker_for(interaction)
    reset = int(resets_at(now, client.config.zone).timestamp())
    await interaction.edit_original_response(
        content=f"{bar(say, allowed)}\n{say('New ones come <t:{reset}:R>.', reset=reset)}"
    )


def bar(say: Speaker, allowed: Allowance) -> str:
    """Used and left as a bar with the numbers in words."""
    full = min(round(BAR * allowed.used / allowed.limit), BAR) if allowed.limit else BAR
    text = say(
        "{used} of {limit} images used today, {left} left", used=allowed.used, limit=allowed.limit, left=allowed.left
    )
    return f"`{'█' * full}{'░' * (BAR - full)}` {text}"

"""/quota: what I used today, and what I may use."""

from datetime import UTC, datetime

from discord import app_commands
from discord.app_commands import locale_str

from bot.client import Interaction
from bot.interactions.acknowledge import acknowledge, person_of
from bot.interactions.language import speaker_for
from bot.quota import Allowance
from bot.text.translate import Speaker

BAR = 20  # characters


@app_commands.command(name=locale_str("quota"), description=locale_str("See how many images you have left today"))
async def quota(interaction: Interaction) -> None:
    await acknowledge(interaction)
    allowed = await interaction.client.store.allowance(person_of(interaction), datetime.now(UTC))
    say = speaker_for(interaction)
    reset = int(allowed.resets_at.timestamp())
    content = f"{allowance_text(say, allowed)}\n{say('New ones come <t:{reset}:R>.', reset=reset)}"
    await interaction.edit_original_response(content=content)


def allowance_text(say: Speaker, allowed: Allowance) -> str:
    """Used and left as a bar with the numbers in words; then the plan, the grants, and what the server has left."""
    full = min(round(BAR * allowed.used / allowed.limit), BAR) if allowed.limit else BAR
    text = say(
        "{used} of {limit} images used today, {left} left", used=allowed.used, limit=allowed.limit, left=allowed.left
    )
    lines = [f"`{'█' * full}{'░' * (BAR - full)}` {text}", say("Plan: {plan}", plan=allowed.plan)]
    lines += [
        say("Granted: {left} more until <t:{end}:f>", left=grant.left, end=int(grant.expires_at.timestamp()))
        for grant in allowed.grants
    ]
    if allowed.granted < sum(grant.left for grant in allowed.grants):
        lines.append(say("Of the granted ones, {granted} can be used today.", granted=allowed.granted))
    if allowed.server_left is not None:
        lines.append(say("All members of this server together have {left} left today.", left=allowed.server_left))
    return "\n".join(lines)

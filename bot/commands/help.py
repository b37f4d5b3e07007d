"""/help: the two modes, what strength does, how to combine them, tips."""

import discord
from discord import app_commands
from discord.app_commands import locale_str

from ..text import Speaker, speaker_for
from .fields import Interaction


@app_commands.command(name=locale_str("help"), description=locale_str("How to make good pictures with this bot"))
async def help_command(interaction: "Interaction") -> None:
    await interaction.response.send_message(embed=help_embed(speaker_for(interaction)), ephemeral=True)


def help_embed(say: Speaker) -> discord.Embed:
    """What a member who has never seen a setting needs to know."""
    embed = discord.Embed(
        title=say("Pictures from words"),
        description=say("Only the prompt is needed; everything else has a good default."),
    )
    for title, text in (
        (
            say("/txt2img: from words"),
            say(
                "Starts from noise and draws what the prompt says. Name the thing, its surroundings, light and style: "
                "“a red apple on a blue background, flat”."
            ),
        ),
        (
            say("/img2img: from a picture"),
            say(
                "Starts from your picture, adds noise and draws it anew after the prompt. Or reply to a picture of "
                "mine with words (“as a watercolour”) and I refine it at medium strength."
            ),
        ),
        (
            say("Strength: how much may change"),
            say(
                "0.25 subtle changes: colours and texture\n0.5 noticeable changes, composition kept\n"
                "0.8 major changes: only the rough layout stays\n1.0 from scratch, like /txt2img"
            ),
        ),
        (
            say("Together"),
            say(
                "Make four with /txt2img, press “Take” under the best, refine it or compare strengths, then enlarge "
                "it. “Origin” shows the way back."
            ),
        ),
        (
            say("Tips"),
            say(
                "Start from a clean, well-composed, sharp picture. Say where things are: centred, close-up, from "
                "above, wide shot. Make several pictures: each has its own seed, and the same seed with a changed "
                "prompt shows what the words do."
            ),
        ),
        (
            say("Your day"),
            say("/quota shows what is left, /queue where you stand, /cancel takes back what is not made yet."),
        ),
    ):
        embed.add_field(name=title, value=text, inline=False)
    return embed

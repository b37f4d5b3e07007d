"""/help: the two modes, what strength does, how to combine them, tips."""

from collections.abc import Iterator

import discord
from discord import app_commands
from discord.app_commands import locale_str

from bot.client import Interaction
from bot.components.modals.prompt_help import help_view
from bot.interactions.language import speaker_for
from bot.requests.notes import EMBEDDED
from bot.text.translate import Speaker
from generation import ModelSpec, Task


@app_commands.command(name=locale_str("help"), description=locale_str("How to make good pictures with this bot"))
async def help_command(interaction: Interaction) -> None:
    say = speaker_for(interaction)
    first = interaction.client.catalogue.first(Task.IMG2IMG)
    await interaction.response.send_message(embed=help_embed(say, first), view=help_view(say), ephemeral=True)


def help_embed(say: Speaker, changes: ModelSpec) -> discord.Embed:
    """What a member who has never seen a setting needs to know; ``changes`` is the usual model of /img2img."""
    embed = discord.Embed(
        title=say("Pictures from words"),
        description=say("Only the prompt is needed; everything else has a good default."),
    )
    for title, text in (*_ways(say), *_settings(say, changes), *_upkeep(say)):
        embed.add_field(name=title, value=text, inline=False)
    return embed


def _ways(say: Speaker) -> Iterator[tuple[str, str]]:
    """How to ask for a picture."""
    yield (
        say("/txt2img: from words"),
        say(
            "Starts from noise and draws what the prompt says. Name the thing, its surroundings, light and style: "
            "“a red apple on a blue background, flat”."
        ),
    )
    yield (
        say("/img2img: from a picture"),
        say(
            "Starts from your picture, adds noise and draws it again after the prompt. For anybody's picture open "
            "its menu and choose Apps > Refine."
        ),
    )
    yield (
        say("In plain words"),
        say(
            "Reply to a picture of mine with its ping left on, or mention me: “on a yellow background, strong”, "
            "“bigger”, “the second, at night”. Without a strength it is medium. Chat stays chat; if I am not sure, "
            "I put a 🎨 under your words, for you to press."
        ),
    )
    yield (
        say("Flags"),
        say("Any prompt takes them: {flags}.", flags="--ar 16:9 --no text --seed 5 --count 2 --steps 20 --cfg 5"),
    )


def _settings(say: Speaker, changes: ModelSpec) -> Iterator[tuple[str, str]]:
    """What strength does, and what else makes a good picture."""
    strengths = say(
        "0.25 subtle changes: colours and texture\n"
        "0.5 noticeable changes, composition kept by most models\n"
        "0.7 sketches: redrawn where you drew it\n"
        "0.8 major changes: only the rough layout stays\n"
        "1.0 from scratch, like /txt2img"
    )
    if changes.id == EMBEDDED:
        own_way = say(
            "{model} keeps it up to 0.7; from 0.8 on it draws things where and as large as it usually does.",
            model=changes.title,
        )
        strengths = f"{strengths}\n{own_way}"
    yield say("Strength: how much may change"), strengths
    yield (
        say("Together"),
        say(
            "Make four with /txt2img count:4 and press “{take}” under the best or “{vary}” for more like it; "
            "refine and enlarge it. “{more}” has the rest, such as “{compare}” and “{origin}”, which "
            "shows the way back.",
            take=say("Take {number}", number=1),
            vary=say("Vary {number}", number=1),
            more=say("More"),
            compare=say("Compare strengths"),
            origin=say("Origin"),
        ),
    )
    yield (
        say("Tips"),
        say(
            "Start from a clean, well-composed, sharp picture. Say where things are: in the middle, "
            "small, in the top left, beside a ball. Make several pictures: each has its own seed, and the same "
            "seed with a changed prompt shows what the words do."
        ),
    )


def _upkeep(say: Speaker) -> Iterator[tuple[str, str]]:
    """What is kept, and what is left of the day."""
    yield (
        say("History and settings"),
        say(
            "/history finds your pictures again, /settings keeps your defaults, your language and when I ping you "
            "that pictures are ready, /style saves words that you use often."
        ),
    )
    yield (
        say("Your day"),
        say("/quota shows what is left, /queue where you stand, /cancel takes back what is not made yet."),
    )

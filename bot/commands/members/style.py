"""/style: words that are added to prompts, saved by name, for oneself or for the server."""

from discord import app_commands
from discord.app_commands import Choice, locale_str

from bot.client import Interaction
from bot.commands.options import suggest_style
from bot.errors import Refusal
from bot.interactions.acknowledge import acknowledge
from bot.interactions.defaults import style_owners
from bot.interactions.language import speaker_for
from bot.text.sanitize import escape_for_discord

MAX_NAME, MAX_WORDS, MAX_STYLES = 32, 500, 50
MAX_SHOWN = 1800  # characters of the list

style = app_commands.Group(
    name=locale_str("style"), description=locale_str("Save words that you use often, and add them by name")
)
SCOPES = [Choice(name=locale_str("for me"), value="me"), Choice(name=locale_str("for this server"), value="server")]
NAME = locale_str("The style's name")
SCOPE = locale_str("Whose style it is; moderators may save styles for the server")


def _owner(interaction: Interaction, scope: str) -> int:
    """Who owns the style. Raises Refusal if the member may not change the server's."""
    if scope != "server":
        return interaction.user.id
    if interaction.guild_id is None or not interaction.permissions.manage_messages:
        raise Refusal("Only moderators can change the server's styles; save it for yourself instead.")
    return interaction.guild_id


@style.command(name=locale_str("save"), description=locale_str("Save a style, or replace the one of that name"))
@app_commands.describe(
    name=NAME, words=locale_str("Words that are added; {prompt} marks where the prompt goes"), scope=SCOPE
)
@app_commands.choices(scope=SCOPES)
async def save(
    interaction: Interaction,
    name: app_commands.Range[str, 1, MAX_NAME],
    words: app_commands.Range[str, 1, MAX_WORDS],
    scope: str = "me",
) -> None:
    await acknowledge(interaction)
    owner, styles = _owner(interaction, scope), interaction.client.store.styles
    if len(await styles.of(owner)) >= MAX_STYLES:
        raise Refusal("There are {most} styles already; delete one with /style delete first.", most=MAX_STYLES)
    await styles.save(owner, name, words)
    say = speaker_for(interaction)
    await interaction.edit_original_response(
        content=say(
            "Saved “{name}”: add it with style:, or to all of yours with /style use.",
            name=escape_for_discord(name, MAX_NAME),
        )
    )


@style.command(name=locale_str("use"), description=locale_str("Add a style to all your prompts; without a name, none"))
@app_commands.describe(name=NAME)
@app_commands.autocomplete(name=suggest_style)
async def use(interaction: Interaction, name: str | None = None) -> None:
    await acknowledge(interaction)
    store, say = interaction.client.store, speaker_for(interaction)
    if name and name not in await store.styles.of(*style_owners(interaction)):
        raise Refusal("There is no style “{name}”; /style list shows those that are saved.", name=name)
    await store.preferences.change(interaction.user.id, style=name)
    done = (
        say("“{name}” is added to all your prompts now.", name=escape_for_discord(name, MAX_NAME))
        if name
        else say("No style is added to your prompts now.")
    )
    await interaction.edit_original_response(content=done)


@style.command(name=locale_str("list"), description=locale_str("See your styles and the server's"))
async def list_styles(interaction: Interaction) -> None:
    await acknowledge(interaction)
    styles = await interaction.client.store.styles.of(*style_owners(interaction))
    lines = [
        f"**{escape_for_discord(name, MAX_NAME)}**: {escape_for_discord(words, 100)}" for name, words in styles.items()
    ]
    none = speaker_for(interaction)("No styles are saved yet; /style save makes one.")
    await interaction.edit_original_response(content="\n".join(lines)[:MAX_SHOWN] or none)


@style.command(name=locale_str("delete"), description=locale_str("Delete a style"))
@app_commands.describe(name=NAME, scope=SCOPE)
@app_commands.choices(scope=SCOPES)
@app_commands.autocomplete(name=suggest_style)
async def delete(interaction: Interaction, name: str, scope: str = "me") -> None:
    await acknowledge(interaction)
    if not await interaction.client.store.styles.delete(_owner(interaction, scope), name):
        raise Refusal("There is no style “{name}”; /style list shows those that are saved.", name=name)
    say = speaker_for(interaction)
    await interaction.edit_original_response(content=say("Deleted “{name}”.", name=escape_for_discord(name, MAX_NAME)))

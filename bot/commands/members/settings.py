"""/settings: a member's own defaults."""

from collections.abc import Mapping

from discord import app_commands
from discord.app_commands import Choice, locale_str

from bot.client import Interaction
from bot.commands.options import Count, NegativePrompt, described, suggesting
from bot.errors import Refusal
from bot.interactions.acknowledge import acknowledge
from bot.interactions.defaults import default_model, style_owners
from bot.interactions.language import policy_of, speaker_for
from bot.messages.server_settings import LANGUAGES, PINGS
from bot.requests.offered_models import model_named
from bot.requests.sizes import pixels, wished_size
from bot.store import Ping, Preference
from bot.text.sanitize import escape_for_discord
from bot.text.translate import Speaker
from generation import Task

MAX_SHOWN = 300  # characters


@app_commands.command(name=locale_str("settings"), description=locale_str("See and change your own defaults"))
@described("model", "size", "count", "negative_prompt", "style", "private")
@app_commands.describe(
    prompt_in_files=locale_str("Whether the files of your pictures contain your prompts"),
    language=locale_str("The language in which I answer you"),
    ping=locale_str("When I ping you that your pictures are ready"),
    reset=locale_str("Reset all your defaults"),
)
@app_commands.choices(language=[Choice(name=name, value=code) for code, name in LANGUAGES.items()])
@app_commands.choices(ping=[Choice(name=locale_str(text), value=ping.value) for ping, text in PINGS.items()])
@suggesting("model", "size", "style")
async def settings(
    interaction: Interaction,
    model: str | None = None,
    size: str | None = None,
    count: Count | None = None,
    negative_prompt: NegativePrompt | None = None,
    style: str | None = None,
    private: bool | None = None,
    prompt_in_files: bool | None = None,
    language: str | None = None,
    ping: str | None = None,
    reset: bool = False,
) -> None:
    await acknowledge(interaction)
    client, preferences = interaction.client, interaction.client.store.preferences
    catalogue = client.catalogue
    spec = catalogue.get(model_named(catalogue, model)) if model else catalogue.first(Task.TXT2IMG)
    if size:
        wished_size(size, spec)
    if style and style not in await client.store.styles.of(*style_owners(interaction)):
        raise Refusal("There is no style “{name}”; /style list shows those that are saved.", name=style)
    if prompt_in_files and not client.config.provenance.prompt:
        raise Refusal("The operator of this bot keeps all prompts out of files, so that cannot be chosen.")
    if reset:
        await preferences.forget(interaction.user.id)
    wished = {
        "model": model and spec.id, "size": size, "count": count, "negative_prompt": negative_prompt, "style": style,
        "private": private, "prompt_in_files": prompt_in_files, "language": language, "ping": ping,
    }  # fmt: skip
    preference = await preferences.change(
        interaction.user.id, **{name: value for name, value in wished.items() if value is not None}
    )
    client.languages.pop(interaction.user.id, None)
    if preference.language:
        client.languages[interaction.user.id] = preference.language
    say = speaker_for(interaction)
    await interaction.edit_original_response(content=_shown(say, preference, _usual(say, interaction)))


def _yes_or_no(say: Speaker, value: bool | None) -> str | None:
    return None if value is None else say("yes") if value else say("no")


def _usual(say: Speaker, interaction: Interaction) -> dict[str, str]:
    """What counts for a member who chose nothing, by the name of the setting."""
    catalogue, policy = interaction.client.catalogue, policy_of(interaction)
    own = default_model(catalogue, Task.TXT2IMG, policy, None)
    spec = catalogue.get(own) if own else catalogue.first(Task.TXT2IMG)
    return {
        say("Model"): spec.title,
        say("Size"): pixels(spec.defaults.width, spec.defaults.height),
        say("Pictures at once"): "1",
        say("Negative prompt"): spec.defaults.negative_prompt or say("none"),
        say("Style"): say("none"),
        say("Only for you"): say("no"),
        say("Prompt in files"): say("no"),
        say("Ping when ready"): say(PINGS[Ping(policy.ping or Ping.LONG)]),
        say("Language"): LANGUAGES.get(policy.language) or say("as in your Discord"),
    }


def _shown(say: Speaker, preference: Preference, usual: Mapping[str, str]) -> str:
    rows = [
        (say("Model"), preference.model),
        (say("Size"), preference.size),
        (say("Pictures at once"), preference.count),
        (say("Negative prompt"), escape_for_discord(preference.negative_prompt or "", MAX_SHOWN) or None),
        (say("Style"), preference.style and escape_for_discord(preference.style, MAX_SHOWN)),
        (say("Only for you"), _yes_or_no(say, preference.private)),
        (say("Prompt in files"), _yes_or_no(say, preference.prompt_in_files)),
        (
            say("Ping when ready"),
            PINGS.get(Ping(preference.ping)) and say(PINGS[Ping(preference.ping)]) if preference.ping else None,
        ),
        (say("Language"), LANGUAGES.get(preference.language or "")),
    ]
    lines = [
        f"**{name}**: {say('{value} (the default)', value=usual[name]) if value is None else value}"
        for name, value in rows
    ]
    return "\n".join([say("Your defaults, for whatever you leave out:"), *lines])

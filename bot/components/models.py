"""What can draw here: models page by page, and one of them in full. All state is in the custom_ids."""

import re

import discord

from bot.client import Interaction
from bot.components.base import PersistentItem, selected
from bot.interactions.language import speaker_for
from bot.interactions.models import usable_models
from bot.messages.buttons import Buttons
from bot.requests.offered_models import model_named
from bot.requests.sizes import pixels
from bot.text.translate import Speaker
from generation import Catalogue, ModelSpec, PromptStyle, Rating, Task

PAGE = 6  # models; an embed has 6,000 characters in all
MAX_SEARCH = 60  # characters that a custom_id has room for
MAX_FIELD = 1024  # characters of an embed's field
ALL = 10_000  # more models than any catalogue has


class ModelsButton(PersistentItem, template=r"models:(?P<offset>\d{1,4}):(?P<search>.*)"):
    """Turns to the page of a search that begins at an offset."""

    async def run(self, interaction: Interaction, match: re.Match[str]) -> None:
        """Show the page."""
        await interaction.response.defer()
        catalogue = await usable_models(interaction)
        embed, view = models_page(speaker_for(interaction), catalogue, match["search"], int(match["offset"]))
        await interaction.edit_original_response(embed=embed, view=view)


class ModelSelect(PersistentItem, template=r"model"):
    """Shows one model of the page in full."""

    async def run(self, interaction: Interaction, _: re.Match[str]) -> None:
        """Answer with the model."""
        await show_model(interaction, selected(interaction))


async def show_model(interaction: Interaction, model_id: str) -> None:
    """Answer privately with one model. Raises generation.RequestError if it is not offered."""
    embed = model_embed(
        speaker_for(interaction), interaction.client.catalogue.get(model_named(interaction.client.catalogue, model_id))
    )
    await interaction.response.send_message(embed=embed, ephemeral=True)


def models_page(say: Speaker, catalogue: Catalogue, search: str, offset: int) -> tuple[discord.Embed, Buttons]:
    """The models that resemble the search, from ``offset`` on, with sample words, and the ways to other pages."""
    found = catalogue.search(search, limit=ALL)
    page = found[offset : offset + PAGE]
    embed, view = discord.Embed(title=say("Models")), Buttons()
    if not page:
        embed.description = say("No model matches “{search}”.", search=search[:MAX_SEARCH])
        return embed, view
    for spec in page:
        embed.add_field(name=f"{spec.title} ({spec.id})", value=_in_short(say, spec), inline=False)
    embed.set_footer(
        text=say("{first} to {last} of {count}", first=offset + 1, last=offset + len(page), count=len(found))
    )
    options = [
        discord.SelectOption(
            label=spec.title[:100], value=spec.id, description=say.as_it_stands(spec.description)[:100] or None
        )
        for spec in page
    ]
    view.menu("model", say("Show one in full"), options)
    if offset:
        view.button(f"models:{max(0, offset - PAGE)}:{search[:MAX_SEARCH]}", say("Back"), row=1)
    if offset + PAGE < len(found):
        view.button(f"models:{offset + PAGE}:{search[:MAX_SEARCH]}", say("More"), row=1)
    return embed, view


def _in_short(say: Speaker, spec: ModelSpec) -> str:
    facts = [_tasks(spec), pixels(spec.defaults.width, spec.defaults.height), spec.licence]
    if spec.cost != 1:
        facts.append(say("counts {cost}", cost=spec.cost))
    lines = [say.as_it_stands(spec.description), " · ".join(filter(None, facts))]
    if spec.samples:
        lines.append(say("Try: {samples}", samples="; ".join(spec.samples)))
    return "\n".join(lines)[:MAX_FIELD]


def model_embed(say: Speaker, spec: ModelSpec) -> discord.Embed:
    """Everything that a member may want to know of a model; what nobody confirmed is left out."""
    embed = discord.Embed(title=f"{spec.title} ({spec.id})", description=say.as_it_stands(spec.description))
    sizes = say("{usual}; sides of {low} to {high}", usual=pixels(spec.defaults.width, spec.defaults.height),
                low=spec.limits.min_side, high=spec.limits.max_side)  # fmt: skip
    loras = [f"{lora.title} ({lora.id}): {say.as_it_stands(lora.description)}" for lora in spec.loras]
    rows = [
        (say("What it does"), _tasks(spec)),
        (say("How to write prompts for it"), _style(say, spec)),
        (say("Size"), sizes),
        (say("Licence"), _licence(say, spec)),
        (say("Cost"), say("an image counts {cost} against your day", cost=spec.cost)),
        (say("Typical pictures"), _rating(say, spec)),
        (say("Words of composition that it follows"), ", ".join(spec.composition)),
        (say("Sample words"), "\n".join(spec.samples)),
        (say("LoRAs that fit it"), "\n".join(loras)),
    ]
    if Task.UPSCALE in spec.tasks:
        rows = [row for row in rows if row[0] != say("Size")]
    for name, value in rows:
        if value:
            embed.add_field(name=name, value=value[:MAX_FIELD], inline=False)
    return embed


def _licence(say: Speaker, spec: ModelSpec) -> str:
    if not spec.licence:
        return say("unknown")
    if spec.commercial is None:
        return f"{spec.licence}; {say('whether commercial use is allowed depends: read it')}"
    return f"{spec.licence}; {say('commercial use is allowed') if spec.commercial else say('no commercial use')}"


def _tasks(spec: ModelSpec) -> str:
    return ", ".join(sorted(task.value for task in spec.tasks))


def _style(say: Speaker, spec: ModelSpec) -> str:
    """How to write for a model, with words that it is known to follow."""
    first = next(iter(spec.samples), "")
    match spec.prompt_style:
        case PromptStyle.TAGS:
            example = first or say("a fox, snow, morning light, close-up")
            return say("in tags: {example}", example=example)
        case PromptStyle.SENTENCES:
            example = first or say("a fox stands in fresh snow, seen from below, in morning light")
            return say("in sentences: {example}", example=example)
        case None:
            return ""


def _rating(say: Speaker, spec: ModelSpec) -> str:
    match spec.rating:
        case Rating.EVERYONE:
            return say("are for everyone")
        case Rating.TEEN:
            return say("are not for small children")
        case Rating.MATURE:
            return say("may only be for adults")
        case None:
            return ""

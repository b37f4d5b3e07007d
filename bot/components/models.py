"""What can draw here: models page by page, and one of them in full. All state is in the custom_ids."""

import re
from typing import TYPE_CHECKING, Any

import discord

from bot.interactions.acknowledge import person_of
from bot.interactions.errors import answering
from bot.moderation.admission import Admitting
from bot.requests.offered_models import usable
from bot.requests.sizes import pixels
from bot.text.translate import Speaker, speaker_for
from generation import Catalogue, ModelSpec, PromptStyle, Rating, Task

if TYPE_CHECKING:
    from bot.client import Criar

PAGE = 6  # models; an embed has 6,000 characters in all
MAX_SEARCH = 60  # characters that a custom_id has room for
MAX_FIELD = 1024  # characters of an embed's field
ALL = 10_000  # more models than any catalogue has


class ModelsButton(
    Admitting, discord.ui.DynamicItem[discord.ui.Button[Any]], template=r"models:(?P<offset>\d{1,4}):(?P<search>.*)"
):
    """Turns to the page of a search that begins at an offset."""

    def __init__(self, offset: int, search: str, label: str = "") -> None:
        self.offset, self.search = offset, search
        super().__init__(
            discord.ui.Button(label=label or str(offset), custom_id=f"models:{offset}:{search[:MAX_SEARCH]}", row=1)
        )

    @classmethod
    async def from_custom_id(
        cls, interaction: discord.Interaction[Any], item: discord.ui.Item[Any], match: re.Match[str]
    ) -> "ModelsButton":
        return cls(int(match["offset"]), match["search"])

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        async with answering(interaction):
            catalogue = await usable(interaction.client, person_of(interaction))
            embed, view = models_page(speaker_for(interaction), catalogue, self.search, self.offset)
            await interaction.response.edit_message(embed=embed, view=view)


class ModelSelect(Admitting, discord.ui.DynamicItem[discord.ui.Select[Any]], template=r"model"):
    """Shows one model of the page in full."""

    def __init__(self, select: discord.ui.Select[Any] | None = None) -> None:
        super().__init__(select or discord.ui.Select(custom_id="model"))

    @classmethod
    async def from_custom_id(
        cls, interaction: discord.Interaction[Any], item: discord.ui.Item[Any], match: re.Match[str]
    ) -> "ModelSelect":
        return cls()

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        async with answering(interaction):
            data: Any = interaction.data or {}
            await show_model(interaction, data["values"][0])


async def show_model(interaction: "discord.Interaction[Criar]", model_id: str) -> None:
    """Answer privately with one model. Raises generation.RequestError where it is not offered."""
    embed = model_embed(speaker_for(interaction), interaction.client.catalogue.get(model_id))
    await interaction.response.send_message(embed=embed, ephemeral=True)


def models_page(say: Speaker, catalogue: Catalogue, search: str, offset: int) -> tuple[discord.Embed, discord.ui.View]:
    """The models that resemble the search, from ``offset`` on, with sample words, and the ways to other pages."""
    found = catalogue.search(search, limit=ALL)
    page = found[offset : offset + PAGE]
    embed, view = discord.Embed(title=say("Models")), discord.ui.View(timeout=None)
    if not page:
        embed.description = say("No model matches “{search}”.", search=search[:MAX_SEARCH])
        return embed, view
    for spec in page:
        embed.add_field(name=f"{spec.title} ({spec.id})", value=_in_short(say, spec), inline=False)
    embed.set_footer(
        text=say("{first} to {last} of {count}", first=offset + 1, last=offset + len(page), count=len(found))
    )
    options = [
        discord.SelectOption(label=spec.title[:100], value=spec.id, description=spec.description[:100] or None)
        for spec in page
    ]
    select: discord.ui.Select[Any] = discord.ui.Select(
        custom_id="model", placeholder=say("Show one in full"), options=options
    )
    view.add_item(ModelSelect(select))
    if offset:
        view.add_item(ModelsButton(max(0, offset - PAGE), search, say("Back")))
    if offset + PAGE < len(found):
        view.add_item(ModelsButton(offset + PAGE, search, say("More")))
    return embed, view


def _in_short(say: Speaker, spec: ModelSpec) -> str:
    facts = [_tasks(spec), pixels(spec.defaults.width, spec.defaults.height), spec.licence]
    if spec.cost != 1:
        facts.append(say("counts {cost}", cost=spec.cost))
    lines = [spec.description, " · ".join(filter(None, facts))]
    if spec.samples:
        lines.append(say("Try: {samples}", samples="; ".join(spec.samples)))
    return "\n".join(lines)[:MAX_FIELD]


def model_embed(say: Speaker, spec: ModelSpec) -> discord.Embed:
    """Everything that a member may want to know of a model; what nobody confirmed is left out."""
    embed = discord.Embed(title=f"{spec.title} ({spec.id})", description=spec.description)
    sizes = say("{usual}; sides of {low} to {high}", usual=pixels(spec.defaults.width, spec.defaults.height),
                low=spec.limits.min_side, high=spec.limits.max_side)  # fmt: skip
    loras = [f"{lora.title} ({lora.id}): {lora.description}" for lora in spec.loras]
    rows = [
        (say("What it does"), _tasks(spec)),
        (say("How it likes to be told"), _style(say, spec)),
        (say("Size"), sizes),
        (say("Licence"), "; ".join(filter(None, (spec.licence, _commercial(say, spec))))),
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


def _commercial(say: Speaker, spec: ModelSpec) -> str:
    if spec.commercial is None:
        return say("whether commercial use is allowed depends: read it") if spec.licence else ""
    return say("commercial use is allowed") if spec.commercial else say("no commercial use")


def _tasks(spec: ModelSpec) -> str:
    return ", ".join(sorted(task.value for task in spec.tasks))


def _style(say: Speaker, spec: ModelSpec) -> str:
    match spec.prompt_style:
        case PromptStyle.TAGS:
            return say("in tags: a fox, snow, morning light, close-up")
        case PromptStyle.SENTENCES:
            return say("in sentences: a fox stands in fresh snow, seen from below, in morning light")
        case None:
            return ""


def _rating(say: Speaker, spec: ModelSpec) -> str:
    match spec.rating:
        case Rating.EVERYONE:
            return say("are for everyone")
        case Rating.TEEN:
            return say("are not for small children")
        case Rating.MATURE:
            return say("may be for adults alone")
        case None:
            return ""

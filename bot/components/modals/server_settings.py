"""The modals behind /server settings: where and for whom, how, and what differs in one channel."""

from collections.abc import Mapping
from typing import Any

import discord

from bot.components.modals.form import Form
from bot.config.schema import MOST_IMAGES
from bot.errors import Refusal
from bot.messages.server_settings import BLOCKINGS, LANGUAGES, PINGS, REPLY_CHOICES
from bot.requests.offered_models import model_named
from bot.requests.words.numbers import read_whole
from bot.store import WHOLE_SERVER, Blocking, Replies, ServerPolicy
from bot.text.translate import Speaker
from generation import Catalogue, matching

MOST_CHOSEN = 25  # channels or roles; Discord's limit of a menu
MOST_SECONDS = 6 * 3600  # of slow mode, as Discord's
MAX_SHORT, MAX_MODELS = 100, 1000  # characters
USUAL = "usual"  # the value of what is left open
CHANNELS = [
    discord.ChannelType.text, discord.ChannelType.news, discord.ChannelType.forum, discord.ChannelType.voice,
    discord.ChannelType.stage_voice,
]  # fmt: skip


class _ServerForm(Form):
    def _menu(self, name: str, label: str, options: Mapping[Any, str], chosen: object, usual: str = "") -> None:
        """Add a menu; with ``usual``, leaving it open is a choice."""
        offered = {USUAL: usual, **options} if usual else dict(options)
        select: discord.ui.Select[Any] = discord.ui.Select(
            custom_id=name,
            options=[
                discord.SelectOption(label=text[:MAX_SHORT], value=str(value), default=value == (chosen or USUAL))
                for value, text in offered.items()
            ],
        )
        self.add_item(discord.ui.Label(text=label, component=select))

    def _text(self, name: str, label: str, value: object, *, most: int = MAX_SHORT, long: bool = False) -> None:
        field: discord.ui.TextInput[Any] = discord.ui.TextInput(
            custom_id=name,
            default=None if value is None else str(value),
            style=discord.TextStyle.paragraph if long else discord.TextStyle.short,
            max_length=most,
            required=False,
        )
        self.add_item(discord.ui.Label(text=label, component=field))

    def _models(self, say: Speaker, policy: ServerPolicy, usual: str) -> None:
        self._text("model", say("Default model (empty: the bot's own)"), policy.model or None)
        models = "\n".join(policy.models) or None
        label = say("Allowed models, * for any letters; or all")
        self._text("models", label, models, most=MAX_MODELS, long=True)
        blockings = {blocking.value: say(text) for blocking, text in BLOCKINGS.items()}
        chosen = policy.blocking or ("" if usual else Blocking.OPERATOR)
        self._menu("blocking", say("Blocked pictures"), blockings, chosen, usual)

    def _pace(self, say: Speaker, policy: ServerPolicy, usual: str) -> None:
        self._menu("language", say("Language, for those who chose none"), LANGUAGES, policy.language, usual)
        self._text("slow_mode", say("Slow mode: seconds between two requests"), policy.slow_mode)


class WhereModal(_ServerForm):
    """In which channels, for whom, and with which models."""

    def __init__(self, say: Speaker, policy: ServerPolicy) -> None:
        super().__init__(title=say("Where, for whom, which models"), custom_id=f"server:where:{WHOLE_SERVER}")
        channels: discord.ui.ChannelSelect[Any] = discord.ui.ChannelSelect(
            custom_id="channels", channel_types=CHANNELS, min_values=0, max_values=MOST_CHOSEN, required=False,
            default_values=[_default(each, discord.SelectDefaultValueType.channel) for each in policy.channels],
        )  # fmt: skip
        self.add_item(discord.ui.Label(text=say("Channels in which pictures are made; or all"), component=channels))
        roles: discord.ui.RoleSelect[Any] = discord.ui.RoleSelect(
            custom_id="roles", min_values=0, max_values=MOST_CHOSEN, required=False,
            default_values=[_default(each, discord.SelectDefaultValueType.role) for each in policy.roles],
        )  # fmt: skip
        self.add_item(discord.ui.Label(text=say("Roles whose members may ask; or all"), component=roles))
        self._models(say, policy, "")


class HowModal(_ServerForm):
    """When the bot answers and pings, in which language, and how much."""

    def __init__(self, say: Speaker, policy: ServerPolicy, replies: Replies, budget: int | None) -> None:
        super().__init__(title=say("How and how much"), custom_id=f"server:how:{WHOLE_SERVER}")
        choices = {reply.value: say(text) for reply, text in REPLY_CHOICES.items()}
        self._menu("replies", say("Which replies make a picture"), choices, replies.value)
        pings = {ping.value: say(text) for ping, text in PINGS.items()}
        self._menu("ping", say("Ping when ready, for those who chose none"), pings, policy.ping, say("the default"))
        self._pace(say, policy, say("the language of their Discord"))
        self._text("images_per_day", say("Images a day, of all members together"), budget)


class ChannelModal(_ServerForm):
    """What differs in one channel."""

    def __init__(self, say: Speaker, policy: ServerPolicy, channel_id: int) -> None:
        super().__init__(title=say("What differs in this channel"), custom_id=f"server:channel:{channel_id}")
        usual = say("as in the server")
        self._models(say, policy, usual)
        self._pace(say, policy, usual)


def _default(each: int, kind: discord.SelectDefaultValueType) -> discord.SelectDefaultValue:
    return discord.SelectDefaultValue(id=each, type=kind)


def read_server_form(catalogue: Catalogue, filled_in: Mapping[str, str]) -> dict[str, Any]:
    """The fields of a ServerPolicy that a modal has, by their names.

    Raises Refusal naming the field and what it takes.
    """
    found: dict[str, Any] = {}
    for name in ("channels", "roles"):
        if name in filled_in:
            found[name] = tuple(int(each) for each in filled_in[name].split())
    if "model" in filled_in:
        found["model"] = _model(catalogue, filled_in["model"])
    if "models" in filled_in:
        found["models"] = _patterns(catalogue, filled_in["models"])
    for name in ("ping", "language"):
        if name in filled_in:
            found[name] = "" if filled_in[name] == USUAL else filled_in[name]
    if "blocking" in filled_in:
        chosen = filled_in["blocking"]
        found["blocking"] = None if chosen == USUAL else Blocking(chosen)
    if "slow_mode" in filled_in:
        found["slow_mode"] = read_optional("slow_mode", filled_in["slow_mode"], MOST_SECONDS)
    return found


def read_optional(name: str, text: str, most: int = MOST_IMAGES) -> int | None:
    """A whole number, or None if the field is empty. Raises Refusal with the range."""
    return read_whole(name, text, 0, most) if text.strip() else None


def _model(catalogue: Catalogue, text: str) -> str:
    """The id of a model that was named, empty if none was. Raises RequestError if there is none like it."""
    return catalogue.get(model_named(catalogue, text)).id if text.strip() else ""


def _patterns(catalogue: Catalogue, text: str) -> tuple[str, ...]:
    """Ids and patterns, by commas or lines. Raises Refusal naming the first that matches no model."""
    names = [model_named(catalogue, each) for each in text.replace("\n", ",").split(",") if each.strip()]
    for name in names:
        if not matching(catalogue.models, name):
            raise Refusal("No model here is named “{name}”; /models shows those that there are.", name=name)
    return tuple(dict.fromkeys(names))

"""docs/rights.md, tried out: every row as every person in every place."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import discord
import pytest
from discord import app_commands
from simcord.backend.models import Message

from bot.commands import COMMANDS
from bot.components import ITEMS
from bot.components.job import ACTIONS as OF_JOBS
from bot.components.modals.refine import WAYS
from bot.components.picture import ACTIONS as OF_PICTURES
from bot.requests.builder import BuiltRequest
from bot.requests.requester import Requester
from bot.store import Change, JobRow
from sandbox.people import Asked

from .rig import Rig, png

DOCUMENT = Path(__file__).parents[2] / "docs" / "rights.md"
PEOPLE = {
    "Author": "ana", "Other": "otto", "Moderator": "milo", "Admin": "adam", "Admin elsewhere": "eve",
    "Operator": "oscar", "Banned": "bob",
}  # fmt: skip
PLACES = ("Server", "Thread", "Direct", "Installed")
#: what a refusal of these rows says
REFUSALS = (
    "You can no longer use this bot",
    "is no longer kept",
    "Only the member who asked for these pictures, or a moderator",
    "Only those who may manage the server",
    "Only this server's moderators",
    "Only moderators can change the server's styles",
    "Only the bot's operator sees all servers",
    "Only the bot's operator can change that in every server",
    "You may give at most",
    "You may grant at most",
    "You cannot give the plan",
    "You cannot ban yourself or the bot's operators",
)


def table() -> Iterator[tuple[str, dict[str, str]]]:
    """Each row's name and its cells by column."""
    header: list[str] = []
    for line in DOCUMENT.read_text(encoding="utf-8").splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if line.startswith("| What"):
            header = cells
        elif line.startswith("| `"):
            assert set(cells[1:]) <= {"yes", "no", "own"}, line
            yield cells[0], dict(zip(header, cells, strict=True))


ROWS = dict(table())


def key(row: str) -> str:
    """The command, menu, custom_id or modal that a row is about."""
    found = re.match(r"`([^`]+)`", row)
    assert found
    return found[1]


def test_every_command_button_menu_and_modal_has_a_row() -> None:
    """Whoever adds one writes down who may use it."""
    leaves = [
        leaf
        for command in COMMANDS
        for leaf in (command.walk_commands() if isinstance(command, app_commands.Group) else [command])
    ]
    expected = {
        f"Apps > {leaf.name}" if isinstance(leaf, app_commands.ContextMenu) else f"/{leaf.qualified_name}"
        for leaf in leaves
    }
    expected |= {f"job:{action}" for action in OF_JOBS} | {f"pic:{action}" for action in OF_PICTURES}
    forms = [item.__discord_ui_compiled_template__.pattern for item in ITEMS]
    expected |= {form.split(":")[0] for form in forms} - {"job", "pic"}
    expected |= {f"modal:{verb}" for verb in ("change", *WAYS, "edit", "helped", "server")} | {"reply"}
    assert {key(row) for row in ROWS} == expected


@dataclass
class Place:
    """One of the places, with a picture of the author's in it."""

    name: str
    rig: Rig
    author_channel: int
    guild_id: int | None
    job: JobRow
    message: Message
    own: dict[str, Message] = field(default_factory=dict)

    def channel(self, who: str) -> int:
        if self.name == "Direct":
            return self.rig.local.world.backend.get_dm_channel(self.rig.members[who]).id
        return self.author_channel

    def at_hand(self, who: str) -> Message:
        """A message of the bot's that this person sees here: the author's, or else one of theirs."""
        if who == "ana" or self.name in ("Server", "Thread"):
            return self.message
        return self.private(who)

    def private(self, who: str) -> Message:
        """A message of the bot's to this person alone, as a command's answer."""
        backend = self.rig.local.world.backend
        if who not in self.own:
            self.own[who] = backend.create_message(self.channel(who), backend.bot_user.id, "for you")
        return self.own[who]

    async def renew(self) -> None:
        """Another picture, where the last one was deleted."""
        self.job, self.message = await self.rig.job(
            "ana", self.author_channel, self.guild_id, private=self.name == "Installed"
        )


@pytest.fixture(scope="module")
async def places(rig: Rig) -> dict[str, Place]:
    world = rig.local.world
    ana = rig.members["ana"]
    channels = {
        "Server": (world.channel_id, world.guild_id),
        "Thread": (world.backend.create_thread(world.channel_id, "talk", ana).id, world.guild_id),
        "Direct": (world.backend.get_dm_channel(ana).id, None),
        "Installed": (world.channel_id, world.guild_id),
    }
    found = {}
    for name, (channel, guild) in channels.items():
        job, message = await rig.job("ana", channel, guild, private=name == "Installed")
        found[name] = Place(name, rig, channel, guild, job, message)
    return found


def allowed(row: str, column: str, place: str) -> bool:
    """What the table says."""
    cells = ROWS[row]
    here = "yes" if place == "Server" else cells[place]
    return cells[column] == "yes" and (here == "yes" or (here == "own" and column == "Author"))


Look = Callable[[], Any]


class Attempt:
    """One person tries one row in one place."""

    def __init__(self, rig: Rig, place: Place, row: str, who: str) -> None:
        self.rig, self.place, self.row, self.who = rig, place, row, who
        self.user = rig.members[who]
        self.channel = place.channel(who)
        self.jobs_before = rig.service.asked[self.user]
        self.messages_before = {message.id for message in self._messages(self.channel)}

    def _messages(self, channel: int) -> list[Message]:
        return list(self.rig.local.world.backend.messages.get(channel, {}).values())

    async def run(self) -> bool:
        """Whether it was carried out; if not, the person got a sentence that only they see."""
        kind, _, rest = key(self.row).partition(" ") if key(self.row).startswith("Apps") else (key(self.row), "", "")
        if kind == "Apps":
            asked, done = await self._menu(rest.removeprefix("> "))
        elif kind.startswith("/"):
            asked, done = await self._command(kind.removeprefix("/"))
        elif kind.startswith("modal:"):
            asked, done = self._modal(kind.removeprefix("modal:"))
        else:
            asked, done = await self._press(kind)
        try:
            await self.rig.settle(lambda: done(asked) or self._refusal(asked))
        except TimeoutError:
            raise AssertionError(f"{self.who} was neither served nor refused: {asked.content!r}") from None
        if refusal := self._refusal(asked):
            assert refusal.is_ephemeral
            assert not done(asked), f"refused and done: {refusal.content}"
        return not refusal

    def _refusal(self, asked: Asked) -> Message | None:
        new = [m for m in self._messages(self.channel) if m.id not in self.messages_before and m.visible_to(self.user)]
        shown = [asked.message] if asked.message else []
        return next((m for m in [*shown, *new] if any(words in m.content for words in REFUSALS)), None)

    # What shows that something was carried out.

    def _made(self, _: Asked) -> bool:
        return self.rig.service.asked[self.user] > self.jobs_before

    def _modal_shown(self, asked: Asked) -> bool:
        return asked.record.modal is not None

    def _answered(self, asked: Asked) -> bool:
        answer = asked.message
        return bool(answer and not asked.loading and (answer.content or answer.embeds or answer.attachments)) and (
            self._refusal(asked) is None
        )

    def _posted(self, _: Asked) -> bool:
        new = [m for m in self._messages(self.channel) if m.id not in self.messages_before]
        return any(message.attachments for message in new)

    # Commands and menus.

    async def _command(self, path: str) -> tuple[Asked, Callable[[Asked], bool]]:
        options = {"reason": "test"} if path.startswith(("quota-admin", "moderation")) else {}
        options |= await self._options(path)
        if path in WITHOUT_REASON:
            options.pop("reason", None)
        admins = ("adam", "oscar", "olga")
        shown = (*admins, "milo") if path.startswith("moderation") else admins
        if path.startswith(("quota-admin", "rules", "moderation", "server")) and self.who not in shown:
            assert not self.rig.sees(self.user, self.channel, path), "it is not even shown"
        asked = self.rig.slash(self.user, self.channel, path, options)
        if path == "prompt":
            return asked, self._modal_shown
        return asked, self._made if path in MAKING else self._answered

    async def _options(self, path: str) -> dict[str, Any]:
        vic, row = self.rig.members["vic"], self.row
        if path == "moderation unban":
            for guild in (self.rig.local.world.guild_id, None):
                await self.rig.store.bans.ban(self._change(guild, vic))
        if path == "style save":
            return {"name": "ink", "words": "in ink"} | ({"scope": "server"} if "server" in row else {})
        if path == "style delete":
            owner = self.rig.local.world.guild_id if "server" in row else self.user
            await self.rig.store.styles.save(owner, "ink", "in ink")
            return {"name": "ink"} | ({"scope": "server"} if "server" in row else {})
        if path in ("rules allow", "rules export"):
            await self.rig.store.forbidden.add(self._change(self.rig.local.world.guild_id, None), "zebra")
        if path == "quota-admin grant":  # a limit below the ceiling, so that a grant is not empty
            await self.rig.store.quotas.set_limit(self._change(None, vic), 10)
        images = 100_000 if "beyond" in row else 5
        member = self.rig.members["oscar"] if "of the operator" in row else vic
        options: dict[str, dict[str, Any]] = {
            "txt2img": {"prompt": "a cat"},
            "img2img": {"prompt": "a cat", "image": ("a.png", png())},
            "edit": {"instruction": "make it red", "image": ("a.png", png())},
            "inpaint": {"prompt": "a cat", "image": ("a.png", png()), "mask": ("b.png", png("white"))},
            "upscale": {"image": ("a.png", png()), "factor": 2},
            "model": {"name": "criar-embedded"},
            "quota-admin show": {"member": vic},
            "quota-admin set": {"member": vic, "images_per_day": images}
            | ({"where": "everywhere"} if "everywhere" in row else {}),
            "quota-admin grant": {"member": vic, "images": images},
            "quota-admin reset": {"member": vic},
            "quota-admin plan": {"member": vic, "plan": "platinum" if "does not" in row else "gold"},
            "moderation ban": {"member": member},
            "moderation unban": {"member": vic},
            "moderation show": {"member": vic},
            "moderation cancel": {"member": vic},
            "quota-admin report": {"everywhere": True} if "all servers" in row else {},
            "rules forbid": {"word": "zebra"},
            "rules import": {"file": ("words.txt", b"zebra\n")},
            "rules allow": {"word": "zebra"},
            "moderation lift": {"member": vic},
            "server replies": {"when": "instructions"},
            "server announce": {"text": "I am away on Sunday."},
        }
        return options.get(path, {})

    def _change(self, guild_id: int | None, user_id: int | None) -> Change:
        now = discord.utils.utcnow()
        return Change(actor_id=1, guild_id=guild_id, user_id=user_id, at=now, by_operator=guild_id is None)

    async def _menu(self, name: str) -> tuple[Asked, Callable[[Asked], bool]]:
        message = self._public()
        asked = self.rig.local.people.menu(self.user, name, message)
        done = {"Refine": self._modal_shown, "Edit": self._modal_shown, "Upscale": self._made}.get(name, self._answered)
        return asked, done

    def _public(self) -> Message:
        """The author's picture, or in a server where the app is only installed to members, one of its channel."""
        return self.rig.public if self.place.name == "Installed" else self.place.message

    # Buttons and modals.

    async def _press(self, kind: str) -> tuple[Asked, Callable[[Asked], bool]]:
        custom_id, values, message, done = await self._button(kind)
        return self.rig.forge(self.who, self.channel, message, custom_id, values), done

    async def _button(self, kind: str) -> tuple[str, list[str] | None, Message, Callable[[Asked], bool]]:
        place, job = self.place, self.place.job
        at_hand, private = place.at_hand(self.who), place.private(self.who)
        picture, action = f"{job.id}:0", kind.partition(":")[2]
        if kind in ("job:delete", "pic:remove"):
            gone = kind == "pic:remove"
            custom_id = f"pic:remove:{picture}" if gone else f"job:delete:{job.id}"
            return custom_id, None, at_hand, self._deleted(job, place.message, by_message=gone)
        if kind == "job:cancel":
            job, message = await self.rig.job(
                "ana", place.author_channel, place.guild_id, private=place.name == "Installed", done=False
            )
            shown = message if place.at_hand(self.who) is place.message else at_hand
            taken = f"{job.id}:0"
            return f"job:cancel:{job.id}", None, shown, lambda _: taken in self.rig.service.cancelled
        if kind in ("cancel", "queued"):
            return await self._cancelling(kind)
        if kind.startswith("job:"):
            done = {"again": self._made, "change": self._modal_shown}.get(action, self._answered)
            return f"job:{action}:{job.id}", None, at_hand, done
        if kind.startswith("pic:"):
            done = {
                "pick": self._posted, "ask": self._modal_shown, "edit": self._modal_shown, "origin": self._answered,
                "more": self._answered,
            }.get(action, self._made)  # fmt: skip
            value = "=4" if action == "enlarge" else ""
            return f"pic:{action}{value}:{picture}", None, at_hand, done
        if kind == "fewer":
            return f"fewer:{self._offer()}", None, private, self._made
        if kind == "which":
            public = self._public()
            channel = self.channel if place.name != "Direct" or self.who != "ana" else public.channel_id
            return f"which:upscale:{channel}:{public.id}", ["0"], private, self._made
        if kind == "found":
            public = self._public()
            return f"found:upscale:{public.id}", None, private, self._made
        if kind == "meant":
            own = self.rig.local.world.backend.create_message(
                self.channel, self.user, f"<@{self.rig.local.world.backend.bot_user.id}> a red apple", broadcast=False
            )
            return f"meant:{own.id}", None, private, self._made
        return {
            "take": ("take", [picture], private, self._posted),
            "history": ("history:0", None, private, lambda _: private.edited_timestamp is not None),
            "privacy": ("privacy:forget", None, private, self._answered),
            "help": ("help:prompt", None, private, self._modal_shown),
            "prompted": ("prompted:criar-embedded", None, self._prompted(private), self._made),
            "words": (f"words:refine:{picture}", None, private, self._modal_shown),
            "models": ("models:0:", None, private, lambda asked: asked.record.responded and bool(private.embeds)),
            "model": ("model", ["criar-embedded"], private, self._answered),
            "server": ("server:where:0", None, private, self._modal_shown),
            "audit": ("audit:older:999999", None, private, lambda _: private.edited_timestamp is not None),
        }[kind]

    async def _cancelling(self, kind: str) -> tuple[str, list[str], Message, Callable[[Asked], bool]]:
        """A menu of requests that wait: one's own, or those of the server."""
        own = kind == "cancel" and self.who != "bob"  # nothing of who is banned waits
        whose = self.who if own else "ana"
        job, _ = await self.rig.job(whose, self.channel, self.place.guild_id, private=kind == "cancel", done=False)
        waiting = f"{job.id}:0"
        return kind, [job.id], self.place.private(self.who), lambda _: waiting in self.rig.service.cancelled

    def _offer(self) -> str:
        """An offer to this person to make one picture instead of more."""
        requester = Requester(
            id=1, user_id=self.user, guild_id=self.place.guild_id, channel_id=self.channel, locale="en-US",
            upload_limit=2**20,
        )  # fmt: skip
        return self.rig.client.manager.offers.keep(requester, BuiltRequest(request=self.place.job.request), 1)

    def _prompted(self, message: Message) -> Message:
        return replace(message, embeds=[{"type": "rich", "description": "a cat"}])

    def _deleted(self, job: JobRow, message: Message, *, by_message: bool) -> Callable[[Asked], bool]:
        messages = self.rig.local.world.backend.messages
        if by_message or not job.private:
            return lambda _: message.id not in messages.get(message.channel_id, {})
        file = self.rig.store.files.picture(f"{job.id}:0")
        return lambda _: not file.exists()

    def _modal(self, verb: str) -> tuple[Asked, Callable[[Asked], bool]]:
        job = self.place.job
        custom_id = {"change": f"change:{job.id}", "helped": "helped:criar-embedded"}.get(verb, f"{verb}:{job.id}:0")
        if verb == "server":
            place = self.place.private(self.who)
            asked = self.rig.forge_modal(self.who, self.channel, "server:channel:1", {"slow_mode": "0"}, place)
            return asked, lambda _: place.edited_timestamp is not None
        fields = {"subject": "a cat"} if verb == "helped" else {"prompt": "a cat"}
        message = self.place.at_hand(self.who)
        asked = self.rig.forge_modal(self.who, self.channel, custom_id, fields, message)
        return asked, self._answered if verb == "helped" else self._made


MAKING = ("txt2img", "img2img", "edit", "inpaint", "upscale")
WITHOUT_REASON = (
    "quota-admin show", "quota-admin report", "quota-admin audit", "moderation bans", "moderation show",
    "moderation strikes", "moderation queue", "moderation pause",
)  # fmt: skip


def impossible(row: str, who: str, place: str) -> bool:
    """What Discord does not let anybody try: a menu or a reply on a message that they do not see."""
    return place == "Direct" and who != "ana" and key(row).startswith(("Apps", "reply"))


@pytest.mark.slow
@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("row", [row for row in ROWS if key(row) != "reply"])
async def test_everybody_may_do_what_the_table_says(rig: Rig, places: dict[str, Place], row: str, place: str) -> None:
    """What is allowed is carried out; all else is refused privately, and nothing comes of it."""
    here = places[place]
    await here.renew()
    found, expected = {}, {}
    for column, who in PEOPLE.items():
        if impossible(row, who, place):
            continue
        if place == "Installed":
            _, rig.public = await rig.job("ana", rig.local.world.channel_id, rig.local.world.guild_id)
            rig.local.world.user_installs.add(rig.members[who])
        expected[column] = allowed(row, column, place)
        here.own.clear()
        try:
            found[column] = await Attempt(rig, here, row, who).run()
        finally:
            rig.local.world.user_installs.clear()
        if key(row) in ("job:delete", "pic:remove") and found[column]:
            await here.renew()
    await undo(rig)
    assert found == expected


async def undo(rig: Rig) -> None:
    """Lift what the rows have done to vic and to the server."""
    world, vic = rig.local.world, rig.members["vic"]
    for guild in (world.guild_id, None):
        change = Change(actor_id=1, guild_id=guild, user_id=vic, at=discord.utils.utcnow(), by_operator=guild is None)
        await rig.store.bans.unban(change)
        await rig.store.quotas.set_limit(change, None)
        await rig.store.quotas.set_budget(replace(change, guild_id=world.guild_id), None)
        await rig.store.forbidden.remove(replace(change, guild_id=world.guild_id), "zebra")


@pytest.mark.slow
@pytest.mark.parametrize("place", ["Server", "Thread", "Direct"])
async def test_everybody_may_reply_as_the_table_says(rig: Rig, places: dict[str, Place], place: str) -> None:
    """Words in reply to the picture refine it; who is banned is told so in a direct message, and nothing is made."""
    (row,) = (row for row in ROWS if key(row) == "reply")
    here = places[place]
    await here.renew()
    for column, who in PEOPLE.items():
        if impossible(row, who, place):
            continue
        await _reply(rig, here, who, allowed=allowed(row, column, place))


async def _reply(rig: Rig, here: Place, who: str, *, allowed: bool) -> None:
    user, backend = rig.members[who], rig.local.world.backend
    before, direct = rig.service.asked[user], backend.get_dm_channel(user).id
    told = len(backend.messages.get(direct, {}))
    rig.local.people.say(user, here.channel(who), "as a watercolour", (), here.message.id)
    if allowed:
        await rig.settle(lambda: rig.service.asked[user] > before)
    else:
        await rig.settle(lambda: len(backend.messages.get(direct, {})) > told)
        assert REFUSALS[0] in list(backend.messages[direct].values())[-1].content
        assert rig.service.asked[user] == before


async def _modal(rig: Rig, shown: Asked) -> None:
    await rig.settle(lambda: shown.record.modal)


async def test_modals_are_not_kept_until_they_are_sent(rig: Rig) -> None:
    """Of each modal that was shown, as of those that are dismissed, nothing stays in memory."""
    world = rig.local.world
    job, message = await rig.job("ana", world.channel_id, world.guild_id)
    for custom_id in (f"job:change:{job.id}", f"pic:ask:{job.id}:0", f"pic:edit:{job.id}:0", "help:prompt"):
        shown = rig.forge("ana", world.channel_id, message, custom_id)
        await _modal(rig, shown)
    assert not rig.client._connection._view_store._modals

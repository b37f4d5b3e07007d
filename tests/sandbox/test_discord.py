"""A real bot process against the local Discord, over the real wire."""

import asyncio
import io
from collections.abc import Callable

import pytest
from PIL import Image

from sandbox import Asked, CannotDoError, LocalDiscord

Slash = Callable[..., Asked]


def png(width: int, height: int) -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (width, height), "orange").save(file, "PNG")
    return file.getvalue()


def ana(local: LocalDiscord) -> int:
    return local.world.members["ana"]


async def test_a_bot_logs_in_and_tells_its_commands(local: LocalDiscord) -> None:
    """After the start, members see the commands that the bot synced; only admins see those for admins."""
    seen = {
        name: {entry["path"] for entry in local.people.commands(local.world.members[name], local.world.channel_id)}
        for name in ("ana", "olga")
    }
    assert seen["ana"] == {"echo", "paint", "show", "fail"}
    assert seen["olga"] == seen["ana"] | {"admin ping"}


async def test_options_of_every_kind_arrive_as_they_were_given(local: LocalDiscord, slash: Slash) -> None:
    """Text, number, boolean, member and file reach the bot, the file with its size and bytes."""
    data = png(40, 30)
    asked = slash("echo", text="hey", count=2, loud=True, who=local.world.members["milo"], file=("a b.png", data))
    await local.answered(asked)
    assert asked.content == f"HEY HEY (40×30, {len(data)} bytes) to Milo (moderator) [en-US]"
    assert asked.milliseconds is not None
    assert asked.milliseconds < 3000


async def test_the_bot_is_told_the_members_language(local: LocalDiscord, slash: Slash) -> None:
    """An interaction carries the locale of the member."""
    local.world.add_member("greta", locale="de")
    asked = await local.answered(slash("echo", "greta", text="hallo"))
    assert asked.content == "hallo [de]"


@pytest.mark.parametrize(
    ("path", "options", "words"),
    [
        ("echo", {}, "needs text"),
        ("echo", {"text": "x", "count": 9}, "takes at most 4"),
        ("echo", {"text": "x", "count": "many"}, "takes a whole number"),
        ("echo", {"text": "x", "volume": 3}, "has no option volume"),
        ("nothing", {}, "there is no command"),
        ("admin ping", {}, "there is no command"),
    ],
)
async def test_a_person_cannot_send_what_discord_does_not_let_them(
    slash: Slash, path: str, options: dict[str, object], words: str
) -> None:
    """Missing, wrong and unknown options, and commands that the member does not see, never reach the bot."""
    with pytest.raises(Exception, match=words):
        slash(path, **options)


async def test_subcommands_work_for_those_who_see_them(local: LocalDiscord, slash: Slash) -> None:
    """A subcommand of a group reaches the bot."""
    assert (await local.answered(slash("admin ping", "olga"))).content == "pong"


async def test_a_deferred_answer_is_edited_step_by_step_with_files(local: LocalDiscord, slash: Slash) -> None:
    """The answer is seen thinking, then with each edit, and at last with both pictures and their alt text."""
    asked = slash("paint", colour="red")
    seen: list[str] = []

    def done() -> bool:
        if asked.message and asked.content not in seen:
            seen.append(asked.content)
        return asked.content == "done"

    await local.wait_for(done)
    assert [words[:5] for words in seen if words] == ["**0**", "**1**", "**2**", "done"]
    assert asked.message
    assert [file["description"] for file in asked.message.attachments] == ["a red square", "a gray square"]
    assert {(file["width"], file["height"]) for file in asked.message.attachments} == {(128, 128)}
    assert [Image.open(io.BytesIO(data)).size for data in local.files(asked.message)] == [(128, 128)] * 2


async def test_only_its_member_sees_an_ephemeral_answer(local: LocalDiscord, slash: Slash) -> None:
    """Neither other members nor the owner see a private answer."""
    asked = await local.answered(slash("paint", colour="blue", private=True))
    assert asked.record.ephemeral
    assert asked.message in local.messages(ana(local))
    assert asked.message not in local.messages()
    assert asked.message not in local.messages(local.world.members["milo"])


async def test_suggestions_follow_what_is_typed(local: LocalDiscord) -> None:
    """Autocomplete returns the bot's choices for the text so far."""
    asked = local.people.autocomplete(ana(local), local.world.channel_id, "paint", "colour", "gr", {})
    await local.acknowledged(asked)
    assert asked.record.autocomplete_choices == [{"name": "green (gr)", "value": "green"}]


async def test_buttons_and_selects_reach_the_bot(local: LocalDiscord, slash: Slash) -> None:
    """A button edits its message; a select answers with the values, a member select with the member."""
    message = (await local.answered(slash("show", what="buttons"))).message
    assert message
    chosen = await local.answered(local.people.press(ana(local), message, "choose", ["red", "blue"]))
    assert chosen.content == "chosen: red, blue"
    who = await local.answered(local.people.press(ana(local), message, "who", [str(local.world.members["milo"])]))
    assert who.content == "member: Milo (moderator)"
    await local.answered(local.people.press(ana(local), message, "press"))
    assert message.content == "pressed by Ana"
    for custom_id, values in (("nothing", None), ("choose", ["mauve"]), ("choose", ["red", "green", "blue"])):
        with pytest.raises(CannotDoError):
            local.people.press(ana(local), message, custom_id, values)


async def test_a_modal_is_shown_and_sent_with_all_kinds_of_fields(local: LocalDiscord, slash: Slash) -> None:
    """Text, a select and an uploaded file of a modal reach the bot; a required field may not be empty."""
    shown = await local.acknowledged(slash("show", what="modal"))
    assert shown.record.modal
    words, colour, upload = (row["component"]["custom_id"] for row in shown.record.modal["components"])
    with pytest.raises(CannotDoError, match="required"):
        local.people.submit(ana(local), shown, {colour: ["red"]})
    data = png(20, 20)
    sent = local.people.submit(ana(local), shown, {words: "hi", colour: ["green"], upload: [("a.png", data)]})
    await local.answered(sent)
    assert sent.content == f"modal: hi, green, [{len(data)}]"


async def test_a_context_menu_sees_anybodys_message(local: LocalDiscord) -> None:
    """The target of a message command comes with its content and files, without the privileged intent."""
    message = local.people.say(local.world.members["milo"], local.world.channel_id, "look", [("a.png", png(64, 48))])
    asked = await local.answered(local.people.menu(ana(local), "Measure", message))
    assert asked.content == "measured ['64×48'] in “look”"
    assert asked.record.ephemeral


async def test_a_reply_reaches_the_bot_only_with_a_ping(local: LocalDiscord) -> None:
    """A reply that pings is read, with its files; one without arrives without content, and the bot is silent."""
    bot, channel = local.world.backend.bot_user.id, local.world.channel_id
    first = local.people.say(ana(local), channel, f"<@{bot}> hello")
    (answer,) = await local.wait_for(
        lambda: [m for m in local.messages() if "hello" in m.content and m.author_id == bot]
    )
    assert answer.reference["message_id"] == str(first.id)
    local.people.say(ana(local), channel, "quietly", reply_to=answer.id, mention=False)
    local.people.say(ana(local), channel, "loudly", [("a.png", png(8, 9))], reply_to=answer.id)
    await local.wait_for(lambda: any(m.content == "heard: loudly [(8, 9)]" for m in local.messages()))
    assert not any("quietly" in m.content for m in local.messages() if m.author_id == bot)


async def test_direct_messages_work(local: LocalDiscord) -> None:
    """In a direct message the bot reads everything and answers there."""
    channel = local.world.backend.get_dm_channel(ana(local)).id
    local.people.say(ana(local), channel, f"<@{local.world.backend.bot_user.id}> psst")
    await local.wait_for(lambda: any("heard:" in m.content for m in local.people.messages(ana(local), channel)))
    assert not local.people.messages(local.world.members["milo"], channel)


async def test_many_actions_at_once_are_all_answered(local: LocalDiscord, slash: Slash) -> None:
    """Thirty commands of two members, sent without waiting, each get their own answer."""
    asked = [slash("echo", ("ana", "milo")[n % 2], text=f"number {n}") for n in range(30)]
    await asyncio.gather(*(local.answered(each) for each in asked))
    assert [each.content for each in asked] == [f"number {n} [en-US]" for n in range(30)]

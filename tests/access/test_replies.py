"""Who is meant: chat stays chat, instructions are carried out, what may be either is asked; with the real client."""

import asyncio
from dataclasses import replace
from typing import Any

import pytest
from simcord.backend.models import Message

from bot.store import Replies, State
from generation import Started, Task
from sandbox import Fault

from .rig import Rig, png

PALETTE = "🎨"


def new_by_bot(rig: Rig, channel: int, after: int) -> list[Message]:
    """What the bot has written into a channel since, but for the words that pictures asked for before are ready."""
    backend = rig.local.world.backend
    found = [each for each in backend.messages.get(channel, {}).values() if each.id > after]
    return [each for each in found if each.author_id == backend.bot_user.id and not each.ping_user_ids]


def answers(rig: Rig, message: Message) -> list[Message]:
    """The bot's replies to a message, without what it says of pictures that were asked for before."""
    found = new_by_bot(rig, message.channel_id, message.id)
    return [each for each in found if each.reference and each.reference["message_id"] == str(message.id)]


async def picture(rig: Rig) -> Message:
    """A picture of milo's in the channel."""
    _, message = await rig.job("milo", rig.local.world.channel_id, rig.local.world.guild_id)
    return message


def me(rig: Rig) -> str:
    return f"<@{rig.local.world.backend.bot_user.id}>"


async def said(
    rig: Rig, who: str, text: str, files: Any = (), reply_to: int | None = None, channel: int = 0
) -> Message:
    return rig.local.people.say(rig.members[who], channel or rig.local.world.channel_id, text, files, reply_to)


async def read_by_bot(rig: Rig) -> None:
    """Until the bot has read everything so far: its answer to something that is surely meant, in another place."""
    channel = rig.local.world.backend.get_dm_channel(rig.members["oscar"]).id
    last = max(rig.local.world.backend.messages.get(channel, {}), default=0)
    await said(rig, "oscar", "hello", channel=channel)
    await rig.settle(lambda: new_by_bot(rig, channel, last))


def reacted(rig: Rig, message: Message) -> bool:
    return ("PUT", f"/channels/{message.channel_id}/messages/{message.id}/reactions/%F0%9F%8E%A8/@me") in {
        (call.method, call.path) for call in rig.local.rest.calls
    } or any("reactions" in call.path and str(message.id) in call.path for call in rig.local.rest.calls)


async def made(rig: Rig, who: str, before: int) -> None:
    await rig.settle(lambda: rig.service.asked[rig.members[who]] > before)


@pytest.mark.parametrize(
    "text", ["thanks, I love it!", "👍", "is this a lemon?", "wow nice work Mei", "que lindo", "jajaja"]
)
async def test_chat_under_a_picture_stays_chat(rig: Rig, text: str) -> None:
    """Members 1: praise, questions and emoji with Discord's usual ping make nothing, cost nothing and get no answer."""
    shown = await picture(rig)
    before = rig.service.asked[rig.members["ana"]]
    message = await said(rig, "ana", text, reply_to=shown.id)
    await read_by_bot(rig)
    assert rig.service.asked[rig.members["ana"]] == before
    assert not reacted(rig, message)
    assert new_by_bot(rig, message.channel_id, message.id) == []


async def test_words_in_between_are_asked_about_and_made_once_when_their_author_says_so(rig: Rig) -> None:
    """The bot reacts with 🎨; another member's press makes nothing, the author's one picture, a second press none."""
    backend, channel = rig.local.world.backend, rig.local.world.channel_id
    shown, ana = await picture(rig), rig.members["ana"]
    before = rig.service.asked[ana]
    message = await said(rig, "ana", "a dog", reply_to=shown.id)
    await rig.settle(lambda: reacted(rig, message))
    backend.add_reaction(channel, message.id, PALETTE, rig.members["otto"])
    await read_by_bot(rig)
    assert rig.service.asked[ana] == before
    backend.add_reaction(channel, message.id, PALETTE, ana)
    await made(rig, "ana", before)
    backend.set_reaction(channel, message.id, PALETTE, ana, False)
    backend.add_reaction(channel, message.id, PALETTE, ana)
    await read_by_bot(rig)
    assert rig.service.asked[ana] == before + 1


async def test_a_yes_after_ten_minutes_makes_nothing(rig: Rig) -> None:
    """Nobody pays for what they forgot, nor for a reaction that we never put there."""
    backend, channel, ana = rig.local.world.backend, rig.local.world.channel_id, rig.members["ana"]
    shown = await picture(rig)
    before = rig.service.asked[ana]
    message = await said(rig, "ana", "thanks", reply_to=shown.id)
    backend.add_reaction(channel, message.id, PALETTE, ana)
    await read_by_bot(rig)
    old = message.id - (11 * 60 * 1000 << 22)
    backend.messages[channel][old] = replace(message, id=old, content="a dog")
    backend.add_reaction(channel, old, PALETTE, backend.bot_user.id)
    backend.add_reaction(channel, old, PALETTE, ana)
    await read_by_bot(rig)
    assert rig.service.asked[ana] == before


async def test_where_the_bot_may_not_react_it_asks_with_a_button(rig: Rig) -> None:
    """Only the author may press it; the question leaves again."""
    shown, ana, channel = await picture(rig), rig.members["ana"], rig.local.world.channel_id
    before = rig.service.asked[ana]
    rig.local.rest.faults.append(Fault(method="PUT", path="/channels/*/messages/*/reactions/*", status=403, code=50013))
    message = await said(rig, "ana", "a dog", reply_to=shown.id)
    await rig.settle(lambda: answers(rig, message))
    (question,) = answers(rig, message)
    refused = rig.local.people.press(rig.members["otto"], question, f"meant:{message.id}")
    await rig.settle(lambda: refused.reply)
    assert rig.service.asked[ana] == before
    rig.local.people.press(ana, question, f"meant:{message.id}")
    await made(rig, "ana", before)
    await rig.settle(lambda: question.id not in rig.local.world.backend.messages[channel])


@pytest.mark.parametrize(
    ("choice", "text", "makes", "asks"),
    [
        (Replies.ASK, "as a watercolour", False, True),
        (Replies.ASK, "thanks", False, False),
        (Replies.MENTIONS, "as a watercolour", False, False),
        (Replies.MENTIONS, "{me} as a watercolour", True, False),
        (Replies.INSTRUCTIONS, "as a watercolour", True, False),
    ],
)
async def test_a_server_s_admins_choose_when_replies_make_pictures(
    rig: Rig, choice: Replies, text: str, makes: bool, asks: bool
) -> None:
    """Instructions as usual, ask always, or mentions only."""
    guild, ana = rig.local.world.guild_id, rig.members["ana"]
    asked = rig.slash(rig.members["adam"], rig.local.world.channel_id, "server replies", {"when": choice.value})
    await rig.settle(lambda: not asked.loading and asked.content)
    shown, before = await picture(rig), rig.service.asked[ana]
    message = await said(rig, "ana", text.format(me=me(rig)), reply_to=shown.id)
    if makes:
        await made(rig, "ana", before)
    if asks:
        await rig.settle(lambda: reacted(rig, message))
    await read_by_bot(rig)
    assert (rig.service.asked[ana] > before, reacted(rig, message)) == (makes, asks)
    await rig.store.key_values.set_replies(guild, Replies.INSTRUCTIONS)


async def test_a_mention_with_words_alone_makes_a_picture_from_words(rig: Rig) -> None:
    """Bot 14: as /txt2img, flags included."""
    before = rig.service.asked[rig.members["ana"]]
    await said(rig, "ana", f"{me(rig)} a red apple --ar 3:2 --count 2")
    await made(rig, "ana", before + 1)
    request = rig.service.pictures[-1].request
    assert (request.task, request.prompt) == (Task.TXT2IMG, "a red apple")
    assert request.width > request.height


async def test_a_picture_alone_is_answered_with_what_can_be_done(rig: Rig) -> None:
    """Bot 14: the buttons of the answer work, and the answer leaves after a while, also over a restart."""
    ana = rig.members["ana"]
    message = await said(rig, "ana", me(rig), [("mine.png", png())])
    await rig.settle(lambda: answers(rig, message))
    (answer,) = answers(rig, message)
    before = rig.service.asked[ana]
    rig.local.people.press(ana, answer, f"found:upscale:{message.id}")
    await made(rig, "ana", before)
    shown = rig.local.people.press(ana, answer, f"found:refine:{message.id}")
    await rig.settle(lambda: shown.record.modal)


@pytest.mark.parametrize("place", ["channel", "direct"])
@pytest.mark.parametrize("text", ["", "hello", "thanks!", "help", "what can you do?"])
async def test_whoever_speaks_to_the_bot_gets_one_short_answer(rig: Rig, text: str, place: str) -> None:
    """Bot 14, members 13: a mention alone, a greeting or a question is answered with how to go on, for free."""
    channel = (
        rig.local.world.channel_id
        if place == "channel"
        else rig.local.world.backend.get_dm_channel(rig.members["ana"]).id
    )
    if place == "direct" and not text:
        return  # Discord sends no empty message
    before = rig.service.asked[rig.members["ana"]]
    message = await said(rig, "ana", f"{me(rig) if place == 'channel' else ''} {text}".strip(), channel=channel)
    await rig.settle(lambda: answers(rig, message))
    (answer,) = answers(rig, message)
    assert "/txt2img" in answer.content
    assert rig.service.asked[rig.members["ana"]] == before


async def test_words_and_pictures_in_direct_messages_are_meant_for_the_bot(rig: Rig) -> None:
    """Members 13: words make a picture, and a picture with words another."""
    channel, ana = rig.local.world.backend.get_dm_channel(rig.members["ana"]).id, rig.members["ana"]
    for text, files in (("a red apple on a blue background", ()), ("as a watercolour", [("mine.png", png())])):
        before = rig.service.asked[ana]
        await said(rig, "ana", text, files, channel=channel)
        await made(rig, "ana", before)


async def test_the_bot_s_own_role_counts_as_a_mention(rig: Rig) -> None:
    """Bot 13: people pick the managed role of the same name when they type @Bot."""
    message = await said(rig, "ana", f"<@&{rig.local.world.bot_role.id}> a green pear")
    await rig.settle(lambda: answers(rig, message))
    assert f"write {me(rig)} before them, or use " in answers(rig, message)[0].content


async def test_one_of_several_pictures_is_chosen_in_words_or_from_a_menu(rig: Rig) -> None:
    """“the second” is taken at once; without such words a menu asks, of which only the author may choose."""
    ana = rig.members["ana"]
    files = [("one.png", png("red")), ("two.png", png("blue"))]
    before = rig.service.asked[ana]
    await said(rig, "ana", f"{me(rig)} the second, as a watercolour", files)
    await made(rig, "ana", before)
    message = await said(rig, "ana", f"{me(rig)} as a watercolour", files)
    await rig.settle(lambda: answers(rig, message))
    (menu,) = answers(rig, message)
    rig.local.people.press(ana, menu, f"meant:{message.id}", ["1"])
    await made(rig, "ana", before + 1)


async def test_the_menu_of_several_pictures_shows_each_beside_its_number(rig: Rig) -> None:
    """Members 29: Discord's menus show no pictures, so embeds do; not of covered ones, which they would uncover."""
    files = [("one.png", png("red")), ("two.png", png("blue"))]
    message = await said(rig, "ana", f"{me(rig)} as a watercolour", files)
    await rig.settle(lambda: answers(rig, message))
    shown = [embed["thumbnail"]["url"] for embed in answers(rig, message)[0].embeds]
    assert shown == [each["url"] for each in message.attachments]
    covered = await said(rig, "ana", f"{me(rig)} as a watercolour", [("SPOILER_one.png", png("red")), files[1]])
    await rig.settle(lambda: answers(rig, covered))
    assert answers(rig, covered)[0].embeds == []


async def test_a_file_that_is_no_picture_is_refused_with_words_too(rig: Rig) -> None:
    """Words beside a text file make nothing; a picture without a known type or ending is changed as any other."""
    ana = rig.members["ana"]
    before = rig.service.asked[ana]
    message = await said(rig, "ana", f"{me(rig)} make it blue", [("note.txt", b"hello")])
    await rig.settle(lambda: answers(rig, message))
    assert "cannot read that file" in answers(rig, message)[0].content
    assert rig.service.asked[ana] == before
    await said(rig, "ana", f"{me(rig)} as a watercolour", [("picture.bin", png())])
    await made(rig, "ana", before)
    assert rig.service.pictures[-1].request.task is Task.IMG2IMG


async def test_a_link_is_no_part_of_the_prompt_and_that_is_said(rig: Rig) -> None:
    """Image prompts of Midjourney begin with an address, of which no model can draw anything."""
    before = rig.service.asked[rig.members["ana"]]
    await said(rig, "ana", f"{me(rig)} https://cdn.example/cat.png a red apple --iw 2")
    await made(rig, "ana", before)
    assert rig.service.pictures[-1].request.prompt == "a red apple"
    job = await rig.store.jobs.of_picture(rig.service.pictures[-1].id)
    assert any("link" in note.template for note in job.notes)


async def test_bigger_enlarges_the_picture(rig: Rig) -> None:
    """Members 12: “bigger”, “upscale 2x” and a bare “2x” enlarge and are no prompt."""
    for text in ("bigger", "upscale 2x", "2x"):
        shown, before = await picture(rig), rig.service.asked[rig.members["ana"]]
        await said(rig, "ana", text, reply_to=shown.id)
        await made(rig, "ana", before)
        request = rig.service.pictures[-1].request
        assert (request.task, request.width) == (Task.UPSCALE, 512)


async def test_praise_with_an_instruction_behind_it_is_carried_out(rig: Rig) -> None:
    """“I love it but make it darker” keeps the picture's words, without the praise; “same seed but …” its seed."""
    for text, prompt in (("I love it but make it darker", "a cat, darker"), ("same seed but a dog", "a dog")):
        shown, before = await picture(rig), rig.service.asked[rig.members["ana"]]
        await said(rig, "ana", text, reply_to=shown.id)
        await made(rig, "ana", before)
        request = rig.service.pictures[-1].request
        assert (request.task, request.prompt) == (Task.IMG2IMG, prompt)
    assert request.seed == 7


async def test_what_does_nothing_is_said_after_a_mention_too(rig: Rig) -> None:
    """A strength beside words alone, and words of strength beside “bigger”."""
    ana, shown = rig.members["ana"], await picture(rig)
    for text, reply_to in ((f"{me(rig)} a red apple, strong", None), ("bigger --ar 3:2", shown.id)):
        before = rig.service.asked[ana]
        await said(rig, "ana", text, reply_to=reply_to)
        await made(rig, "ana", before)
        job = await rig.store.jobs.of_picture(rig.service.pictures[-1].id)
        assert any("does nothing here" in note.template for note in job.notes)


async def test_words_that_the_embedded_model_does_not_know_are_named_where_their_member_reads(rig: Rig) -> None:
    """Members 5: with the picture, in a command's private answer, and under the picture that a mention brings."""
    world, ana = rig.local.world, rig.members["ana"]
    asked = rig.slash(ana, world.channel_id, "txt2img", {"prompt": "a zorblax in the cyberpunk night"})
    await rig.settle(lambda: "left today" in asked.content)
    assert "not: zorblax, cyberpunk" in asked.content
    message = await said(rig, "ana", f"{me(rig)} a red zorblax")
    await rig.settle(lambda: [each for each in answers(rig, message) if each.attachments])
    assert "not: zorblax" in next(each.content for each in answers(rig, message) if each.attachments)


async def test_flags_in_forms_find_the_member_s_styles(rig: Rig) -> None:
    """In “Edit the prompt” and “Refine with …” --style adds the saved words, as it does in commands."""
    ana, world = rig.members["ana"], rig.local.world
    await rig.store.styles.save(ana, "comic", "bold lines")
    job, shown = await rig.job("ana", world.channel_id, world.guild_id)
    for form in (f"change:{job.id}", f"refine:{job.pictures[0].id}"):
        before = rig.service.asked[ana]
        rig.forge_modal("ana", world.channel_id, form, {"prompt": "a dog --style Comic", "strength": "strong"}, shown)
        await made(rig, "ana", before)
        assert rig.service.pictures[-1].request.prompt == "a dog, bold lines"


async def test_what_a_member_typed_is_not_echoed_as_a_link(rig: Rig) -> None:
    """Bot 15: a masked link in a refused flag does not speak with the bot's voice."""
    shown = await picture(rig)
    message = await said(rig, "ana", "a dog --ar [free](https://evil.example/x)", reply_to=shown.id)
    await rig.settle(lambda: answers(rig, message))
    (answer,) = answers(rig, message)
    assert "is not a size" in answer.content
    assert "](https://" not in answer.content


async def test_a_refusal_that_cannot_be_posted_goes_directly(rig: Rig) -> None:
    """Bot 9: where the bot may not write, the member is told directly, and nothing is raised."""
    shown, ana = await picture(rig), rig.members["ana"]
    direct = rig.local.world.backend.get_dm_channel(ana).id
    last = max(rig.local.world.backend.messages.get(direct, {}), default=0)
    path = f"/channels/{rig.local.world.channel_id}/messages"
    fault = Fault(method="POST", path=path, status=403, code=50013, times=99)
    rig.local.rest.faults.append(fault)
    await said(rig, "ana", "a dog --ar 99", reply_to=shown.id)
    await rig.settle(lambda: new_by_bot(rig, direct, last))
    rig.local.rest.faults.remove(fault)
    assert "is not a size" in new_by_bot(rig, direct, last)[-1].content


async def test_what_comes_of_a_covered_picture_is_covered(rig: Rig) -> None:
    """Bot 11: beside a mention, in Apps > Upscale and in /img2img."""
    world, ana = rig.local.world, rig.members["ana"]
    covered = ("SPOILER_x.png", png())
    asks: list[Any] = [
        lambda: rig.local.people.say(ana, world.channel_id, f"{me(rig)} as a watercolour", [covered]),
        lambda: rig.slash(ana, world.channel_id, "img2img", {"image": covered, "prompt": "a cat"}),
        lambda: rig.local.people.menu(ana, "Upscale", rig.local.people.say(ana, world.channel_id, "look", [covered])),
    ]
    for ask in asks:
        before = rig.service.asked[ana]
        ask()
        await made(rig, "ana", before)
        job = await rig.store.jobs.of_picture(rig.service.pictures[-1].id)
        assert job.spoiler


async def test_pictures_are_found_in_embeds(rig: Rig) -> None:
    """Bot 50: a link's preview in the message that is replied to, and in Apps; no advice in a circle."""
    world, ana = rig.local.world, rig.members["ana"]
    stored = world.backend.store_attachments(world.channel_id, [("link.png", png())])[0]
    embed = {"type": "image", "url": stored["url"], "thumbnail": {"url": stored["url"], "proxy_url": stored["url"]}}
    linked = world.backend.create_message(world.channel_id, rig.members["milo"], "look", embeds=[embed])
    before = rig.service.asked[ana]
    rig.local.people.menu(ana, "Upscale", linked)
    await made(rig, "ana", before)


async def test_words_written_in_a_form_that_is_refused_are_not_lost(rig: Rig) -> None:
    """Members 17: the form opens without them the next time, so the refusal shows them."""
    shown = await picture(rig)
    job = await rig.store.jobs.of_message(shown.id)
    assert job
    fields = {"prompt": "a long story of a cat", "strength": "huge"}
    asked = rig.forge_modal("milo", rig.local.world.channel_id, f"refine:{job.pictures[0].id}", fields, shown)
    await rig.settle(lambda: asked.message and asked.message.embeds)
    assert "Strength must be" in asked.content
    assert asked.message
    assert asked.message.embeds[0]["description"] == "a long story of a cat"


@pytest.mark.parametrize(("code", "words"), [("pt-BR", "Escreva"), ("es-ES", "Escribe"), ("en-US", "Write")])
async def test_a_mention_is_answered_in_the_language_of_the_member_s_last_command(
    rig: Rig, code: str, words: str
) -> None:
    """Messages do not tell it; any command or button does, also one that makes nothing."""
    world, vic = rig.local.world, rig.members["vic"]
    world.locales[vic] = code
    asked = rig.slash(vic, world.channel_id, "help", {})
    await rig.settle(lambda: not asked.loading)
    message = await said(rig, "vic", f"{me(rig)} hello")
    await rig.settle(lambda: answers(rig, message))
    world.locales[vic] = "en-US"
    del rig.client.seen_languages[vic]
    assert words in answers(rig, message)[0].content


async def test_the_queue_says_of_a_request_that_is_half_begun_what_its_message_says(rig: Rig) -> None:
    """Members 3: with one of two pictures begun it is being made, and no longer “next”."""
    world, vic = rig.local.world, rig.members["vic"]
    rig.service.makes = False
    try:
        before = rig.service.asked[vic]
        rig.slash(vic, world.channel_id, "txt2img", {"prompt": "a half-made cat", "count": 2})
        await rig.settle(lambda: rig.service.asked[vic] == before + 2)
        first, second = rig.service.pictures[-2:]
        rig.service._events.put_nowait(Started(picture_id=first.id, attempt=first.attempt))
        async with asyncio.timeout(60):
            while not (job := await rig.store.jobs.of_picture(first.id)) or not job.of_state(State.RUNNING):
                pass  # the database makes no event
        asked = rig.slash(vic, world.channel_id, "queue", {})
        await rig.settle(lambda: "a half-made cat" in asked.content)
        assert "being made now" in asked.content
        assert "You are next" not in asked.content
        for picture in (first, second):
            rig.service.finish(picture)
    finally:
        rig.service.makes = True


async def test_an_empty_queue_is_said_in_one_sentence(rig: Rig) -> None:
    """Members 23: not that none of no pictures is yours."""
    asked = rig.slash(rig.members["eve"], rig.local.world.channel_id, "queue", {})
    await rig.settle(lambda: not asked.loading and asked.content)
    assert asked.content == "Nobody is waiting right now."


async def test_the_alt_text_of_the_history_is_plain_words(rig: Rig) -> None:
    """Members 31: without the marks that bold letters and times are made of."""
    await picture(rig)
    asked = rig.slash(rig.members["milo"], rig.local.world.channel_id, "history", {})
    await rig.settle(lambda: asked.message and asked.message.attachments)
    assert asked.message
    described = asked.message.attachments[0]["description"]
    assert "1: " in described
    assert not {*"*<>"} & {*described}

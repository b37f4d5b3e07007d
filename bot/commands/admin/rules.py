"""/rules: what prompts may not contain in this server, and the strikes of those who wrote it."""

import io

import discord
from discord import app_commands
from discord.app_commands import locale_str

from bot.client import Interaction
from bot.errors import Refusal
from bot.interactions.acknowledge import acknowledge
from bot.interactions.language import speaker_for
from bot.interactions.permissions import authorise_change, is_operator
from bot.store import Change, Rule, Strike
from bot.text.matching import plain
from bot.text.sanitize import escape_for_discord
from bot.text.translate import Speaker

MAX_WORD, MAX_WORDS = 60, 500  # characters; words of a server
MAX_FILE = 64 * 1024  # bytes of a file of words
SHOWN = 15  # strikes
MAX_PROMPT_SHOWN, MAX_TEXT = 80, 1900  # characters

rules = app_commands.Group(
    name=locale_str("rules"),
    description=locale_str("What prompts may not contain here, and who used it"),
    default_permissions=discord.Permissions(manage_guild=True),
    guild_only=True,
)
WORD = locale_str("A word or phrase; * at an end stands for any letters")


@rules.command(name=locale_str("forbid"), description=locale_str("Forbid a word or phrase in prompts of this server"))
@app_commands.describe(word=WORD)
async def forbid(interaction: Interaction, word: app_commands.Range[str, 1, MAX_WORD]) -> None:
    await acknowledge(interaction)
    change, forbidden = authorise_change(interaction, here=True), interaction.client.store.forbidden
    word = " ".join(plain(word).split())
    if _is_short(word):
        raise Refusal("Write at least two letters; a shorter word would forbid almost everything.")
    if len(await forbidden.of(change.guild_id)) >= MAX_WORDS:
        raise Refusal("There are {most} words already; allow one again with /rules allow first.", most=MAX_WORDS)
    await forbidden.add(change, word)
    say = speaker_for(interaction)
    text = say(
        "“{word}” is forbidden in this server now, however it is written.", word=escape_for_discord(word, MAX_WORD)
    )
    await interaction.edit_original_response(content=text)


@rules.command(name=locale_str("import"), description=locale_str("Forbid all words of a file, one a line"))
@app_commands.describe(file=locale_str("A text file; lines that begin with # are left out"))
async def import_words(interaction: Interaction, file: discord.Attachment) -> None:
    await acknowledge(interaction)
    change, client, say = authorise_change(interaction, here=True), interaction.client, speaker_for(interaction)
    forbidden = client.store.forbidden
    words = _words_in(await client.uploads.text(file, MAX_FILE))
    known = await forbidden.of(change.guild_id)
    new = [word for word in words if word not in known]
    if len(known) + len(new) > MAX_WORDS:
        raise Refusal(
            "With these there would be {count} words, and at most {most} can be forbidden here; nothing was changed.",
            count=len(known) + len(new),
            most=MAX_WORDS,
        )
    for word in new:
        await forbidden.add(change, word)
    text = say.plural(
        "{n} word is forbidden now; {known} of the file were before.",
        "{n} words are forbidden now; {known} of the file were before.",
        len(new),
        known=len(words) - len(new),
    )
    await interaction.edit_original_response(content=text)


def _words_in(text: str) -> list[str]:
    """The words of a file, one a line. Raises Refusal naming the line that cannot be one."""
    words = []
    for number, line in enumerate(text.splitlines(), 1):
        word = " ".join(plain(line).split())
        if not word or line.lstrip().startswith("#"):
            continue
        if len(word) > MAX_WORD or _is_short(word):
            raise Refusal(
                "Line {number} cannot be forbidden: a word or phrase has 2 to {most} letters. Nothing was changed.",
                number=number,
                most=MAX_WORD,
            )
        words.append(word)
    return list(dict.fromkeys(words))


def _is_short(word: str) -> bool:
    """Whether it would forbid almost everything; one letter of Chinese is a word."""
    return len(word.strip("* ")) < 2 and word.isascii()


@rules.command(name=locale_str("export"), description=locale_str("Get the forbidden words as a file"))
async def export_words(interaction: Interaction) -> None:
    await acknowledge(interaction)
    found = await interaction.client.store.forbidden.of(authorise_change(interaction, here=True).guild_id)
    if not found:
        raise Refusal("This server forbids no words yet; /rules forbid adds one.")
    file = discord.File(io.BytesIO("".join(f"{word}\n" for word in found).encode()), "criar-words.txt")
    text = speaker_for(interaction)("/rules import takes this file in another server.")
    await interaction.edit_original_response(content=text, attachments=[file])


@rules.command(name=locale_str("allow"), description=locale_str("Allow a word again that was forbidden in this server"))
@app_commands.describe(word=WORD)
async def allow(interaction: Interaction, word: str) -> None:
    await acknowledge(interaction)
    change = authorise_change(interaction, here=True)
    if not await interaction.client.store.forbidden.remove(change, " ".join(plain(word).split())):
        raise Refusal("“{word}” is not forbidden by this server; /rules words shows what is.", word=word[:MAX_WORD])
    text = speaker_for(interaction)("“{word}” is allowed again.", word=escape_for_discord(word, MAX_WORD))
    await interaction.edit_original_response(content=text)


@allow.autocomplete("word")
async def _suggest(interaction: Interaction, typed: str) -> list[app_commands.Choice[str]]:
    if not interaction.permissions.manage_guild and not is_operator(interaction):
        return []
    words = await interaction.client.store.forbidden.of(interaction.guild_id)
    return [app_commands.Choice(name=word, value=word) for word in words if plain(typed) in word][:25]


@rules.command(name=locale_str("words"), description=locale_str("See the words that are forbidden in this server"))
async def words(interaction: Interaction) -> None:
    await acknowledge(interaction)
    say = speaker_for(interaction)
    found = await interaction.client.store.forbidden.of(authorise_change(interaction, here=True).guild_id)
    listed = ", ".join(f"||{escape_for_discord(word, MAX_WORD)}||" for word in found)
    none = say("This server forbids no words yet; /rules forbid adds one.")
    await interaction.edit_original_response(content=listed[:MAX_TEXT] or none)


async def show_strikes(interaction: Interaction, scope: Change, member: discord.User | None) -> None:
    """Answer with the newest strikes, of a member or of all."""
    found = await interaction.client.store.strikes.latest(
        SHOWN, user_id=member.id if member else None, guild_id=scope.guild_id
    )
    say = speaker_for(interaction)
    lines = [_line(say, strike) for strike in found]
    none = say("Nobody used forbidden words.")
    await interaction.edit_original_response(content="\n".join(lines)[:MAX_TEXT] or none)


async def forgive(interaction: Interaction, change: Change, member: discord.User) -> None:
    """Forgive what broke the server's rules; else whoever invites the bot could forgive themselves everything."""
    say = speaker_for(interaction)
    count = await interaction.client.store.strikes.lift(change)
    text = say.plural(
        "{n} strike of {member} is forgiven.", "{n} strikes of {member} are forgiven.", count, member=member.mention
    )
    if not change.by_operator:
        text += " " + say("Only the bot's operator can forgive those by the bot's own rules.")
    await interaction.edit_original_response(content=text)


def _line(say: Speaker, strike: Strike) -> str:
    broken = say("minors") if strike.rule is Rule.MINORS else f"“{escape_for_discord(strike.word, MAX_WORD)}”"
    prompt = escape_for_discord(strike.prompt, MAX_PROMPT_SHOWN)
    line = f"<t:{int(strike.at.timestamp())}:f> <@{strike.user_id}> {broken}: ||{prompt}||"
    return f"{line} ({say('forgiven')})" if strike.lifted else line

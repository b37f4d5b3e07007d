"""A small bot with one of everything, for the tests of the local Discord: python echo_bot.py API GATEWAY TOKEN."""

import asyncio
import io
import sys
from typing import Any, Literal

import discord
import yarl
from discord import app_commands, ui
from PIL import Image

COLOURS = ("red", "green", "blue")
TOO_LARGE = 12 * 2**20  # bytes of a file that Discord refuses


def picture(colour: str, size: int = 128) -> discord.File:
    file = io.BytesIO()
    Image.new("RGB", (size, size), colour).save(file, "PNG")
    file.seek(0)
    return discord.File(file, f"{colour}.png", description=f"a {colour} square")


class Questions(ui.Modal, title="Questions"):
    words: ui.Label[Any] = ui.Label(text="Words", component=ui.TextInput(max_length=100))
    colour: ui.Label[Any] = ui.Label(
        text="Colour", component=ui.Select(options=[discord.SelectOption(label=name) for name in COLOURS])
    )
    upload: ui.Label[Any] = ui.Label(text="Picture", component=ui.FileUpload(required=False))

    async def on_submit(self, interaction: discord.Interaction) -> None:
        words: Any = self.words.component
        colour: Any = self.colour.component
        upload: Any = self.upload.component
        sizes = [len(await file.read()) for file in upload.values]
        await interaction.response.send_message(f"modal: {words.value}, {colour.values[0]}, {sizes}")


class Buttons(ui.View):
    def __init__(self) -> None:
        super().__init__(timeout=None)

    @ui.button(label="Press", style=discord.ButtonStyle.primary, custom_id="press")
    async def press(self, interaction: discord.Interaction, _: ui.Button["Buttons"]) -> None:
        await interaction.response.edit_message(content=f"pressed by {interaction.user.display_name}")

    @ui.button(label="Ask", custom_id="ask")
    async def ask(self, interaction: discord.Interaction, _: ui.Button["Buttons"]) -> None:
        await interaction.response.send_modal(Questions())

    @ui.select(
        custom_id="choose",
        placeholder="Choose colours",
        max_values=2,
        options=[discord.SelectOption(label=name) for name in COLOURS],
    )
    async def choose(self, interaction: discord.Interaction, select: ui.Select["Buttons"]) -> None:
        await interaction.response.send_message(f"chosen: {', '.join(select.values)}", ephemeral=True)

    @ui.select(cls=ui.UserSelect, custom_id="who", placeholder="Choose a member")
    async def who(self, interaction: discord.Interaction, select: ui.UserSelect["Buttons"]) -> None:
        await interaction.response.send_message(f"member: {select.values[0].display_name}", ephemeral=True)


class Layout(ui.LayoutView):
    def __init__(self) -> None:
        super().__init__()
        gallery: ui.MediaGallery[Any] = ui.MediaGallery(
            discord.MediaGalleryItem("attachment://red.png", description="a red square")
        )
        section: ui.Section[Any] = ui.Section(
            "**Components V2**", "with a section", accessory=ui.Button(label="Beside", custom_id="b")
        )
        self.add_item(ui.Container(section, ui.Separator(), gallery, accent_colour=discord.Colour.gold()))


class Portuguese(app_commands.Translator):
    async def translate(
        self, string: app_commands.locale_str, locale: discord.Locale, context: app_commands.TranslationContextTypes
    ) -> str | None:
        named = context.location in (
            app_commands.TranslationContextLocation.command_name,
            app_commands.TranslationContextLocation.parameter_name,
            app_commands.TranslationContextLocation.group_name,
        )
        known = {"paint": "pintar", "colour": "cor", "admin": "gestão", "ping": "eco", "Measure": "Medir"}
        return known.get(string.message) if named and locale is discord.Locale.brazil_portuguese else None


class EchoBot(discord.AutoShardedClient):
    def __init__(self) -> None:
        super().__init__(intents=discord.Intents.default())
        self.tree = app_commands.CommandTree(self)
        add_commands(self.tree)

    async def setup_hook(self) -> None:
        self.add_view(Buttons())
        await self.tree.set_translator(Portuguese())
        await self.tree.sync()

    async def on_message(self, message: discord.Message) -> None:
        role = message.guild.self_role if message.guild else None
        if message.author != self.user and (self.user in message.mentions or role in message.role_mentions):
            files = [*message.attachments, *(file for part in message.message_snapshots for file in part.attachments)]
            sizes = [(file.width, file.height) for file in files]
            await message.reply(f"heard: {message.content} {sizes}")

    async def on_raw_reaction_add(self, payload: discord.RawReactionActionEvent) -> None:
        if self.user and payload.user_id != self.user.id:
            await self.get_partial_messageable(payload.channel_id).send(f"reaction: {payload.emoji}")


async def suggestions(_: discord.Interaction, typed: str) -> list[app_commands.Choice[str]]:
    return [app_commands.Choice(name=f"{name} ({typed})", value=name) for name in COLOURS if name.startswith(typed)]


def add_commands(tree: app_commands.CommandTree) -> None:
    @tree.command(description="Say it again")
    @app_commands.describe(text="what to say", count="how often", file="a file", who="to whom")
    async def echo(
        interaction: discord.Interaction,
        text: str,
        count: app_commands.Range[int, 1, 4] = 1,
        file: discord.Attachment | None = None,
        who: discord.Member | None = None,
        loud: bool = False,
    ) -> None:
        words = " ".join([text.upper() if loud else text] * count)
        heard = f" ({file.width}×{file.height}, {len(await file.read())} bytes)" if file else ""
        told = f" to {who.display_name}" if who else ""
        await interaction.response.send_message(f"{words}{heard}{told} [{interaction.locale}]")

    @tree.command(description="Think, count to three, show pictures")
    @app_commands.autocomplete(colour=suggestions)
    async def paint(interaction: discord.Interaction, colour: str, private: bool = False, size: int = 128) -> None:
        await interaction.response.defer(ephemeral=private)
        for step in range(3):
            content = f"**{step}** of 3\n-# `{'█' * step}{'░' * (3 - step)}`"
            await interaction.edit_original_response(content=content, attachments=[picture(colour, 16)])
        await interaction.edit_original_response(content="done", attachments=[picture(colour, size), picture("gray")])

    @tree.command(description="Show buttons, selects or a layout")
    async def show(interaction: discord.Interaction, what: Literal["buttons", "layout", "embed", "modal"]) -> None:
        if what == "layout":
            await interaction.response.send_message(view=Layout(), file=picture("red"))
        elif what == "modal":
            await interaction.response.send_modal(Questions())
        elif what == "embed":
            embed = discord.Embed(title="An embed", description="with *words*", colour=discord.Colour.green())
            embed.add_field(name="Field", value="`value`").set_thumbnail(url="attachment://red.png")
            await interaction.response.send_message(embed=embed, file=picture("red"))
        else:
            await interaction.response.send_message("Here are buttons", view=Buttons())

    @tree.command(description="Go wrong in one of several ways")
    async def fail(interaction: discord.Interaction, how: Literal["late", "large", "nonce", "twice", "post"]) -> None:
        await WAYS[how](interaction)

    @tree.context_menu(name="Measure")
    async def measure(interaction: discord.Interaction, message: discord.Message) -> None:
        sizes = [f"{file.width}×{file.height}" for file in message.attachments]
        await interaction.response.send_message(f"measured {sizes} in “{message.content}”", ephemeral=True)

    tree.add_command(Admin())


class Admin(app_commands.Group, name="admin", description="For those who manage the server"):
    def __init__(self) -> None:
        super().__init__(default_permissions=discord.Permissions(manage_guild=True))

    @app_commands.command(description="Answer at all")
    async def ping(self, interaction: discord.Interaction) -> None:
        await interaction.response.send_message("pong", ephemeral=True)


def channel_of(interaction: discord.Interaction) -> discord.abc.Messageable:
    channel = interaction.channel
    assert isinstance(channel, discord.abc.Messageable)
    return channel


async def late(interaction: discord.Interaction) -> None:
    """Acknowledge when Discord no longer waits, and say in the channel what came of it."""
    await asyncio.sleep(3.2)
    try:
        await interaction.response.send_message("too late")
    except discord.NotFound as error:
        await channel_of(interaction).send(f"late: {error.code}")


async def large(interaction: discord.Interaction) -> None:
    await interaction.response.defer()
    try:
        await interaction.followup.send(file=discord.File(io.BytesIO(bytes(TOO_LARGE)), "large.bin"))
    except discord.HTTPException as error:
        await interaction.edit_original_response(content=f"large: {error.status} {error.code}")


async def nonce(interaction: discord.Interaction) -> None:
    """Send twice with the same nonce, which discord.py lets Discord enforce."""
    await interaction.response.defer(ephemeral=True)
    sent = [await channel_of(interaction).send(f"with a nonce, {n}", nonce="job-1") for n in range(2)]
    await interaction.edit_original_response(content=f"nonce: {sent[0].id == sent[1].id}, {sent[1].content}")


async def twice(interaction: discord.Interaction) -> None:
    await interaction.response.defer()
    await channel_of(interaction).send("each delivery says this")


async def post(interaction: discord.Interaction) -> None:
    """Post words, an embed and a file to the channel, each on its own, and say privately what became of them."""
    await interaction.response.defer(ephemeral=True)
    assert isinstance(interaction.channel, discord.TextChannel | discord.Thread)
    ways: dict[str, dict[str, Any]] = {
        "words": {"content": "words of the bot"},
        "embed": {"embed": discord.Embed(title="An embed")},
        "file": {"file": picture("red", 16)},
    }
    outcome = {}
    for name, content in ways.items():
        try:
            await interaction.channel.send(**content)
            outcome[name] = 0
        except discord.HTTPException as error:
            outcome[name] = error.code
    await interaction.edit_original_response(content=f"post: {outcome}")


WAYS = {"late": late, "large": large, "nonce": nonce, "twice": twice, "post": post}

if __name__ == "__main__":
    api, gateway, token = sys.argv[1:]
    discord.http.Route.BASE = api
    discord.gateway.DiscordWebSocket.DEFAULT_GATEWAY = yarl.URL(gateway)
    EchoBot().run(token)

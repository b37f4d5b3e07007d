"""The slash commands, one file each: an interaction becomes a request, and nothing else happens here."""

from typing import Any

from discord import app_commands

from bot.commands.admin import quota_admin, report  # noqa: F401 - they are subcommands of the group in admin.py
from bot.commands.admin.group import quota_admin as quota_admin_group
from bot.commands.admin.moderation import moderation
from bot.commands.admin.rules import rules
from bot.commands.admin.server import server
from bot.commands.generate.edit import edit
from bot.commands.generate.img2img import img2img
from bot.commands.generate.inpaint import inpaint
from bot.commands.generate.menus import edit_menu, info_menu, refine_menu, upscale_menu
from bot.commands.generate.prompt import prompt
from bot.commands.generate.txt2img import txt2img
from bot.commands.generate.upscale import upscale
from bot.commands.members.cancel import cancel
from bot.commands.members.help import help_command
from bot.commands.members.history import history
from bot.commands.members.models import model, models
from bot.commands.members.privacy import privacy
from bot.commands.members.queue import queue
from bot.commands.members.quota import quota
from bot.commands.members.settings import settings
from bot.commands.members.style import style

COMMANDS: tuple[app_commands.Command[Any, ..., Any] | app_commands.Group | app_commands.ContextMenu, ...] = (
    txt2img,
    prompt,
    img2img,
    edit,
    inpaint,
    upscale,
    history,
    settings,
    style,
    quota,
    queue,
    cancel,
    models,
    model,
    help_command,
    quota_admin_group,
    moderation,
    rules,
    server,
    privacy,
    refine_menu,
    edit_menu,
    upscale_menu,
    info_menu,
)

#: offered only if a model for it is
EDITING: tuple[Any, ...] = (edit, edit_menu)

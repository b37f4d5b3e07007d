"""The slash commands, one file each: an interaction becomes a request, and nothing else happens here."""

from typing import Any

from discord import app_commands

from . import ban, quota_admin, report  # noqa: F401 - they are subcommands of the group in admin.py
from .admin import quota_admin as quota_admin_group
from .cancel import cancel
from .edit import edit
from .help import help_command
from .history import history
from .img2img import img2img
from .inpaint import inpaint
from .menus import edit_menu, info_menu, refine_menu, upscale_menu
from .models import model, models
from .privacy import privacy
from .prompt import prompt
from .queue import queue
from .quota import quota
from .rules import rules
from .settings import settings
from .style import style
from .txt2img import txt2img
from .upscale import upscale

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
    rules,
    privacy,
    refine_menu,
    edit_menu,
    upscale_menu,
    info_menu,
)

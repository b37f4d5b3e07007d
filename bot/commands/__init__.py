"""The slash commands, one file each: an interaction becomes a request, and nothing else happens here."""

from typing import Any

from discord import app_commands

from .cancel import cancel
from .help import help_command
from .img2img import img2img
from .models import models
from .queue import queue
from .quota import quota
from .quota_admin import quota_admin
from .txt2img import txt2img
from .upscale import upscale

COMMANDS: tuple[app_commands.Command[Any, ..., Any] | app_commands.Group, ...] = (
    txt2img,
    img2img,
    upscale,
    quota,
    queue,
    cancel,
    models,
    help_command,
    quota_admin,
)

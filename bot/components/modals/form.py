"""What all modals have in common."""

import discord


class Form(discord.ui.Modal):
    """A modal that is not waited for: its custom_id says what it is for, and on_modal_submit takes it.

    discord.py would keep it until it is sent, and most are dismissed without notice.
    """

    def __init__(self, *, title: str, custom_id: str) -> None:
        super().__init__(title=title, custom_id=custom_id)
        self.stop()

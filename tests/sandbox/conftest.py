"""A local Discord in this process, and a small real bot as a process of its own."""

from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest

from sandbox import Asked, LocalDiscord
from tests.openapi import check_bodies

from .echo import echo_bot


@pytest.fixture(scope="session")
async def local() -> AsyncIterator[LocalDiscord]:
    """One local Discord with the bot connected; all that the bot sent is validated at the end."""
    async with LocalDiscord(bot_name="Echo") as local, echo_bot(local):
        await local.connected()
        yield local
    check_bodies(local.rest.calls)


@pytest.fixture
def slash(local: LocalDiscord) -> Callable[..., Asked]:
    """Use a slash command in the channel, as in ``slash("echo", "milo", text="hello")``."""

    def use(path: str, who: str = "ana", /, **options: Any) -> Asked:
        return local.people.slash(local.world.members[who], local.world.channel_id, path, options)

    return use


@pytest.fixture(autouse=True)
async def empty_channels(request: pytest.FixtureRequest) -> None:
    """Each test that shares the local Discord finds it without messages, and its members with their own language."""
    if "local" not in request.fixturenames:
        return
    local: LocalDiscord = request.getfixturevalue("local")
    backend = local.world.backend
    for channel, messages in backend.messages.items():
        for message in list(messages):
            backend.delete_message(channel, message)
    local.world.locales.clear()

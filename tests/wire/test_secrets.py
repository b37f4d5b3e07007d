"""The token is nowhere but in the bot's memory, what is written is its user's alone, and pictures come from Discord."""

import asyncio
import os
import stat
import sys
from pathlib import Path
from typing import Any

import psutil
import pytest

from sandbox import LocalDiscord
from sandbox.rest import Fault

from .bot import running
from .commands import done, png, refused, slash


@pytest.mark.slow
async def test_the_token_is_in_no_log_error_file_or_child(tmp_path: Path) -> None:
    """After work, errors of Discord's and a refused token: it is in no file, no environment, no argument list."""
    async with running(tmp_path) as (local, bot):
        local.fail(Fault(method="PATCH", path="/channels/*/messages/*", status=500))
        await done(local, slash(local, "img2img", image=("x.png", png()), prompt="a cat", num_inference_steps=4))
        assert bot.process
        children = psutil.Process(bot.process.pid).children(recursive=True)
        assert len(children) >= 3, "the worker, and the processes that open and look at pictures"
        secret = local.token
        for child in children:
            assert secret not in "\0".join([*child.cmdline(), *child.environ().values()]), child
        assert secret not in "\0".join(psutil.Process(bot.process.pid).cmdline())
        data = bot.folder / "data"
        assert stat.S_IMODE(data.stat().st_mode) == 0o700
        for path in data.rglob("*"):
            assert stat.S_IMODE(path.stat().st_mode) & 0o077 == 0, path
        await bot.stop()
        local.refuse_token()
        with bot.log.open("ab") as log:
            process = await asyncio.create_subprocess_exec(
                sys.executable, "-m", "bot", "run", "--config", str(bot.config),
                env={**os.environ, "DISCORD_TOKEN": secret}, stderr=log,
            )  # fmt: skip
        assert await asyncio.wait_for(process.wait(), 60) == 2
        assert "Discord refuses the token" in bot.log.read_text()
        for path in [bot.log, *data.rglob("*")]:
            assert not path.is_file() or secret.encode() not in path.read_bytes(), path


async def test_a_picture_that_lies_elsewhere_is_not_fetched(
    local: LocalDiscord, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An attachment whose address is another server's is refused with a sentence, and that server is never asked."""
    asked_for = asyncio.Event()

    async def answer(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked_for.set()
        writer.close()

    store = local.world.backend.cdn.store_attachment
    async with await asyncio.start_server(answer, "127.0.0.1", 0) as server:
        elsewhere = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/x.png"

        def hostile(*arguments: Any) -> dict[str, Any]:
            return {**store(*arguments), "url": elsewhere, "proxy_url": elsewhere}

        monkeypatch.setattr(local.world.backend.cdn, "store_attachment", hostile)
        asked = slash(local, "img2img", image=("x.png", png()), prompt="a stolen cat")
        assert "only fetch pictures from Discord" in await refused(local, asked)
    assert not asked_for.is_set()


@pytest.mark.slow
async def test_any_prompt_is_taken_whole_and_shown_inert(local: LocalDiscord) -> None:
    """4,000 characters of mentions, links, Markdown, right-to-left text, emoji and what is no text are one request."""
    words = (
        "@everyone <@&1> https://evil.example **x** `y` \u202eחתול \u200b👩\u200d👩\u200d👧 \x07 ||z|| [a](https://b) "
    )
    prompt = (words * 60)[:4000]
    await done(local, slash(local, "txt2img", prompt=prompt, seed=7_701, num_inference_steps=2))
    (message,) = [m for m in local.messages() if "seed 7701" in m.content and m.attachments and not m.is_ephemeral]
    assert "@everyone" not in message.content
    assert "://" not in message.content
    assert not message.mention_everyone

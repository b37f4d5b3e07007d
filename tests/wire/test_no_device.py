"""A bot whose only card is not there."""

import asyncio
from pathlib import Path

import pytest

from sandbox import LocalDiscord
from tests.bot.command_line import criar

from .bot import UNFILTERED, Bot
from .commands import refused, slash


@pytest.mark.slow
@pytest.mark.timeout(600)
async def test_a_bot_without_its_card_says_so_everywhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Members are refused and not charged; log, operator's channel, health and check say why, the log in one line."""
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "-1")
    async with LocalDiscord() as local:
        bot = Bot(local, tmp_path)
        bot.config.write_text(
            f'[discord]\napi = "{local.api}"\nlog_channel = {local.world.channel_id}\n'
            f'[storage]\nfolder = "{tmp_path / "data"}"\n[generation]\ndevices = ["cuda:0"]\n{UNFILTERED}'
        )
        with bot.log.open("ab") as log:
            bot.process = await bot.launch(log)
        try:
            await local.connected()
            await local.wait_for(lambda: any("on cuda:0" in message.content for message in local.messages()), 300)
            assert "cannot be made just now" in await refused(local, slash(local, "txt2img", prompt="a cat"))
            quota = slash(local, "quota")
            await local.answered(quota)
            assert "0 of 20" in quota.content
            code, said = await criar("health", "--config", str(bot.config))
            assert code == 1
            assert "No pictures can be made on cuda:0" in said
        finally:
            await bot.stop()
    lines = [line for line in bot.log.read_text().splitlines() if "cuda:0" in line and " INFO " not in line]
    assert len(lines) == 1
    assert "Traceback" not in bot.log.read_text()
    code, said = await asyncio.wait_for(criar("check", "--offline", "--config", str(bot.config)), 300)
    assert code == 1
    assert "cuda:0 cannot be used" in said

"""The stage for tests of what becomes of a job."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from datetime import timedelta
from pathlib import Path

import discord
import pytest

from bot.config import Config
from bot.config.schema import Filter, Storage
from bot.jobs.delivery import Delivery
from bot.jobs.events import EventConsumer
from bot.jobs.manager import JobManager
from bot.jobs.outbox import Outbox
from bot.jobs.ping import Pinger, Traffic
from bot.jobs.progress import ProgressBoard
from bot.messages.content_credentials import ContentCredentials
from bot.messages.job_message import JobMessage
from bot.metrics import Metrics
from bot.moderation.output_filter import OutputFilter
from bot.moderation.request_check import RequestCheck
from bot.store import Store
from generation import Catalogue, Inspector
from sandbox import LocalDiscord

from .stage import Hands, Stage


@pytest.fixture
async def stage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, inspector: Inspector) -> AsyncIterator[Stage]:
    config = Config(storage=Storage(folder=tmp_path / "data"), filter=Filter(strict={}))
    store = Store(config)
    await store.open()
    async with LocalDiscord() as local:
        monkeypatch.setattr(discord.http.Route, "BASE", local.api)
        client = discord.Client(intents=discord.Intents.none())
        await client.login(local.token)
        output_filter = OutputFilter(client, config, store, inspector)
        credentials = ContentCredentials(config.provenance, config.storage.folder)
        hands, message = Hands(), JobMessage(store.files, Catalogue.load(), credentials)
        delivery, pinger = (
            Delivery(client, store, message, output_filter, credentials),
            Pinger(client, store, Traffic()),
        )
        keep = timedelta(days=config.storage.keep_days)
        outbox = Outbox(store, hands, delivery, pinger, keep, Metrics())  # type: ignore[arg-type]
        board = ProgressBoard(hands, output_filter, credentials)  # type: ignore[arg-type]
        events = EventConsumer(store, hands, output_filter, board, outbox, Metrics())  # type: ignore[arg-type]
        check = RequestCheck(config.rules, store, output_filter)
        manager = JobManager(config, store, hands, check, delivery, events, Metrics())  # type: ignore[arg-type]
        following = asyncio.create_task(events.run())
        yield Stage(local, store, hands, manager, delivery, client)
        following.cancel()
        with suppress(asyncio.CancelledError):
            await following
        await manager.close()
        await client.close()
    await store.close()

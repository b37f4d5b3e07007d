"""The one place that wires configuration, store, generation and client together."""

import asyncio
import logging
import signal

from generation import Catalogue, Service

from .client import Criar, use_local_discord
from .config import Config
from .health import beat
from .store import Store
from .upkeep import clean_regularly

log = logging.getLogger(__name__)


async def run(config: Config, token: str) -> None:
    """Run the bot until it is told to stop (SIGINT or SIGTERM) or cannot go on."""
    if config.discord.api:
        use_local_discord(config.discord.api)
    catalogue = Catalogue.load().offered(config.generation.models)
    store = Store(config)
    await store.open()
    service = Service(catalogue, devices=config.generation.devices, threads=config.generation.threads or None)
    await service.start()
    client = Criar(config, store, service, catalogue)
    try:
        async with asyncio.TaskGroup() as tasks:
            running = tasks.create_task(client.start(token))
            others = [
                tasks.create_task(beat(client, config.storage.folder)),
                tasks.create_task(clean_regularly(store, config)),
            ]
            loop = asyncio.get_running_loop()
            for number in (signal.SIGINT, signal.SIGTERM):
                loop.add_signal_handler(number, lambda: asyncio.ensure_future(client.close()))
            await running
            for task in others:
                task.cancel()
    finally:
        await client.close()
        await service.close()
        await store.close()

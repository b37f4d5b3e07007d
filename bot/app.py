"""The one place that wires configuration, store, generation and client together."""

import asyncio
import faulthandler
import logging
import signal
from contextlib import suppress

import discord

from bot.background.audit_feed import post_audit_regularly
from bot.background.ban_sync import enforce_bans_regularly
from bot.background.certificate_expiry import warn_of_end_regularly
from bot.background.cleanup import clean_regularly, trim_regularly
from bot.background.erasure import erase_regularly
from bot.background.heartbeat import beat, keep_device_trouble
from bot.background.metrics_server import serving_metrics
from bot.background.trouble_feed import TroubleLines, collected_trouble, post_trouble_regularly
from bot.client import Client, use_local_discord
from bot.config import TOKEN_VARIABLE, Config
from bot.connection import connect
from bot.dispatch import Dispatcher
from bot.errors import ConfigError
from bot.messages.content_credentials import ContentCredentials
from bot.requests.offered_models import offered, pin_new, workers_folder
from bot.store import Store, only_bot
from generation import Catalogue, Service

log = logging.getLogger(__name__)

CLOSING = 5.0  # seconds to say goodbye to Discord, which may not answer
#: seconds after those to finish in, when the process ends at once: a thread that waits for a disk or a name
#: server cannot be ended otherwise. Nothing is lost by it, and the kernel ends the children.
LAST_RESORT = 25.0


async def run(config: Config, token: str) -> None:
    """Run the bot until a signal stops it (SIGINT or SIGTERM) or it cannot go on."""
    if config.discord.api:
        use_local_discord(config.discord.api)
    offered(config)  # before anything else, for what it raises
    with only_bot(config.storage.folder):
        await asyncio.to_thread(pin_new, config)
        await _run(config, token, offered(config))


async def _run(config: Config, token: str, catalogue: Catalogue) -> None:
    store = Store(config)
    await store.open()
    await asyncio.to_thread(store.files.sweep)
    credentials = await asyncio.to_thread(ContentCredentials, config.provenance, config.storage.folder)
    service = Service(
        catalogue,
        devices=config.generation.devices,
        threads=config.generation.threads or None,
        folder=workers_folder(config),
        cluster=config.generation.cluster.settings() if config.generation.cluster else None,
        exact=config.generation.exact,
    )
    await service.start()
    client = Dispatcher(config, store, service, catalogue, credentials)
    async with serving_metrics(client, config.metrics.address):
        with collected_trouble() as trouble:
            await _connected(client, config, token, trouble)


async def _connected(client: Client, config: Config, token: str, trouble: TroubleLines) -> None:
    """Stay connected until a signal, with all that the bot does beside; then close everything."""
    store, service = client.store, client.service
    chores = [
        asyncio.create_task(post_trouble_regularly(client, trouble)),
        asyncio.create_task(beat(client, config.storage.folder)),
        asyncio.create_task(keep_device_trouble(service, config.storage.folder)),
        asyncio.create_task(clean_regularly(store, config)),
        asyncio.create_task(post_audit_regularly(client)),
        asyncio.create_task(erase_regularly(client)),
        asyncio.create_task(trim_regularly()),
        asyncio.create_task(enforce_bans_regularly(client)),
        asyncio.create_task(warn_of_end_regularly(client.credentials)),
    ]
    running = asyncio.create_task(connect(client, token))
    stopping = asyncio.create_task(_stop_on_signal(client, config.generation.finish_seconds))
    try:
        # While Discord cannot be reached, discord.py sleeps for minutes between two tries, also after it was closed.
        await asyncio.wait({running, stopping}, return_when=asyncio.FIRST_COMPLETED)
        if running.done():
            running.result()
    except discord.LoginFailure:
        raise ConfigError(
            f"environment: Discord refuses the token in {TOKEN_VARIABLE}; copy it again from the developer portal, "
            "Bot > Reset Token"
        ) from None
    finally:
        with suppress(TimeoutError):
            async with asyncio.timeout(CLOSING):
                await client.close()
        for chore in (*chores, running, stopping):
            chore.cancel()
        await service.close()
        await store.close()


async def _stop_on_signal(client: Client, seconds: float) -> None:
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    await stop.wait()
    log.info("stopping")
    faulthandler.dump_traceback_later(seconds + LAST_RESORT, exit=True)
    await client.manager.stop(seconds)

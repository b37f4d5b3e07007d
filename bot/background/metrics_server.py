"""Serves /metrics for Prometheus, /healthz and /readyz for whatever restarts or routes, at the configured address."""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from aiohttp import web

from bot.background.heartbeat import trouble
from bot.client import Client
from bot.errors import ConfigError, Unavailable
from bot.hardware import cards

log = logging.getLogger(__name__)

GIB = 2**30


@asynccontextmanager
async def serving_metrics(client: Client, address: str) -> AsyncIterator[None]:
    """Serve while the body runs; nothing if the address is empty. Raises ConfigError if it cannot be used."""
    if not address:
        yield
        return
    host, _, port = address.rpartition(":")
    app = web.Application()
    app.add_routes(
        [
            web.get("/metrics", lambda _: _metrics(client)),
            web.get("/healthz", lambda _: _health(client)),
            web.get("/readyz", lambda _: _readiness(client)),
        ]
    )
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    try:
        try:
            await web.TCPSite(runner, host.strip("[]"), int(port)).start()
        except OSError as error:
            raise ConfigError(f"metrics.address: {address} cannot be used: {error.strerror}") from error
        log.info("figures are at http://%s/metrics", address)
        yield
    finally:
        await runner.cleanup()


async def _metrics(client: Client) -> web.Response:
    metrics, service = client.metrics, client.service
    metrics.set_connection(connected=client.is_ready(), latency=client.latency)
    try:
        metrics.set_waiting(await client.store.jobs.waiting())
    except Unavailable:
        log.warning("the queue's figures are those of before, since the database cannot be read")
    found = await asyncio.to_thread(cards)
    memory = {card.device: (card.total - card.free) * GIB for card in found}
    loaded = {device: len(models) for device, models in service.resident().items()}
    metrics.set_devices(loaded, memory, service.worker_pids())
    metrics.set_cluster(service.cluster())
    metrics.set_work(service.making(), service.loads(), service.exits())
    return web.Response(body=await metrics.text(), headers={"Content-Type": "text/plain; version=0.0.4; charset=utf-8"})


async def _health(client: Client) -> web.Response:
    """Whether the process is well: a full disk or a lost connection says so."""
    said = await asyncio.to_thread(trouble, client.config.storage.folder)
    return web.Response(text=said or "ok", status=503 if said else 200)


async def _readiness(client: Client) -> web.Response:
    """Whether requests would be answered with pictures."""
    if not client.is_ready():
        return web.Response(text="Discord is not connected", status=503)
    if not client.service.ready():
        return web.Response(text="no worker is able to make pictures", status=503)
    return web.Response(text="ok")

"""The limit on all REST requests together."""

import asyncio

import aiohttp
import discord
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.jobs.rest_limit import PER_SECOND, RestLimit
from sandbox import LocalDiscord


@given(st.lists(st.floats(0, 0.2), min_size=1, max_size=300))
def test_no_second_has_more_requests_than_the_limit(pauses: list[float]) -> None:
    """However requests come, at most so many begin within any second, in the order in which they came."""
    now = 0.0
    limit = RestLimit(10, clock=lambda: now)
    begins = []
    for pause in pauses:
        now += pause
        begins.append(now + limit.reserve())
    assert begins == sorted(begins)
    for first, later in zip(begins, begins[10:], strict=False):
        assert later - first >= 1.0 - 1e-9


def test_progress_waits_once_half_of_the_limit_is_used() -> None:
    """Five of ten requests within a second leave room for progress; the sixth does not, until the first are past."""
    now = 0.0
    limit = RestLimit(10, clock=lambda: now)
    for number in range(6):
        now = number / 10
        assert limit.leisure_in() == 0.0
        limit.reserve()
    assert limit.leisure_in() == pytest.approx(0.5)
    now = 1.01
    assert limit.leisure_in() == 0.0


@pytest.mark.slow
async def test_discord_counts_no_more_than_fifty_a_second() -> None:
    """Of 120 requests at once a local Discord gets at most 50 in any second; answers to interactions do not wait."""
    limit = RestLimit()
    async with LocalDiscord() as local:
        client = discord.Client(intents=discord.Intents.none(), http_trace=limit.trace())
        base, discord.http.Route.BASE = discord.http.Route.BASE, local.api
        try:
            async with client:
                await client.login(local.token)
                await asyncio.gather(*(client.fetch_channel(local.world.channel_id) for _ in range(120)))
                begins = sorted(call.at for call in local.rest.calls)
                assert len(begins) >= 120
                assert all(later - first > 1.0 for first, later in zip(begins, begins[50:], strict=False))
                for _ in range(PER_SECOND):
                    limit.reserve()
                session = client.http._HTTPClient__session  # type: ignore[attr-defined]
                async with asyncio.timeout(0.9), session.post(f"{local.api}/webhooks/1/x", json={}) as answer:
                    assert answer.status == 404
        finally:
            discord.http.Route.BASE = base


@pytest.mark.slow
async def test_deliveries_reach_discord_before_progress() -> None:
    """Of 80 deliveries and ten edits of progress, all wanted at once, a local Discord gets the edits last."""
    limit = RestLimit()
    async with LocalDiscord() as local, aiohttp.ClientSession(trace_configs=[limit.trace()]) as http:

        async def ask(kind: str, number: int) -> None:
            async with http.get(f"{local.api}/channels/{number}/{kind}"):
                pass

        async def show(number: int) -> None:
            await limit.leisure()
            await ask("progress", number)

        deliveries = [asyncio.create_task(ask("delivery", number)) for number in range(80)]
        async with asyncio.timeout(30):
            await deliveries[0]  # all of them have asked by then
            await asyncio.gather(*deliveries, *(show(number) for number in range(10)))
        kinds = [call.path.rpartition("/")[2] for call in sorted(local.rest.calls, key=lambda call: call.at)]
        assert kinds == ["delivery"] * 80 + ["progress"] * 10


async def test_other_addresses_are_not_counted() -> None:
    """What is read from elsewhere, as attachments are, takes nothing of the limit."""
    limit = RestLimit()
    async with LocalDiscord() as local, aiohttp.ClientSession(trace_configs=[limit.trace()]) as http:
        async with http.get(f"{local.page}/attachments/1/2/x.png"):
            pass
        assert limit.load == 0.0

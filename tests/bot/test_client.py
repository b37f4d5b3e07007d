"""The client: when the sessions of shards may begin, and what it keeps of servers."""

import pytest

from benchmarks.caches import megabytes
from bot.client import SessionPace


def test_shards_begin_by_as_many_as_discord_allows() -> None:
    """With a max_concurrency of 2, two of five shards begin at once, two after five seconds, the last after ten."""
    pace = SessionPace(2)
    assert [pace.reserve(shard, 100.0) for shard in range(5)] == [0.0, 0.0, 5.0, 5.0, 10.0]


def test_a_shard_that_begins_again_waits_for_its_turn_only_as_long_as_it_must() -> None:
    """Three seconds after its first session a shard waits two for the next; after a minute it waits no time."""
    pace = SessionPace()
    assert pace.reserve(0, 0.0) == 0.0
    assert pace.reserve(0, 3.0) == 2.0
    assert pace.reserve(0, 60.0) == 0.0


@pytest.mark.slow
def test_three_thousand_servers_fit_into_memory() -> None:
    """3,000 servers of 50 channels take less than 256 MiB; neither members nor users are kept of them."""
    assert 0 < megabytes(3000, 50) < 256

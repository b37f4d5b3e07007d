"""When the sessions of shards may begin."""

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

"""What members may use, kept in the database: plans, grants, budgets, bans, flooding, and the audit of it all."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from bot.components import ITEMS
from bot.components.base import PersistentItem
from bot.config import Config
from bot.config.schema import Flooding, Plan, Server, Storage
from bot.errors import Refusal
from bot.moderation.admission import AdmissionControl, RateLimited
from bot.moderation.rate_limit import SlidingWindow
from bot.quota import EVERYWHERE, Allowance, Person
from bot.store import Change, JobRow, Store
from bot.store.tables.usage import COUNTED
from generation import Sentence
from tests.bot.factory import NOON, MakeJob

HOME, FOREIGN = 77777, 66666
GOLD_ROLE = 88888


@pytest.fixture
def config(tmp_path: Path) -> Config:
    return Config(
        storage=Storage(folder=tmp_path / "data"),
        plans={
            "free": Plan(count=2, models=("criar-*",), max_side=1024),
            "gold": Plan(images_per_day=100, priority=3, waiting=100),
        },
        servers={str(HOME): Server(plans=("gold",), admin_ceiling=30)},
        flooding=Flooding(server_waiting=30, waiting=40),
    )


@pytest.fixture
async def other(config: Config) -> AsyncIterator[Store]:
    """A second connection, as the command line has."""
    other = Store(config)
    await other.open()
    yield other
    await other.close()


def operator(user_id: int | None = 1, *, guild_id: int | None = None, role_id: int | None = None) -> Change:
    return Change(
        actor_id=3, guild_id=guild_id, user_id=user_id, role_id=role_id, at=NOON, by_operator=True, reason="for good"
    )


def admin(guild_id: int = HOME, user_id: int | None = 1, role_id: int | None = None) -> Change:
    return replace(operator(user_id, guild_id=guild_id, role_id=role_id), by_operator=False, actor_id=4)


async def allowed(
    store: Store, guild_id: int | None = HOME, roles: frozenset[int] = frozenset(), hours: float = 1
) -> Allowance:
    person = Person(user_id=1, guild_id=guild_id, roles=roles)
    return await store.allowance(person, NOON + timedelta(hours=hours))


async def make(store: Store, job: JobRow, count: int) -> None:
    """Accept and finish as many jobs like this one."""
    for number in range(count):
        accepted = await store.accept(
            replace(job, id=f"{job.id[-4:]}{number:08x}", interaction_id=job.interaction_id * 1000 + number)
        )
        assert accepted
        for row in accepted.pictures:
            await store.jobs.finished(row.id, 1, 1.0)


async def test_a_plan_decides_priority_count_models_and_size(store: Store, make_job: MakeJob) -> None:
    """The free plan refuses what it does not include; gold, through a role, makes it with its priority."""
    await store.quotas.set_role_plan(operator(None, guild_id=HOME, role_id=GOLD_ROLE), "gold")

    def wish(pictures: int = 1, **changed: object) -> JobRow:
        job = make_job(pictures=pictures, guild_id=HOME)
        return replace(job, request=replace(job.request, **changed))  # type: ignore[arg-type]

    for job, words in (
        (wish(pictures=3), "at most 2 at once, not 3"),
        (wish(model="flux-dev"), "does not include the model flux-dev"),
        (wish(width=2048, height=512), "up to 1024 pixels; 2048×512"),
    ):
        with pytest.raises(Refusal, match=words):
            await store.accept(job)
        accepted = await store.accept(replace(job, id=job.id[::-1], roles=frozenset({GOLD_ROLE})))
        assert accepted
        assert [picture.priority for picture in accepted.to_make()] == [3] * job.request.count


async def test_a_grant_pays_after_the_day_and_each_image_names_it(store: Store, make_job: MakeJob) -> None:
    """Twenty of the day, then the three granted ones; what fails goes back into the grant."""
    await store.quotas.grant(operator(), 3, NOON + timedelta(days=30))
    await make(store, make_job(pictures=2), 11)
    assert (await allowed(store)).grants[0].left == 1
    job = await store.accept(make_job())
    assert job
    assert (await allowed(store)).granted == 0
    with pytest.raises(Refusal, match="have 0 of your 20"):
        await store.accept(make_job())
    await store.jobs.failed(job.pictures[0].id, 1, Sentence("It broke."))
    assert (await allowed(store)).granted == 1


async def test_a_grant_ends(store: Store) -> None:
    """After its time, or when it is taken back, a grant holds nothing."""
    await store.quotas.grant(operator(), 3, NOON + timedelta(hours=2))
    assert (await allowed(store, hours=1.9)).granted == 3
    assert (await allowed(store, hours=2.1)).granted == 0
    await store.quotas.end_grants(operator())
    assert (await allowed(store, hours=0.1)).granted == 0


async def test_whoever_invites_the_bot_gains_nothing_in_their_own_server(store: Store, make_job: MakeJob) -> None:
    """Limits, plans, grants and resets of an untrusted server's admin together never give more than the free twenty."""
    await store.quotas.set_limit(admin(FOREIGN), 1000)
    await store.quotas.set_plan(admin(FOREIGN), "gold")
    await store.quotas.set_role_plan(admin(FOREIGN, None, GOLD_ROLE), "gold")
    await store.quotas.grant(admin(FOREIGN), 1000, NOON + timedelta(days=30))
    made = 0
    for _ in range(5):
        await store.quotas.reset(admin(FOREIGN))
        while True:
            job = make_job(guild_id=FOREIGN, at=NOON + timedelta(seconds=made + 1))
            try:
                accepted = await store.accept(replace(job, roles=frozenset({GOLD_ROLE})))
            except Refusal:
                break
            assert accepted
            await store.jobs.finished(accepted.pictures[0].id, 1, 1.0)
            made += 1
    assert made == 20


async def test_what_an_admin_does_counts_only_in_their_server(store: Store, make_job: MakeJob) -> None:
    """A reset or a grant of one server's admin changes nothing in another, even one with a higher ceiling."""
    await make(store, make_job(pictures=2, guild_id=FOREIGN), 10)
    await store.quotas.reset(admin(FOREIGN))
    await store.quotas.grant(admin(FOREIGN), 10, NOON + timedelta(days=1))
    home = await allowed(store, HOME)
    assert (home.left, home.granted) == (0, 0)
    await store.quotas.reset(replace(admin(HOME), at=NOON + timedelta(minutes=1)))
    assert (await allowed(store, HOME)).left == 10  # of its ceiling of thirty


async def test_a_plan_that_the_operator_takes_from_a_server_is_gone_at_once(store: Store, config: Config) -> None:
    """What an admin gave counts only as long as the configuration lets them."""
    await store.quotas.set_plan(admin(HOME), "gold")
    assert (await allowed(store)).limit == 100
    stricter = Store(config.model_copy(update={"servers": {}}))
    await stricter.open()
    assert (await allowed(stricter)).limit == 20
    await stricter.close()


async def test_a_server_s_budget_is_for_all_its_members(store: Store, make_job: MakeJob) -> None:
    """The smaller of the operator's and the admins' budget counts, over all members, and in that server alone."""
    await store.quotas.set_budget(operator(None, guild_id=HOME), 4)
    await store.quotas.set_budget(admin(HOME, None), 6)
    for user in (1, 2):
        await store.accept(make_job(user_id=user, pictures=2, guild_id=HOME))
    with pytest.raises(Refusal, match="This server has 0 of its images left"):
        await store.accept(make_job(user_id=3, guild_id=HOME))
    assert await store.accept(make_job(user_id=3, guild_id=FOREIGN))
    await store.quotas.set_budget(operator(None, guild_id=HOME), None)
    assert (await allowed(store, HOME)).server_left == 2


async def test_limits_are_never_cached(store: Store, other: Store, make_job: MakeJob) -> None:
    """What another process writes counts for the very next request."""
    await store.accept(make_job())
    await other.quotas.set_limit(operator(), 1)
    with pytest.raises(Refusal, match="0 of your 1"):
        await store.accept(make_job())
    await other.bans.ban(operator())
    with pytest.raises(Refusal, match="can no longer use this bot"):
        await store.accept(make_job())
    assert await store.bans.refresh() == {(1, EVERYWHERE)}
    assert store.bans.of(1, HOME)


async def test_a_ban_of_a_server_holds_there_and_the_operators_everywhere(store: Store) -> None:
    """Each lifts only their own."""
    await store.bans.ban(admin(HOME))
    assert store.bans.of(1, HOME)
    assert not store.bans.of(1, FOREIGN)
    assert not store.bans.of(1, None)
    assert not await store.bans.unban(operator())
    await store.bans.ban(operator())
    assert await store.bans.unban(admin(HOME))
    assert store.bans.of(1, HOME)
    assert store.bans.of(1, None)


@pytest.mark.parametrize(("members", "guilds"), [(3, 1), (4, 2)])
async def test_waiting_images_are_limited_for_a_server_and_in_all(
    store: Store, make_job: MakeJob, members: int, guilds: int
) -> None:
    """Thirty may wait in a server and forty in all; the next one is refused politely, and accepted when one is done."""
    for number in range(members):
        await store.quotas.set_plan(operator(number + 1), "gold")
        for _ in range(10):
            assert await store.accept(make_job(user_id=number + 1, guild_id=HOME + number % guilds))
    with pytest.raises(Refusal, match="So many images are already waiting"):
        await store.accept(make_job(user_id=9, guild_id=HOME))
    (first, *_) = await store.jobs.undelivered()
    await store.jobs.cancelled(first.pictures[0].id, 1)
    assert await store.accept(make_job(user_id=9, guild_id=HOME))


async def test_deleting_one_s_data_gives_nothing_back(store: Store, make_job: MakeJob) -> None:
    """Of deleted jobs who, where, when and how much is kept, until the day and the grant that paid are over."""
    await store.quotas.grant(operator(), 5, NOON + timedelta(days=2))
    await make(store, make_job(pictures=2), 11)
    before = await allowed(store)

    def delete(tables: object) -> None:
        store.usages.leave_spent(tables, 1, "2026-11-24", NOON)  # type: ignore[arg-type]
        tables.execute("DELETE FROM jobs WHERE user_id = 1")  # type: ignore[attr-defined]

    await store._database.write(delete)
    assert await allowed(store) == before
    assert (before.left, before.granted) == (0, 3)
    await store.usages.forget_spent("2026-11-25", NOON + timedelta(days=1))
    assert (await allowed(store, hours=25)).granted == 3
    await store.usages.forget_spent("2026-11-27", NOON + timedelta(days=3))
    count = await store._database.read(lambda tables: tables.execute("SELECT count(*) FROM spent").fetchone()[0])
    assert count == 0


async def test_every_change_is_written_down_with_its_reason(store: Store) -> None:
    """The audit holds who, what, for whom, where and why; an admin's page shows only their server's entries."""
    await store.quotas.set_limit(operator(), 50)
    await store.quotas.grant(admin(HOME), 5, NOON + timedelta(days=2))
    await store.quotas.set_role_plan(admin(HOME, None, GOLD_ROLE), "gold")
    await store.bans.ban(admin(FOREIGN))
    everything = await store.audit.page(None, None, 10)
    assert [(entry.action, entry.guild_id, entry.reason) for entry in everything] == [
        ("ban", FOREIGN, "for good"),
        ("plan", HOME, "for good"),
        ("grant", HOME, "for good"),
        ("set", None, "for good"),
    ]
    assert [entry.action for entry in await store.audit.page(HOME, None, 10)] == ["plan", "grant"]
    assert [entry.id for entry in await store.audit.page(None, everything[1].id, 1)] == [everything[2].id]
    assert [entry.id for entry in await store.audit.newer(None, everything[2].id, 1)] == [everything[1].id]


async def test_a_change_that_fails_leaves_no_entry(store: Store) -> None:
    """A change and its entry are one transaction."""
    with pytest.raises(Exception, match="NOT NULL"):
        await store.bans.ban(operator(None))
    assert await store.audit.page(None, None, 10) == []


async def test_the_report_says_who_used_what(store: Store, make_job: MakeJob) -> None:
    """Members by what they used, with each model; a server's report holds its own images alone, none cancelled."""
    await make(store, make_job(user_id=1, pictures=2), 2)
    await make(store, make_job(user_id=2, pictures=2), 3)
    await make(store, make_job(user_id=2, pictures=2, guild_id=FOREIGN), 1)
    cancelled = await store.accept(make_job(user_id=1))
    assert cancelled
    await store.jobs.cancelled(cancelled.pictures[0].id, 1)
    used = await store.usages.report(9, "2026-11-24")
    assert [(row.user_id, row.model, row.images) for row in used] == [
        (2, "criar-embedded", 6),
        (1, "criar-embedded", 4),
    ]
    assert [(row.user_id, row.images) for row in await store.usages.report(None, "2026-11-24")] == [(2, 8), (1, 4)]
    assert await store.usages.report(None, "2026-11-25") == []


async def test_the_sums_use_their_indexes(store: Store) -> None:
    """No question that each request asks looks through all pictures there ever were."""
    for where in ("user_id = 1 AND day = 'x'", "guild_id = 1 AND day = 'x'", "grant_id = 1"):
        plan = await store._database.read(
            lambda tables, where=where: tables.execute(  # type: ignore[misc]
                f"EXPLAIN QUERY PLAN SELECT sum(cost) FROM {COUNTED} WHERE {where}"  # noqa: S608
            ).fetchall()
        )
        assert not [row for row in plan if row[3].startswith("SCAN pictures")], where
    for where in ("", " AND user_id = 1", " AND guild_id = 1"):
        plan = await store._database.read(
            lambda tables, where=where: tables.execute(  # type: ignore[misc]
                f"EXPLAIN QUERY PLAN SELECT count(*) FROM pictures WHERE state IN ('waiting', 'running'){where}"  # noqa: S608
            ).fetchall()
        )
        assert "pictures_unfinished" in plan[0][3], where


def test_a_window_lets_in_as_many_as_it_says_and_says_when_the_next_may_come() -> None:
    """Three a minute: the fourth waits until the first is a minute old."""
    window = SlidingWindow(3)
    for now in (0.0, 10.0, 20.0):
        assert window.wait(1, now) == 0
        window.take(1, now)
    assert window.wait(1, 30.0) == 30
    assert window.wait(2, 30.0) == 0
    assert window.wait(1, 60.0) == 0


def test_a_window_forgets_who_is_gone() -> None:
    """A hundred thousand members in an hour leave only those of the last minutes in memory."""
    window = SlidingWindow(5)
    for number in range(100_000):
        window.take(number, number * 0.036)
    assert len(window) < 2 * 60 / 0.036 + 1


def test_every_button_and_menu_stands_behind_the_gate() -> None:
    """Whatever works after a restart asks first whether the member is banned or too fast."""
    assert [item for item in ITEMS if not issubclass(item, PersistentItem)] == []


async def test_the_ten_thousand_and_first_waiting_image_is_refused_politely(tmp_path: Path, make_job: MakeJob) -> None:
    """With ten thousand of others waiting, one more gets a sentence and no row; and gets in as soon as one is done."""
    store = Store(Config(storage=Storage(folder=tmp_path / "data"), flooding=Flooding(server_waiting=1_000_000)))
    await store.open()
    first = await store.accept(make_job(user_id=2))
    assert first
    others = "INSERT INTO pictures (id, job_id, place, user_id, state, attempt, cost, day, created_at)"
    rows = [(f"{first.id}:{n}", first.id, n, 2 + n % 999, "waiting", 1, 1, "2026-11-24", 0.0) for n in range(1, 10_000)]
    await store._database.write(
        lambda tables: tables.conn.executemany(f"{others} VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", rows)
    )
    with pytest.raises(Refusal, match="So many images are already waiting"):
        await store.accept(make_job())
    await store.jobs.cancelled(first.pictures[0].id, 1)
    assert await store.accept(make_job())
    await store.close()


def test_admins_may_use_more_commands_a_minute_than_members(store: Store) -> None:
    """Finding 25: who manages a server is stopped later; what they may counts apart from what they may as a member."""
    admission = AdmissionControl(Config(flooding=Flooding(member_commands=2, admin_commands=4)), store)
    person = Person(user_id=1, guild_id=2)
    for _ in range(4):
        admission.check(person, admin=True)
    with pytest.raises(RateLimited):
        admission.check(person, admin=True)
    for _ in range(2):
        admission.check(person)
    with pytest.raises(RateLimited):
        admission.check(person)

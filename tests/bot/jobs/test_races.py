"""Two things at once, in both orders: the manager with a real store and delivery; only the worker is played."""

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest

from bot.background.trouble_feed import collected_trouble
from bot.errors import Refusal
from bot.jobs import delivery
from bot.quota import Person
from bot.store import State, Store
from generation import Started
from sandbox import Fault, LocalDiscord
from tests.bot.factory import NOON, MakeJob

from .stage import ANNOUNCEMENTS, Stage, cancelled, died, finished, gone_wrong, png


async def test_cancelling_before_the_end_wins(stage: Stage) -> None:
    """What was cancelled first is given back, though the worker finishes it all the same; no file is left."""
    job = await stage.ask()
    await stage.manager.cancel(job)
    await stage.hands.happen(finished(job), cancelled(job))
    (message,) = await stage.delivered(job)
    assert "1 picture was cancelled and not counted." in message.content
    assert not message.attachments
    assert stage.hands.cancelled == [f"{job.id}:0"]
    assert await stage.used() == 0
    assert not list(stage.store.files.pictures.iterdir())


async def test_cancelling_after_the_end_changes_nothing(stage: Stage) -> None:
    """What was finished first is delivered and counted."""
    job = await stage.ask()
    await stage.hands.happen(finished(job))
    await stage.manager.cancel(job)
    (message,) = await stage.delivered(job)
    assert len(message.attachments) == 1
    assert stage.hands.cancelled == []
    assert await stage.used() == 1


async def test_a_cancel_holds_over_a_restart(stage: Stage) -> None:
    """It is in the database before the worker knows of it, so that no later run makes the picture again."""
    job = await stage.ask(pictures=2)
    await stage.hands.happen(finished(job))
    await stage.manager.cancel(job)
    assert (await stage.now(job)).complete
    assert [row.state for row in (await stage.now(job)).pictures] == [State.FINISHED, State.CANCELLED]


async def test_the_childs_death_before_the_end_wins(stage: Stage) -> None:
    """After a death only the second attempt counts; an end of the first that comes late is dropped."""
    job = await stage.ask()
    await stage.hands.happen(Started(picture_id=f"{job.id}:0", attempt=1), died(job), finished(job))
    assert not (await stage.now(job)).complete
    assert [picture.attempt for picture in stage.hands.submitted] == [1, 2]
    await stage.hands.happen(finished(job, attempt=2))
    (message,) = await stage.delivered(job)
    assert len(message.attachments) == 1
    assert await stage.used() == 1


async def test_the_childs_death_after_the_end_changes_nothing(stage: Stage) -> None:
    """A picture that was finished before its worker died is not made again."""
    job = await stage.ask()
    await stage.hands.happen(finished(job), died(job))
    (message,) = await stage.delivered(job)
    assert len(message.attachments) == 1
    assert [picture.attempt for picture in stage.hands.submitted] == [1]


async def test_two_deaths_give_the_picture_back_with_a_sentence(stage: Stage) -> None:
    """The second attempt is the last; the other picture of the job is delivered."""
    job = await stage.ask(pictures=2)
    await stage.hands.happen(died(job), finished(job, place=1), died(job, attempt=2))
    (message,) = await stage.delivered(job)
    assert "1 picture failed and was not counted:\nIt died." in message.content
    assert len(message.attachments) == 1
    assert await stage.used() == 1


async def test_the_operator_hears_why_a_model_cannot_be_loaded(stage: Stage) -> None:
    """Finding 7: what a library said is for the operator's channel; the member reads the sentence alone."""
    job = await stage.ask()
    reason = "PackageNotFoundError: bitsandbytes"
    with collected_trouble() as lines:
        await stage.hands.happen(replace(gone_wrong(job), reason=reason))
    (message,) = await stage.delivered(job)
    assert "It went wrong." in message.content
    assert reason not in message.content
    (line,) = lines.take()
    assert line == f"warning: picture {job.id}:0 failed at attempt 1: It went wrong. ({reason})"


async def test_deleting_before_the_delivery_wins(stage: Stage) -> None:
    """A deleted job is not delivered when its picture is finished after that, in no way."""
    job = await stage.ask()
    await stage.manager.delete(job)
    await stage.hands.happen(finished(job))
    await stage.delivered(job)
    assert stage.local.messages() == []
    assert stage.direct() == []
    assert not list(stage.store.files.pictures.iterdir())


async def test_deleting_between_two_tries_of_a_delivery_wins(stage: Stage) -> None:
    """Deleted while the delivery waits for its next try, the picture goes nowhere."""
    job = await stage.ask()
    await stage.fail_delivery(job)
    await stage.hands.happen(finished(job))
    await stage.local.wait_for(lambda: any(call.status == 503 for call in stage.local.rest.calls))
    await stage.manager.delete(await stage.now(job))
    await stage.delivered(job)
    assert stage.local.messages() == []
    assert stage.direct() == []


async def test_deleting_while_an_edit_is_on_its_way_wins(stage: Stage) -> None:
    """A delivery that finds its message gone, because the job was deleted, does not go to the member directly."""
    job = await stage.ask()
    await stage.hands.happen(finished(job))
    await stage.delivered(job)
    stale = await stage.now(job)
    stage.store.files.keep_picture(f"{job.id}:0", png())
    await stage.manager.delete(stale)
    stage.store.files.keep_picture(f"{job.id}:0", png())
    await stage.delivery.deliver(stale)
    assert stage.local.messages() == []
    assert stage.direct() == []


async def test_deleting_while_the_announcement_is_on_its_way_takes_it_away(stage: Stage) -> None:
    """A message that was sent for a job that was deleted meanwhile is taken away again."""
    with stage.local.hold("POST", ANNOUNCEMENTS):
        asking = asyncio.create_task(stage.ask())
        await stage.local.wait_for(stage.local.messages)
        (job,) = await stage.store.jobs.undelivered()
        assert job.message_id is None
        await stage.manager.delete(job)
    await asking
    await stage.local.wait_for(lambda: not stage.local.messages())


async def test_a_picture_that_is_made_faster_than_it_is_announced_stays(stage: Stage) -> None:
    """Made while the announcement is on its way, it is not replaced by progress or by the words of a later stop."""
    first = await stage.ask()
    await stage.hands.happen(finished(first))
    await stage.delivered(first)
    with stage.local.hold("POST", ANNOUNCEMENTS):
        asking = asyncio.create_task(stage.ask(1))
        await stage.local.wait_for(lambda: len(stage.local.messages()) == 2)
        (job,) = await stage.store.jobs.undelivered()
        await stage.hands.happen(finished(job))
        assert not asking.done()
    await asking
    await stage.delivered(job)
    await stage.manager.stop(5)
    assert [len(message.attachments) for message in stage.local.messages()] == [1, 1]


def limit_answers(local: LocalDiscord) -> None:
    """Let no interaction's answer be edited for an hour."""
    local.fail(Fault(method="PATCH", path="/webhooks/*", status=429, retry_after=3600.0, times=100))


async def test_a_long_rate_limit_on_progress_does_not_hold_up_the_pictures(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where Discord limits the private answer for an hour, the pictures come into the channel all the same."""
    monkeypatch.setattr(delivery, "ANSWERED", 0.3)
    limit_answers(stage.local)
    job = await stage.ask(command=True)
    await stage.local.wait_for(lambda: stage.edits_of_answers(429))
    await stage.hands.happen(finished(job))
    (message,) = await asyncio.wait_for(stage.delivered(job), 30)
    assert len(message.attachments) == 1


async def test_a_long_rate_limit_on_a_private_delivery_lets_others_through(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Pictures for the channel wait their turn behind a private delivery, but not for its whole hour."""
    monkeypatch.setattr(delivery, "UPLOADED", 0.3)
    private = await stage.ask(command=True, private=True)
    await stage.local.wait_for(lambda: stage.edits_of_answers(404))  # its progress cannot be shown here
    limit_answers(stage.local)
    await stage.hands.happen(finished(private))
    await stage.local.wait_for(lambda: stage.edits_of_answers(429))
    other = await stage.ask(1)
    await stage.hands.happen(finished(other))
    (message,) = await asyncio.wait_for(stage.delivered(other), 30)
    assert len(message.attachments) == 1


async def test_deleting_after_the_delivery_takes_all_away(stage: Stage) -> None:
    """Message and files are gone; the picture stays counted, for it was made and delivered."""
    job = await stage.ask()
    await stage.hands.happen(finished(job))
    await stage.delivered(job)
    await stage.manager.delete(await stage.now(job))
    assert stage.local.messages() == []
    assert not list(stage.store.files.pictures.iterdir())
    assert await stage.used() == 1


async def test_an_interaction_delivered_twice_at_once_is_one_job(stage: Stage) -> None:
    """Both deliveries in flight at the same time make one job, one announcement and one reservation."""
    requester = stage.requester()
    await asyncio.gather(*(stage.manager.submit(requester, stage.built()) for _ in range(2)))
    assert len(stage.hands.submitted) == 1
    assert len(stage.local.messages()) == 1
    assert await stage.used() == 1


@pytest.mark.parametrize("refunded_at", [-1, 1], ids=["before midnight", "after midnight"])
async def test_the_days_end_between_reserving_and_refunding(store: Store, make_job: MakeJob, refunded_at: int) -> None:
    """What was reserved before midnight is given back to that day: the next one begins with twenty, never with more."""
    midnight = NOON + timedelta(hours=12)
    job = await store.accept(make_job(pictures=4, at=midnight - timedelta(seconds=2)))
    assert job
    person = Person(user_id=1, guild_id=9)
    moments = [midnight + timedelta(seconds=seconds) for seconds in (-1, 1)]
    if refunded_at > 0:
        assert [(await store.allowance(person, at)).left for at in moments] == [16, 20]
    await store.jobs.take_back(job.id)
    assert [(await store.allowance(person, at)).left for at in moments] == [20, 20]


async def test_a_file_that_is_gone_before_its_delivery_is_made_again(stage: Stage) -> None:
    """As after a backup was put back: the picture is made from its seed once more, at no attempt's cost."""
    job = await stage.ask()
    await stage.fail_delivery(job)
    await stage.hands.happen(finished(job))
    await stage.local.wait_for(lambda: any(call.status == 503 for call in stage.local.rest.calls))
    stage.store.files.picture(f"{job.id}:0").unlink()
    while len(stage.hands.submitted) < 2:  # noqa: ASYNC110
        await asyncio.sleep(0.01)
    assert stage.hands.submitted[1] == stage.hands.submitted[0]
    await stage.hands.happen(finished(job))
    (message,) = await stage.delivered(job)
    assert len(message.attachments) == 1


async def test_nothing_is_charged_while_no_device_works(stage: Stage) -> None:
    """The request is refused with a sentence, is not kept and not counted; once a device works, the next is taken."""
    stage.hands.works = False
    with pytest.raises(Refusal, match="cannot be made just now"):
        await stage.ask()
    assert await stage.used() == 0
    assert not stage.hands.submitted
    stage.hands.works = True
    await stage.ask(number=1)
    assert await stage.used() == 1

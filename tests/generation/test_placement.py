"""Which worker gets a picture when workers stand on several machines: one that has its model's files."""

import asyncio
import sys
from types import SimpleNamespace
from typing import Any, cast

import pytest

from generation import Cancelled, Catalogue, ClusterConfig, Event, Failed, Finished, Picture, Progress, Service
from generation.workers import node
from generation.workers.cards import Card, actor_name, cards_of
from generation.workers.node_messages import Alive, Joined, Refused, Report, Said, Unreachable
from generation.workers.worker import Room, Worker

from .studio import job


class FarWorker(Worker):
    """A worker on another machine, as the service sees it; what it would say is said by the test."""

    def __init__(self, service: Service, site: str, missing: frozenset[str] = frozenset()) -> None:
        super().__init__(site, service._on_event, service._on_cluster_exit)
        self.site = site
        self.given: list[str] = []
        self.recalled: list[str] = []
        self._missing = missing

    @property
    def pid(self) -> None:
        return None

    def can_make(self, picture: Picture) -> bool:
        return picture.request.model not in self._missing

    def _give(self, picture: Picture) -> None:
        self.given.append(picture.id)

    def cancel(self, picture_id: str) -> None:
        self.recalled.append(picture_id)

    def kill(self) -> None:
        self._on_exit(self)

    async def close(self) -> None:
        """Nothing runs."""

    def say(self, *messages: Event | Room) -> None:
        self._take(messages)

    def room(self, pictures: int, *fetching: str, loaded: frozenset[str] = frozenset()) -> None:
        self.say(Room(models=loaded, fetching=frozenset(fetching), pictures=pictures))


def service_with(*workers: tuple[str, frozenset[str]]) -> tuple[Service, list[FarWorker]]:
    service = Service(Catalogue.load(), ())
    made = [FarWorker(service, site, missing) for site, missing in workers]
    for worker in made:
        service._on_join(cast("Any", worker))
    return service, made


NOTHING: frozenset[str] = frozenset()
MODEL = "criar-embedded"


async def next_event(service: Service) -> Event:
    return await asyncio.wait_for(anext(service.events()), 30)


async def test_a_picture_goes_where_its_model_is() -> None:
    """A machine without the folder of a model gets no picture of it, while one that has it does."""
    service, (without, has) = service_with(("a", frozenset({MODEL})), ("b", NOTHING))
    without.room(5)
    has.room(1)
    (picture,) = job().pictures()
    service.submit([picture])
    assert (without.given, has.given) == ([], [picture.id])


async def test_it_is_known_that_a_model_is_being_loaded() -> None:
    """While no worker is ready, and then while the one that has the picture lacks its model."""
    service, (worker,) = service_with(("a", NOTHING))
    (picture,) = job().pictures()
    service.submit([picture])
    assert service.loads_model(picture.id)
    worker.room(1)
    assert worker.given == [picture.id]
    assert service.loads_model(picture.id)
    worker.room(1, loaded=frozenset({MODEL}))
    assert not service.loads_model(picture.id)
    worker.say(Finished(picture_id=picture.id, attempt=1, png=b"", seed=1, seconds=1.0))
    assert not service.loads_model(picture.id)


async def test_a_picture_whose_model_nobody_has_is_given_to_somebody_who_says_so() -> None:
    """Else it would wait for ever."""
    service, (only,) = service_with(("a", frozenset({MODEL})))
    only.room(1)
    (picture,) = job().pictures()
    service.submit([picture])
    assert only.given == [picture.id]


async def test_a_slow_download_to_one_machine_holds_no_picture_up() -> None:
    """A picture that waits for its model on one machine is called back and given to another, as the same attempt."""
    service, (slow, quick) = service_with(("slow", NOTHING), ("quick", NOTHING))
    slow.room(1)
    (picture,) = job().pictures()
    service.submit([picture])
    slow.room(1, MODEL)
    assert slow.recalled == [picture.id]
    quick.room(1)
    assert quick.given == []
    slow.say(Cancelled(picture_id=picture.id, attempt=1))
    assert (slow.given, quick.given) == ([picture.id], [picture.id])
    quick.say(Finished(picture_id=picture.id, attempt=1, png=b"", seed=1, seconds=1.0))
    assert isinstance(await next_event(service), Finished)


async def test_who_joins_later_gets_what_waits_for_a_download_elsewhere() -> None:
    """A machine that comes while another one downloads takes over the pictures that wait there."""
    service, (slow,) = service_with(("slow", NOTHING))
    slow.room(1)
    (picture,) = job().pictures()
    service.submit([picture])
    slow.room(1, MODEL)
    assert slow.recalled == []
    quick = FarWorker(service, "quick")
    service._on_join(cast("Any", quick))
    quick.room(1)
    assert slow.recalled == [picture.id]
    slow.say(Cancelled(picture_id=picture.id, attempt=1))
    assert quick.given == [picture.id]


async def test_machines_that_look_at_their_files_do_not_hand_a_picture_around() -> None:
    """Each of two says for a moment that it fetches what it has: a picture is called back from each once at most."""
    service, workers = service_with(("a", NOTHING), ("b", NOTHING))
    for worker in workers:
        worker.room(1)
    (picture,) = job().pictures()
    service.submit([picture])
    for _ in range(5):
        for worker in workers:
            if len(worker.given) > len(worker.recalled):
                worker.room(1, MODEL)
                if len(worker.recalled) == len(worker.given):
                    worker.say(Cancelled(picture_id=picture.id, attempt=1))
                worker.room(1)
    assert [len(worker.recalled) for worker in workers] == [1, 1]
    (keeper,) = [worker for worker in workers if worker.running]
    keeper.say(Finished(picture_id=picture.id, attempt=1, png=b"", seed=1, seconds=1.0))
    assert isinstance(await next_event(service), Finished)
    assert not service._recalled_from


async def test_a_picture_that_is_made_before_it_is_called_back_comes_once() -> None:
    """The download ends just then: the picture's end is its end, and nothing is made again."""
    service, (slow, quick) = service_with(("slow", NOTHING), ("quick", NOTHING))
    slow.room(1)
    (picture,) = job().pictures()
    service.submit([picture])
    slow.room(1, MODEL)
    slow.say(Finished(picture_id=picture.id, attempt=1, png=b"", seed=1, seconds=1.0))
    quick.room(1)
    assert isinstance(await next_event(service), Finished)
    assert (quick.given, service.waiting()) == ([], 0)


async def test_who_cancels_a_picture_that_was_called_back_has_it_cancelled() -> None:
    """The member's word counts, and not that another machine could make it."""
    service, (slow, quick) = service_with(("slow", NOTHING), ("quick", NOTHING))
    slow.room(1)
    (picture,) = job().pictures()
    service.submit([picture])
    slow.room(1, MODEL)
    service.cancel(picture.id)
    slow.say(Cancelled(picture_id=picture.id, attempt=1))
    quick.room(1)
    assert isinstance(await next_event(service), Cancelled)
    assert quick.given == []


async def test_a_machine_that_is_lost_fails_its_pictures_once() -> None:
    """Each gets one end that says that it may be tried again, and what it says later is not heard."""
    service, (lost,) = service_with(("lost", NOTHING))
    lost.room(2)
    (picture,) = job().pictures()
    service.submit([picture])
    lost.kill()
    failed = await next_event(service)
    assert isinstance(failed, Failed)
    assert failed.retryable
    assert service.running() == frozenset()


def test_a_cluster_that_can_make_nothing_is_a_state_with_its_reason() -> None:
    """Out of reach, or with no card that can be used, nothing can be made, and it is said why; a card ends that."""
    service = Service(Catalogue.load(), (), cluster=ClusterConfig(address="10.0.0.1:6379"))
    cluster, card = cast("Any", service._cluster), Card(node="one", node_id="1", number=0)
    cluster._bridge = SimpleNamespace(send=lambda _: None)
    assert service.can_make()  # nothing is known yet
    for messages, reason in (
        ((Unreachable(reason="nothing answers there"),), "nothing answers there"),
        ((Alive(), Refused(card=card, reason="it has another release")), "it has another release"),
    ):
        service.trouble_changed.clear()
        cluster._take_all(messages)
        assert not service.can_make()
        assert service.trouble_changed.is_set()
        (trouble,) = service.trouble()
        assert trouble.params["device"] == "10.0.0.1:6379"
        assert reason in str(trouble.params["reason"])
    cluster._take_all((Joined(worker_id="w", card=card, versions="", missing=NOTHING),))
    assert not service.can_make()  # it has joined, and is not ready yet
    ready = Report(messages=(Room(models=NOTHING, fetching=NOTHING, pictures=1),))
    cluster._take_all((Said(worker_id="w", report=ready),))
    assert service.can_make()
    assert service.trouble() == []


def test_a_node_lends_its_cards_or_else_its_cpu() -> None:
    """Each card is by itself, with its share of the cores; a CPU is used if the operator wants it, without a card."""
    node = {"NodeManagerHostname": "box", "NodeID": "7", "Resources": {"CPU": 9.0}}
    assert cards_of(node, cpu=False) == []
    assert [(card.name, card.threads) for card in cards_of(node, cpu=True)] == [("box/cpu", 9)]
    node["Resources"] = {"CPU": 9.0, "GPU": 2.0, "accelerator_type:H200": 1.0}
    cards = cards_of(node, cpu=True)
    assert [(card.name, card.threads, card.neighbours) for card in cards] == [
        ("box/gpu0 (H200)", 4, 2), ("box/gpu1 (H200)", 4, 2),
    ]  # fmt: skip
    assert len({card.place for card in cards}) == len({actor_name(card) for card in cards}) == 2


async def test_steps_are_gathered_and_an_end_is_said_at_once() -> None:
    """Steps of half a second come in one answer, in order; what ends a picture comes with those before it."""
    actor = node.NodeWorker()
    steps = [Progress(picture_id="p", attempt=1, step=step, of=3) for step in (1, 2)]
    asked = asyncio.create_task(actor.take())
    for step in steps:
        actor._say(step)
        await asyncio.sleep(0)
    assert not asked.done()
    assert (await asked).messages == tuple(steps)
    asked = asyncio.create_task(actor.take())
    end = Finished(picture_id="p", attempt=1, png=b"", seed=1, seconds=1.0)
    began = asyncio.get_running_loop().time()
    actor._say(steps[0])
    actor._say(end)
    assert (await asked).messages == (steps[0], end)
    assert asyncio.get_running_loop().time() - began < node.PROGRESS_EVERY


async def test_no_answer_of_a_node_is_larger_than_a_few_pictures() -> None:
    """What is finished beyond eight MiB waits for the next answer, and the news that the child ended for the last."""
    actor = node.NodeWorker()
    actor._worker = cast("Any", SimpleNamespace(last_sign=0.0, trouble=""))
    picture = bytes(node.BATCH_BYTES // 2 + 1)
    for name in ("a", "b", "c"):
        actor._say(Finished(picture_id=name, attempt=1, png=picture, seed=1, seconds=1.0))
    actor._end()
    first, last = await actor.take(), await actor.take()
    assert [len(report.messages) for report in (first, last)] == [2, 1]
    assert [report.ended for report in (first, last)] == [False, True]


async def test_why_a_card_cannot_be_used_is_said_by_its_node() -> None:
    """Where a child ends before it is ready, as without a driver, the report names what it said of that."""
    actor = node.NodeWorker()
    trouble = "no such NVIDIA card or driver is found"
    actor._worker = cast("Any", SimpleNamespace(last_sign=0.0, trouble=trouble))
    actor._end()
    report = await actor.take()
    assert (report.ended, report.trouble) == (True, trouble)


@pytest.mark.parametrize("exact", [False, True])
async def test_what_the_operator_says_of_exactness_holds_on_a_cluster_too(
    monkeypatch: pytest.MonkeyPatch, *, exact: bool
) -> None:
    """It reaches the bridge with the rest of the configuration, and from there the child on a node."""
    service = Service(Catalogue.load(), (), cluster=ClusterConfig(address="10.0.0.1:6379"), exact=exact)
    assert cast("Any", service._cluster)._config.exact is exact
    begun: list[dict[str, Any]] = []

    def child(*_: object, **options: Any) -> SimpleNamespace:
        begun.append(options)
        return SimpleNamespace(last_sign=0.0)

    monkeypatch.setattr(node, "LocalWorker", child)
    monkeypatch.setattr(node.NodeWorker, "_watch", lambda _: None)
    monkeypatch.delattr(sys.modules["__main__"], "__file__", raising=False)
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    await node.NodeWorker().start({}, Card(node="one", node_id="1", number=None), exact=exact)
    assert begun[0]["exact"] is exact

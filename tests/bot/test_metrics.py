"""The figures, without a server: what is counted when, and that the board asks for what there is."""

import json
import re
from dataclasses import replace
from pathlib import Path

from prometheus_client.parser import text_string_to_metric_families

from bot.metrics import Metrics
from bot.store import Store, Waiting
from generation import CardState, ClusterState, Failed, Finished, Progress, Started
from tests.bot.factory import MakeJob

GUIDE = Path(__file__).parents[2] / "docs" / "operators.md"
BOARD = Path(__file__).parents[2] / "contrib" / "grafana" / "criar.json"


async def values(metrics: Metrics) -> dict[tuple[str, str], float]:
    """Each sample by its name and the value of its label."""
    return {
        (sample.name, ",".join(value for _, value in sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families((await metrics.text()).decode())
        for sample in family.samples
    }


async def test_the_way_of_a_picture_is_counted(store: Store, make_job: MakeJob) -> None:
    """Accepted, taken, stepped and made are counted and timed once each; nothing of ended pictures is kept."""
    job = await store.accept(make_job(pictures=2))
    assert job
    metrics = Metrics()
    metrics.accepted(job, 3)
    one, two = (row.id for row in job.pictures)
    metrics.happened(Started(picture_id=one, attempt=1))
    for step in (1, 2, 5):
        metrics.happened(Progress(picture_id=one, attempt=1, step=step, of=5, passes=0.25, rows=2))
    metrics.happened(Finished(picture_id=one, attempt=1, png=b"", seed=1, seconds=2.5))
    metrics.happened(Failed(picture_id=two, attempt=1, template="It broke."))
    metrics.set_waiting(Waiting(pictures={("waiting", 2): 4}, outbox=1))
    found = await values(metrics)
    assert found["criar_images_accepted_total", "txt2img"] == 2
    assert found["criar_quota_images_total", ""] == 6
    assert found["criar_steps_total", ""] == 5
    assert (found["criar_forward_rows_total", ""], found["criar_forward_passes_total", ""]) == (6, 0.75)
    assert found["criar_making_seconds_sum", "criar-embedded"] == 2.5
    assert found["criar_waiting_seconds_count", ""] == 1
    assert (found["criar_pictures_total", "finished"], found["criar_pictures_total", "failed"]) == (1, 1)
    assert found["criar_queue_pictures", "2,waiting"] == 4
    assert [*metrics._asked, *metrics._models, *metrics._progress] == []


async def test_loads_and_ends_of_workers_are_counted_up() -> None:
    """What is counted by the service is counted once, however often it is asked for; pictures made at once go down."""
    metrics, killed = Metrics(), ("cuda:0", "signal SIGKILL")
    metrics.set_work({"cuda:0": 0}, {}, {})
    assert (await values(metrics))["criar_model_loads_total", "cuda:0"] == 0
    metrics.set_work({"cuda:0": 8}, {"cuda:0": 1}, {})
    for _ in range(2):
        metrics.set_work({"cuda:0": 3}, {"cuda:0": 2}, {killed: 1})
    found = await values(metrics)
    assert found["criar_making_pictures", "cuda:0"] == 3
    assert found["criar_model_loads_total", "cuda:0"] == 2
    assert found["criar_worker_exits_total", ",".join(killed)] == 1


async def test_cards_of_a_cluster_are_counted_while_there_is_one() -> None:
    """Without a cluster nothing is said of one; with one its cards are counted, and lost ones are forgotten."""
    metrics = Metrics()
    metrics.set_cluster(None)
    assert not [name for name, _ in await values(metrics) if "cluster" in name]
    card = CardState(
        name="a/gpu0", versions="torch 2", models=frozenset({"x"}), fetching=frozenset({"y", "z"}), making=3,
        draining=False,
    )  # fmt: skip
    leaving = replace(card, name="b/gpu0", draining=True)
    metrics.set_cluster(ClusterState(trouble=None, cards=(card, leaving), refused={"c/gpu0": "it is old"}))
    found = await values(metrics)
    assert found["criar_cluster_connected", ""] == 1
    assert [found["criar_cluster_cards", state] for state in ("working", "draining", "refused")] == [1, 1, 1]
    assert found["criar_cluster_pictures", "a/gpu0"] == 3
    assert found["criar_cluster_models", "a/gpu0,loaded"] == 1
    assert found["criar_cluster_models", "a/gpu0,fetching"] == 2
    assert found["criar_cluster_card_info", "a/gpu0,torch 2"] == 1
    metrics.set_cluster(ClusterState(trouble="its head does not answer"))
    found = await values(metrics)
    assert found["criar_cluster_connected", ""] == 0
    assert not [label for _, label in found if "gpu0" in label]


async def test_the_board_asks_for_figures_that_there_are() -> None:
    """Each name in an expression of the Grafana board, and of docs/operators.md, is one that the bot serves."""
    metrics = Metrics()
    metrics.set_cluster(ClusterState(trouble=None))
    text = (await metrics.text()).decode()
    targets = [panel["targets"] for panel in json.loads(BOARD.read_text())["panels"]]
    told = [line for line in GUIDE.read_text(encoding="utf-8").splitlines() if line.startswith("| `")]
    asked = set(re.findall(r"criar_\w+", json.dumps(targets) + "".join(told)))
    served = set(re.findall(r"^# TYPE (\S+)", text, re.MULTILINE))
    assert asked
    assert {re.sub(r"_(bucket|sum|count)$", "", name) for name in asked} <= served

"""What the buttons under a picture say of their cost."""

from dataclasses import replace
from typing import Any

from bot.messages.buttons import delivered_buttons, more_buttons
from bot.messages.costs import Costs, costs_of
from bot.store import PictureRow, State
from bot.text.translate import speaker
from generation import Catalogue, Task
from tests.bot.factory import MakeJob

USUAL = Catalogue.load().offered(["criar-embedded", "realesr-animevideov3"])
SAY = speaker("en-US")


def labels(make_job: MakeJob, count: int, costs: Costs) -> list[str]:
    job = make_job(pictures=count)
    rows = tuple(
        PictureRow(id=f"{job.id}:{place}", place=place, state=State.FINISHED, attempt=1, seconds=1.0, reason=None)
        for place in range(count)
    )
    job = replace(job, pictures=rows)
    views = delivered_buttons(job, SAY, costs), more_buttons(job, rows, SAY, costs, delete=True)
    buttons: list[Any] = [button for view in views for button in view.children]
    return [button.label for button in buttons]


def test_what_counts_one_says_nothing(make_job: MakeJob) -> None:
    """With models that count one image each, only what makes several says how many."""
    shown = labels(make_job, 1, costs_of(USUAL, make_job()))
    assert [label for label in shown if "costs" in label] == ["Compare strengths (costs 4)"]


def test_what_counts_more_says_so_on_every_button_that_makes_pictures(make_job: MakeJob) -> None:
    """A model that counts three has its price on refining, comparing, making again and varying."""
    dear = USUAL.costing(lambda model: 3 if model == "criar-embedded" else 1)
    shown = labels(make_job, 1, costs_of(dear, make_job()))
    for label in (
        "Refine low: subtle changes (costs 3)",
        "Compare strengths (costs 12)",
        "Again (costs 3)",
        "Enlarge 4×",
    ):
        assert label in shown
    shown = labels(make_job, 4, costs_of(dear, make_job()))
    assert {"Again (costs 12)", "Edit the prompt (costs 12)", "Vary 2 (costs 3)", "Take 1"} <= set(shown)


def test_editing_has_a_price_only_where_a_model_edits(make_job: MakeJob) -> None:
    """Without a model for instructions there is no button for them."""
    assert costs_of(USUAL, make_job()).edit is None
    editor = replace(USUAL.models[0], id="editor", tasks=frozenset({Task.EDIT}), cost=2)
    more = Catalogue([*USUAL.models, editor])
    assert costs_of(more, make_job()).edit == 2
    assert "Edit with words (costs 2)" in labels(make_job, 1, costs_of(more, make_job()))


def test_a_message_has_at_most_three_rows_of_three_or_four_short_buttons(make_job: MakeJob) -> None:
    """Members 10: at a phone's width, of about 48 letters, buttons stay in three rows; the rest is behind More."""
    for count in (1, 4):
        job = make_job(pictures=count)
        rows = tuple(
            PictureRow(id=f"{job.id}:{place}", place=place, state=State.FINISHED, attempt=1, seconds=1.0, reason=None)
            for place in range(count)
        )
        shown: list[Any] = delivered_buttons(replace(job, pictures=rows), SAY, costs_of(USUAL, job)).children
        for number in {button.row for button in shown}:
            assert sum(len(button.label) + 3 for button in shown if button.row == number) <= 48
        assert len({button.row for button in shown}) <= 3
        assert "More" in [button.label for button in shown]


def test_refining_never_makes_a_picture_smaller_without_saying_so(make_job: MakeJob) -> None:
    """Members 2 and 29: the button names the smaller size; what always refuses is not offered."""
    job = make_job()
    large = replace(job, request=replace(job.request, task=Task.UPSCALE, width=2048, height=2048))
    costs = costs_of(USUAL, large)
    assert costs.smaller is not None
    assert max(costs.smaller) < 2048
    assert (costs.enlarge, costs.polish) == (None, None)
    fresh = costs_of(USUAL, replace(job, request=replace(job.request, width=512, height=512)))
    assert (fresh.smaller, fresh.enlarge, fresh.polish) == (None, 1, 1)

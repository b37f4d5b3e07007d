"""How long a request takes still: its place in the queue, what it waits for, and the time until it is made."""

from collections.abc import Iterable

from bot.text.translate import Speaker
from generation import Service

IN_MINUTES = 90  # seconds, from which a wait is given in minutes


def describe_begun(say: Speaker, service: Service, picture_ids: Iterable[str]) -> str:
    """What a worker does first with a request's pictures."""
    if any(service.loads_model(picture_id) for picture_id in picture_ids):
        return say("The model is being loaded.")
    return say("It is being made now.")


def describe_left(say: Speaker, service: Service, picture_ids: Iterable[str]) -> str:
    """How long it takes until the last of a request's pictures is made; empty if that is not known."""
    seconds = round(max((service.left(picture_id) or 0.0 for picture_id in picture_ids), default=0.0))
    if not seconds:
        return ""
    if seconds < IN_MINUTES:
        return say("About {seconds} s left.", seconds=seconds)
    return say("About {minutes} min left.", minutes=round(seconds / 60))


def describe_place(say: Speaker, service: Service, picture_id: str) -> str:
    """Where a waiting picture stands in the queue and how long that may take, or what else it waits for."""
    if not service.can_make():
        return say("Pictures cannot be made just now; yours waits, and is made as soon as they can be.")
    if service.lacks_model(picture_id):
        return say(
            "The model is being downloaded, which takes a while the first time; yours is made as soon as it is here."
        )
    ahead = service.ahead(picture_id)
    place = say("The model is being loaded.") if service.loads_model(picture_id) else say("You are next.")
    if ahead:
        place = say.plural("{n} picture is ahead of yours.", "{n} pictures are ahead of yours.", ahead)
    seconds = round(service.estimate(picture_id) or 0)
    if not seconds:
        return place
    if seconds < IN_MINUTES:
        return f"{place} {say('About {seconds} s to wait.', seconds=seconds)}"
    return f"{place} {say('About {minutes} min to wait.', minutes=round(seconds / 60))}"

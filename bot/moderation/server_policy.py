"""What a server's admins allow there: where, for whom, with which models."""

from bot.errors import Refusal
from bot.requests.requester import Requester
from bot.store import ServerPolicy
from generation import Request, Task


def check_server_policy(policy: ServerPolicy, requester: Requester, request: Request) -> None:
    """Raise Refusal if the server's admins do not allow a request."""
    if not policy.here(requester.channels):
        raise Refusal("I make no pictures in this channel; try <#{channel}>.", channel=policy.channels[0])
    if policy.roles and requester.roles.isdisjoint(policy.roles):
        raise Refusal(
            "In this server pictures are for members with certain roles, such as <@&{role}>.", role=policy.roles[0]
        )
    if request.task is not Task.UPSCALE and not policy.allows(request.model):
        raise Refusal(
            "This server's admins do not allow the model {model} here; /models shows others.", model=request.model
        )

"""Whether a job may be accepted, and what pays for its images: the rules of quota.py over what is stored.

Everything here is part of the caller's transaction, and nothing is kept between two: the command line writes too.
"""

from datetime import datetime
from math import ceil

from sqlite_utils import Database as Tables

from bot.config import Config
from bot.config.schema import Plan
from bot.errors import NotEnough, Refusal
from bot.quota import EVERYWHERE, Allowance, Person, allowance, capped, day_of, plan_of, resets_at
from bot.store.tables.bans import MAX_REASON, Bans, banned
from bot.store.tables.key_values import pause_key
from bot.store.tables.quotas import Quotas
from bot.store.tables.usage import Usages
from bot.text.sanitize import escape_for_discord
from generation import Request


class Acceptance:
    """Reads the tables with the configuration's eyes."""

    def __init__(self, config: Config, quotas: Quotas, usages: Usages, bans: Bans) -> None:
        self._config = config
        self._quotas = quotas
        self._usages = usages
        self._bans = bans

    def plan(self, tables: Tables, person: Person) -> tuple[str, Plan]:
        """The person's plan, with its name."""
        of_member = self._quotas.plans(tables, person.user_id, person.guild_id)
        return plan_of(self._config, person, of_member, self._quotas.role_plans(tables, person.guild_id))

    def allowance(self, tables: Tables, person: Person, now: datetime) -> Allowance:
        """What the person may make now."""
        config, guild_id = self._config, person.guild_id
        name, plan = self.plan(tables, person)
        set_for = self._quotas.limits(tables, person.user_id, guild_id)
        limit = set_for.get(EVERYWHERE, plan.images_per_day)
        ceiling = config.ceiling(guild_id)
        if guild_id in set_for:
            limit = capped(set_for[guild_id], limit, ceiling)
        day = day_of(now, config.zone)
        return allowance(
            limit=limit,
            ceiling=ceiling,
            usage=self._usages.of_day(tables, person.user_id, guild_id, day),
            plan=name,
            resets_at=resets_at(now, config.zone),
            grants=self._usages.grants(tables, person.user_id, guild_id, now),
            server_left=self._server_left(tables, guild_id, day),
        )

    def admit(self, tables: Tables, person: Person, request: Request, now: datetime) -> tuple[Plan, list[int | None]]:
        """The person's plan, and what pays each image of the request. Raises Refusal if it may not be."""
        if ban := self._bans.stored(tables, person.user_id, person.guild_id, now):
            raise banned(ban)
        if why := self._pause(tables, person.guild_id):
            raise Refusal("No requests are taken in this server just now: {why}", why=why)
        _, plan = self.plan(tables, person)
        _check_plan(plan, request)
        cost = self._config.generation.cost(request.model)
        payers = _pay(self.allowance(tables, person, now), request, cost)
        self._check_waiting(tables, person, plan, request.count)
        return plan, payers

    def check_slow_mode(self, tables: Tables, person: Person, now: datetime, slow_mode: int) -> None:
        """Raise Refusal if the person asked for pictures in the server within the last ``slow_mode`` seconds."""
        sql = "SELECT max(created_at) FROM jobs WHERE user_id = ? AND guild_id = ?"
        last = tables.execute(sql, [person.user_id, person.guild_id]).fetchone()[0] or 0.0
        if (until := last + slow_mode) > now.timestamp():
            raise Refusal("Slow mode is on here: you can ask for pictures again <t:{until}:R>.", until=ceil(until))

    def _pause(self, tables: Tables, guild_id: int | None) -> str:
        row = tables.execute("SELECT value FROM settings WHERE key = ?", [pause_key(guild_id)]).fetchone()
        return escape_for_discord(row[0], MAX_REASON) if row else ""

    def _server_left(self, tables: Tables, guild_id: int | None, day: str) -> int | None:
        if guild_id is None:
            return None
        set_for = self._quotas.budgets(tables, guild_id)
        budgets = [set_for.get(True, self._config.budget(guild_id)), set_for.get(False)]
        known = [budget for budget in budgets if budget is not None]
        return max(min(known) - self._usages.of_server(tables, guild_id, day), 0) if known else None

    def _check_waiting(self, tables: Tables, person: Person, plan: Plan, count: int) -> None:
        flooding = self._config.flooding
        waiting = self._usages.unfinished(tables, user_id=person.user_id)
        if waiting + count > plan.waiting:
            raise NotEnough(
                "You have {waiting} images waiting, and at most {most} may wait; try again when some are done.",
                possible=max(plan.waiting - waiting, 0),
                waiting=waiting,
                most=plan.waiting,
            )
        here = self._usages.unfinished(tables, guild_id=person.guild_id) if person.guild_id else 0
        if here + count > flooding.server_waiting or self._usages.unfinished(tables) + count > flooding.waiting:
            raise Refusal("So many images are already waiting that I take no more for now; try again in a few minutes.")


def _check_plan(plan: Plan, request: Request) -> None:
    """Raise Refusal for what the plan does not include."""
    if not plan.allows(request.model):
        raise Refusal("Your plan does not include the model {model}; /models shows others.", model=request.model)
    if request.count > plan.count:
        raise NotEnough(
            "Your plan allows at most {most} at once, not {count}.",
            possible=plan.count, most=plan.count, count=request.count,
        )  # fmt: skip
    if max(request.width, request.height) > plan.max_side:
        raise Refusal(
            "Your plan allows sides of up to {most} pixels; {width}×{height} is larger.",
            most=plan.max_side,
            width=request.width,
            height=request.height,
        )


def _pay(allowed: Allowance, request: Request, cost: int) -> list[int | None]:
    """What pays each image. Raises Refusal if there is not enough."""
    payers = allowed.payers(request.count, cost)
    in_server = request.count if allowed.server_left is None or not cost else allowed.server_left // cost
    possible = min(len(payers), in_server)
    if len(payers) < request.count:
        numbers = {"count": request.count, "left": allowed.left, "limit": allowed.limit}
        reset = int(allowed.resets_at.timestamp())
        if cost != 1:
            raise NotEnough(
                "The images that you asked for ({count}) count {cost} each, and you have {left} of your {limit} left "
                "today; new ones come <t:{reset}:R>.",
                reset=reset,
                possible=possible,
                cost=cost,
                **numbers | {"left": allowed.left + allowed.granted},
            )
        if not allowed.granted:
            raise NotEnough(
                "You asked for {count} and have {left} of your {limit} images left today; new ones come <t:{reset}:R>.",
                reset=reset,
                possible=possible,
                **numbers,
            )
        raise NotEnough(
            "You asked for {count} and have {left} of your {limit} images left today, and {granted} that were granted; "
            "new ones come <t:{reset}:R>.",
            reset=reset,
            possible=possible,
            granted=allowed.granted,
            **numbers,
        )
    if allowed.server_left is not None and request.count * cost > allowed.server_left:
        raise NotEnough(
            "This server has {left} of its images left today; new ones come <t:{reset}:R>.",
            left=allowed.server_left,
            possible=possible,
            reset=int(allowed.resets_at.timestamp()),
        )
    return payers

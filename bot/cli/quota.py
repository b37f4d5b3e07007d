"""``python -m bot quota …``: what the operator sees and changes, everywhere, also while the bot runs."""

import asyncio
from collections.abc import Coroutine
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated, Any

import typer

from bot.cli.common import ConfigFile, settings, with_store
from bot.config.schema import MOST_IMAGES
from bot.messages.usage_report import since, usage_report
from bot.quota import Person
from bot.store import COMMAND_LINE, Change, Entry, Store
from bot.text.translate import speaker

quota = typer.Typer(no_args_is_help=True, help="See and change what members may make, everywhere.")

User = Annotated[int, typer.Argument(help="The member's id: Discord > Advanced > Developer Mode, then Copy User ID")]
Plan = Annotated[str, typer.Argument(help="A plan of the configuration; without it, the given one is taken away")]
Server = Annotated[int, typer.Option("--server", "-s", help="The server's id")]
AnyServer = Annotated[int | None, typer.Option("--server", "-s", help="The server's id; without it, all servers")]
Reason = Annotated[str, typer.Option("--reason", "-r", help="Why; it is written into the audit log")]
Images = Annotated[int, typer.Argument(min=0, max=MOST_IMAGES)]


@quota.command("show")
def show(user: User, server: AnyServer = None, config: ConfigFile = None) -> None:
    """What the member used today. Plans that their roles carry are known only while they use the bot."""
    with_store(config, lambda store: _show(store, user, server))


@quota.command("set")
def set_limit(user: User, images_per_day: Images, reason: Reason, config: ConfigFile = None) -> None:
    """Set how many images the member may make a day."""
    change = _change(reason, user=user)
    with_store(config, lambda store: _then_show(store, user, store.quotas.set_limit(change, images_per_day)))


@quota.command("unset")
def unset_limit(user: User, reason: Reason, config: ConfigFile = None) -> None:
    """Take the member's own limit away; the plan's counts again."""
    change = _change(reason, user=user)
    with_store(config, lambda store: _then_show(store, user, store.quotas.set_limit(change, None)))


@quota.command("grant")
def grant(
    user: User,
    images: Images,
    reason: Reason,
    days: Annotated[int, typer.Option(min=1, max=365, help="How long they can be used")] = 30,
    config: ConfigFile = None,
) -> None:
    """Give the member images once; 0 takes back what is left of earlier grants."""
    change = _change(reason, user=user)

    def given(store: Store) -> Coroutine[Any, Any, None]:
        quotas = store.quotas
        return quotas.grant(change, images, change.at + timedelta(days=days)) if images else quotas.end_grants(change)

    with_store(config, lambda store: _then_show(store, user, given(store)))


@quota.command("reset")
def reset(user: User, reason: Reason, config: ConfigFile = None) -> None:
    """Reset the member's daily count."""
    change = _change(reason, user=user)
    with_store(config, lambda store: _then_show(store, user, store.quotas.reset(change)))


@quota.command("plan")
def give_plan(
    user: User,
    reason: Reason,
    plan: Plan = "",
    config: ConfigFile = None,
) -> None:
    """Give the member a plan."""
    _check_plan(config, plan)
    change = _change(reason, user=user)
    with_store(config, lambda store: _then_show(store, user, store.quotas.set_plan(change, plan or None)))


@quota.command("role-plan")
def give_role_plan(
    role: Annotated[int, typer.Argument(help="The role's id")],
    server: Server,
    reason: Reason,
    plan: Plan = "",
    config: ConfigFile = None,
) -> None:
    """Give a plan to those who have a role, in its server."""
    _check_plan(config, plan)
    change = _change(reason, role=role, server=server)
    with_store(config, lambda store: store.quotas.set_role_plan(change, plan or None))


@quota.command("budget")
def budget(
    server: Annotated[int, typer.Argument(help="The server's id")],
    reason: Reason,
    images_per_day: Annotated[int | None, typer.Argument(min=0, max=MOST_IMAGES)] = None,
    config: ConfigFile = None,
) -> None:
    """Limit what all members of a server make there a day; without a number the configuration's limit counts."""
    change = _change(reason, server=server)
    with_store(config, lambda store: store.quotas.set_budget(change, images_per_day))


@quota.command("ban")
def ban(user: User, reason: Reason, config: ConfigFile = None) -> None:
    """Keep the member from using the bot."""

    async def carry_out(store: Store) -> None:
        cancelled = await store.bans.ban(_change(reason, user=user))
        typer.echo(f"{user} may not use the bot; {len(cancelled)} pictures that they had waiting are cancelled")

    with_store(config, carry_out)


@quota.command("unban")
def unban(user: User, reason: Reason, config: ConfigFile = None) -> None:
    """Let the member use the bot again."""

    async def lift(store: Store) -> None:
        if not await store.bans.unban(_change(reason, user=user)):
            typer.echo(f"{user} is not banned everywhere")

    with_store(config, lift)


@quota.command("report")
def report(
    server: AnyServer = None,
    days: Annotated[int, typer.Option(min=1, max=365, help="How many days, today among them")] = 7,
    picture: Annotated[Path | None, typer.Option(help="Draw it into this PNG file, too")] = None,
    config: ConfigFile = None,
) -> None:
    """Who used what, as comma-separated values."""
    zone = settings(config).zone

    async def print_report(store: Store) -> None:
        first = since(datetime.now(UTC), days, zone)
        shown = await usage_report(speaker("en-US"), await store.usages.report(server, first), first)
        typer.echo(shown.csv.decode(), nl=False)
        if picture:
            await asyncio.to_thread(picture.write_bytes, shown.png)

    with_store(config, print_report)


@quota.command("audit")
def audit(
    server: AnyServer = None,
    most: Annotated[int, typer.Option(min=1, max=10_000, help="How many entries, the newest")] = 50,
    config: ConfigFile = None,
) -> None:
    """Who changed what and why, the newest first."""

    async def print_audit(store: Store) -> None:
        for entry in await store.audit.page(server, None, most):
            typer.echo(_line(entry))

    with_store(config, print_audit)


def _line(entry: Entry) -> str:
    """An entry as one line of plain text, with ids."""
    actor = "command-line" if entry.actor_id == COMMAND_LINE else str(entry.actor_id)
    where = "everywhere" if entry.guild_id is None else f"server {entry.guild_id}"
    whom = f"role {entry.role_id}" if entry.role_id else f"member {entry.user_id}" if entry.user_id else ""
    parts = [f"{entry.at:%Y-%m-%d %H:%M}", actor, entry.action, entry.detail, whom, where, entry.reason]
    return "  ".join(part for part in parts if part)


def _change(reason: str, *, user: int | None = None, role: int | None = None, server: int | None = None) -> Change:
    return Change(
        actor_id=COMMAND_LINE,
        guild_id=server,
        user_id=user,
        role_id=role,
        reason=reason,
        at=datetime.now(UTC),
        by_operator=True,
    )


def _check_plan(config: Path | None, plan: str) -> None:
    plans = settings(config).plans
    if plan and plan not in plans:
        raise typer.BadParameter(f"there is no plan {plan}; the configuration has {', '.join(plans)}")


async def _show(store: Store, user: int, server: int | None = None) -> None:
    allowed = await store.allowance(Person(user_id=user, guild_id=server), datetime.now(UTC))
    granted = f", {allowed.granted} granted" if allowed.granted else ""
    typer.echo(
        f"{user}: {allowed.used} of {allowed.limit} images used today, {allowed.left} left{granted} "
        f"(plan {allowed.plan})"
    )


async def _then_show(store: Store, user: int, change: Coroutine[Any, Any, None]) -> None:
    await change
    await _show(store, user)

"""``python -m bot strikes list | lift``: who wrote what is forbidden, in all servers."""

from datetime import UTC, datetime
from typing import Annotated

import typer

from bot.cli.errors import ConfigFile, with_store
from bot.store import COMMAND_LINE, Change, Rule, Store

strikes = typer.Typer(no_args_is_help=True, help="See and forgive what members wrote against the rules, everywhere.")


@strikes.command("list")
def list_strikes(
    user: Annotated[int | None, typer.Option(help="Only this member's, by user id")] = None,
    limit: Annotated[int, typer.Option(min=1, max=10_000)] = 50,
    config: ConfigFile = None,
) -> None:
    """The newest strikes; those for sexualised depictions of minors are marked MINORS."""

    async def show(store: Store) -> None:
        found = await store.strikes.latest(limit, user_id=user)
        for strike in found:
            broken = "MINORS" if strike.rule is Rule.MINORS else f"{strike.rule} “{strike.word}”"
            lifted = " (forgiven)" if strike.lifted else ""
            where = f"server {strike.guild_id}" if strike.guild_id else "a direct message"
            typer.echo(f"{strike.at:%Y-%m-%d %H:%M} {strike.user_id} in {where}: {broken}: {strike.prompt!r}{lifted}")
        if not found:
            typer.echo("Nobody used forbidden words.")

    with_store(config, show)


@strikes.command("lift")
def lift(
    user: Annotated[int, typer.Argument(help="The member's id")],
    reason: Annotated[str, typer.Option("--reason", "-r", help="Why; it is written into the audit log")],
    config: ConfigFile = None,
) -> None:
    """Forgive all of a member's strikes."""

    async def forgive(store: Store) -> None:
        at = datetime.now(UTC)
        change = Change(actor_id=COMMAND_LINE, guild_id=None, user_id=user, reason=reason, at=at, by_operator=True)
        typer.echo(f"{user}: {await store.strikes.lift(change)} strikes forgiven")

    with_store(config, forgive)

"""``python -m bot strikes list | lift``: who wrote what is forbidden, in all servers."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from .command_line import ConfigFile, settings
from .store import Rule, Store

strikes = typer.Typer(no_args_is_help=True, help="See and forgive what members wrote against the rules, everywhere.")


@strikes.command("list")
def list_strikes(
    user: Annotated[int | None, typer.Option(help="Of this member alone, by his id")] = None,
    limit: Annotated[int, typer.Option(min=1, max=10_000)] = 50,
    config: ConfigFile = None,
) -> None:
    """The newest strikes; those for sexualised depictions of minors are marked MINORS."""

    async def show(store: Store) -> None:
        for strike in await store.strikes.latest(limit, user_id=user):
            broken = "MINORS" if strike.rule is Rule.MINORS else f"{strike.rule} “{strike.word}”"
            lifted = " (forgiven)" if strike.lifted else ""
            where = f"server {strike.guild_id}" if strike.guild_id else "a direct message"
            typer.echo(f"{strike.at:%Y-%m-%d %H:%M} {strike.user_id} in {where}: {broken}: {strike.prompt!r}{lifted}")

    _with_store(config, show)


@strikes.command("lift")
def lift(user: Annotated[int, typer.Argument(help="The member's id")], config: ConfigFile = None) -> None:
    """Forgive all of a member's strikes."""

    async def forgive(store: Store) -> None:
        typer.echo(f"{user}: {await store.strikes.lift(user, None, datetime.now(UTC))} strikes forgiven")

    _with_store(config, forgive)


def _with_store(config: Path | None, work: Callable[[Store], Awaitable[None]]) -> None:
    async def main() -> None:
        store = Store(settings(config))
        await store.open()
        try:
            await work(store)
        finally:
            await store.close()

    asyncio.run(main())

"""``python -m bot cluster status``: what makes pictures on other machines."""

import typer

from bot.cli.errors import ConfigFile, or_exit, settings
from bot.errors import ConfigError
from generation import Card, GenerationError, WorkerState, survey

cluster = typer.Typer(no_args_is_help=True, help="See the Ray cluster whose cards make pictures.")


@cluster.callback()
def main() -> None:
    """See the Ray cluster whose cards make pictures."""


@cluster.command()
def status(config: ConfigFile = None) -> None:
    """Nodes and cards, each with its release, its models and what it makes; exits with 1 if no card makes pictures."""
    chosen = settings(config).generation.cluster
    if chosen is None:
        typer.echo("There is no [generation.cluster] in the configuration.", err=True)
        raise typer.Exit(2)

    def ask() -> list[tuple[Card, WorkerState | None]]:
        try:
            return list(survey(chosen.settings()))
        except GenerationError as error:
            raise ConfigError(str(error)) from error

    found = or_exit(ask)
    for card, state in found:
        typer.echo(f"{card.name}: {describe(state)}")
    working = sum(state is not None for _, state in found)
    nodes = len({card.node_id for card, _ in found})
    typer.echo(f"{nodes} nodes, {len(found)} cards, {working} of them work for the namespace {chosen.namespace}.")
    raise typer.Exit(0 if working else 1)


def describe(state: WorkerState | None) -> str:
    """One line of a card's worker."""
    if state is None:
        return "no worker (free, taken by another bot, or refused: see the bot's log)"
    made: dict[str, int] = {}
    for model in state.making.values():
        made[model] = made.get(model, 0) + 1
    parts = [
        f"release {state.release}, {state.versions}",
        f"loaded: {', '.join(sorted(state.models)) or 'nothing yet'}",
        f"fetching: {', '.join(sorted(state.fetching))}" if state.fetching else "",
        f"making: {', '.join(f'{number} of {model}' for model, number in sorted(made.items())) or 'nothing'}",
    ]
    return "; ".join(filter(None, parts))

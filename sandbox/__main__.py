"""``python -m sandbox [--host ADDRESS] [--port N] [--token TOKEN]``: run a local Discord until interrupted."""

import argparse
import asyncio
import json
import signal

from .server import TOKEN, LocalDiscord


async def main(arguments: argparse.Namespace) -> None:
    """Run the server, and print one line of JSON with the addresses and the token once it accepts connections."""
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    async with LocalDiscord(
        arguments.port, host=arguments.host, token=arguments.token, rate_limits=arguments.rate_limits
    ) as local:
        addresses = {"page": local.page, "api": local.api, "gateway": local.gateway_address, "token": local.token}
        print(json.dumps(addresses), flush=True)
        await stop.wait()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m sandbox", description="A local Discord with a page in the browser")
    parser.add_argument("--host", default="127.0.0.1", help="a loopback address")
    parser.add_argument("--port", type=int, default=0, help="0 takes a free port")
    parser.add_argument("--token", default=TOKEN, help="the only token that is accepted")
    parser.add_argument("--rate-limits", action="store_true", help="apply Discord's rate limits on messages")
    try:
        asyncio.run(main(parser.parse_args()))
    except (ValueError, OSError) as error:
        parser.exit(2, f"{error}\n")

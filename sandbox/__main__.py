"""``python -m sandbox [--port N]``: a local Discord until it is told to stop."""

import argparse
import asyncio
import json
import signal

from .server import LocalDiscord


async def main(port: int) -> None:
    """Run, and print one line of JSON with the addresses and the token once everything is there."""
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    async with LocalDiscord(port) as local:
        print(json.dumps({"page": local.page, "api": local.api, "token": local.token}), flush=True)
        await stop.wait()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m sandbox", description="A local Discord with a page in the browser")
    parser.add_argument("--port", type=int, default=0, help="port on 127.0.0.1; 0 takes a free one")
    asyncio.run(main(parser.parse_args().port))

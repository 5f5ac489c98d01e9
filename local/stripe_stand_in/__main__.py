"""`python -m local.stripe_stand_in --port 4567` serves the Stripe API on this machine."""

import argparse
import asyncio
import signal
import socket
import sys

from aiohttp import web

from local.stripe_stand_in.shell.server import StandIn


def main() -> None:
    """Serve until SIGINT or SIGTERM."""
    parser = argparse.ArgumentParser(prog="python -m local.stripe_stand_in", description=__doc__)
    parser.add_argument(
        "--port", type=int, required=True, help="0 for a free port; the first line of output names it"
    )
    port = parser.parse_args().port
    try:
        listener = socket.create_server(("127.0.0.1", port))
    except (OSError, OverflowError) as error:
        sys.exit(f"The Stripe stand-in cannot listen on port {port}: {error}")
    with listener:
        asyncio.run(_serve(listener))


async def _serve(listener: socket.socket) -> None:
    ending = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, ending.set)
    url = f"http://127.0.0.1:{listener.getsockname()[1]}"
    runner = web.AppRunner(StandIn(url).application(), access_log=None)
    await runner.setup()
    try:
        await web.SockSite(runner, listener).start()
        print(f"Stripe stand-in ready on {url}", flush=True)
        await ending.wait()
    finally:
        await runner.cleanup()


if __name__ == "__main__":
    main()

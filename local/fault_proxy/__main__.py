"""`python -m local.fault_proxy ...` serves the proxy between the functions and AWS and Stripe."""

import argparse
import asyncio
import signal
from contextlib import AsyncExitStack
from typing import Final

import aiohttp
from aiohttp import web

from local.fault_proxy.control import Control
from local.fault_proxy.faults import Faults
from local.fault_proxy.naming import AwsNaming, StripeNaming
from local.fault_proxy.proxy import Proxy
from local.fault_proxy.recording import Recording

_HOUR_SECONDS: Final = 3600.0
_IDLE_SECONDS: Final = 5.0
"""Shorter than any service keeps an idle connection, so that no call finds it closed."""


def main() -> None:
    """Serve until SIGINT or SIGTERM."""
    parser = argparse.ArgumentParser(prog="python -m local.fault_proxy", description=__doc__)
    parser.add_argument("--control-port", type=int, required=True)
    parser.add_argument("--aws-port", type=int, required=True)
    parser.add_argument("--aws", required=True, help="URL of the emulated AWS")
    parser.add_argument("--stripe-port", type=int, required=True)
    parser.add_argument("--stripe", required=True, help="URL of the Stripe stand-in")
    asyncio.run(_serve(parser.parse_args()))


async def _serve(arguments: argparse.Namespace) -> None:
    ending = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, ending.set)
    recording, faults = Recording(), Faults()
    async with AsyncExitStack() as stack:
        session = await stack.enter_async_context(
            aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(limit=0, keepalive_timeout=_IDLE_SECONDS),
                auto_decompress=False,
                skip_auto_headers=("Accept", "Accept-Encoding", "Content-Type", "User-Agent"),
                timeout=aiohttp.ClientTimeout(total=None),
            )
        )
        applications = {
            arguments.aws_port: Proxy(arguments.aws, AwsNaming(), session, recording, faults).application(),
            arguments.stripe_port: Proxy(
                arguments.stripe, StripeNaming(), session, recording, faults
            ).application(),
            arguments.control_port: Control(recording, faults).application(),
        }
        for port, application in applications.items():
            # The worker behind a connection is looked up once, so long connections save time.
            runner = web.AppRunner(application, access_log=None, keepalive_timeout=_HOUR_SECONDS)
            await runner.setup()
            stack.push_async_callback(runner.cleanup)
            await web.TCPSite(runner, "127.0.0.1", port).start()
        await ending.wait()
        faults.clear()


if __name__ == "__main__":
    main()

#!/usr/bin/env python
"""Starts a function in the embedded AWS, with AWS's own runtime client.

The client reports an exception by its class name, which the state machine's Catch matches.
"""

import os
import sys

try:
    import runtime_client  # noqa: F401 - the native half of awslambdaric: it has wheels for Linux only
except ImportError:
    import portable_runtime_client

    sys.modules["runtime_client"] = portable_runtime_client

from awslambdaric.__main__ import main

main([sys.argv[0], os.environ["_HANDLER"]])  # type: ignore[no-untyped-call]  # it ships no types

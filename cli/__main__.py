"""`python -m cli`: the command line `orders`."""

from cli.app import app

app(prog_name="orders")

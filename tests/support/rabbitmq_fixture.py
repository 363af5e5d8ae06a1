#!/usr/bin/python3
"""Keeps a RabbitMQ for a test that is not in Python: prints its URL, and stops it
when its input ends, whatever ends it."""

import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "e2e"))

from rabbitmq import RabbitMq  # noqa: E402

if __name__ == "__main__":
    with RabbitMq() as broker:
        print(broker.url, flush=True)
        sys.stdin.read()

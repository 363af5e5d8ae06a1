"""What tests with a broker share: one RabbitMQ per test file, PostgreSQL as the
record, executors that listen to the broker."""

import os
import unittest

import amqp
from amqp.exceptions import NotFound
from support import EndToEndTest, postgres, rabbitmq
from test_health import ServedExecutor

# Tests that kill or reconfigure a broker pass on a quiet machine and have failed
# on a busy one, where links run into their timeouts while RabbitMQ recovers.
needs_quiet = unittest.skipUnless(
    os.environ.get("WINDLASS_TEST_BROKER_FAULTS"),
    "kills brokers; set WINDLASS_TEST_BROKER_FAULTS=1 on a quiet machine")

HINTS = "windlass.hints.v1"
DEAD_HINTS = "windlass.dlq.v1.hints"


class BrokerTest(EndToEndTest):

    def setUp(self):
        super().setUp()
        if self.store is None:
            self.store = postgres().create_database()
            self.addCleanup(postgres().drop_database, self.store)
        self.broker = rabbitmq()
        self.url = self.broker.url

    def environment(self, extra=None):
        chosen = {**super().environment(), "WINDLASS_BROKER": self.url, **(extra or {})}
        return {name: value for name, value in chosen.items() if value is not None}

    def listener(self, *arguments, state="connected", env=None, ttl="10s"):
        """An executor that hears hints, once it does."""
        executor = ServedExecutor(
            self, "--source", "rabbitmq", "--health-listen", "127.0.0.1:0", *arguments,
            env=env, ttl=ttl)
        self.wait_for_broker(executor, state)
        return executor

    def wait_for_broker(self, executor, state):
        self.wait_until(lambda: f"broker: {state}" in executor.get("/readyz")[2],
                        f"its broker is {state}")

    def metric(self, executor, name):
        """The value of a sample, as `name` or `name{label="value"}`; 0 without."""
        for line in executor.get("/metrics")[2].splitlines():
            if line.startswith(name + " "):
                return float(line.rsplit(" ", 1)[1])
        return 0.0

    def wait_for_metric(self, executor, name, least=1):
        return self.wait_until(lambda: self.metric(executor, name) >= least,
                               f"{name} is at least {least}")

    def hears_hints(self, executor):
        """What is submitted comes to it by a hint. A poll may be quicker."""
        before = self.metric(executor, "windlass_hinted_tasks_total")
        self.write("heard.yaml", "{windlass: 1, name: heard, tasks: {a: {type: noop}}}")

        def heard():
            self.windlass("submit", "heard.yaml", code=0)
            return self.metric(executor, "windlass_hinted_tasks_total") > before
        self.wait_until(heard, "a task is claimed after a hint")

    def counted_runs(self, count, extra=""):
        """Submits runs that leave a line each; run_once() checks them."""
        command = "echo ran >> ran.txt"
        self.write("counted.yaml", f"""
            windlass: 1
            name: counted
            tasks: {{a: {{type: shell, {extra} params: {{command: "{command}"}}}}}}
            """)
        self.windlass("submit", "counted.yaml", "--count", count, code=0)

    def wait_for_all(self, count):
        """Every run ends well, and every task has run once."""
        def ended():
            listed = self.windlass("list", "--state", "succeeded", "--limit", count + 10,
                                   "--output", "json", code=0).json()["runs"]
            return len(listed) >= count
        self.wait_until(ended, f"{count} runs succeed", deadline=120)
        self.assertEqual(len(self.read("ran.txt").splitlines()), count)

    def hint(self, queue="default", at="2026-01-01T00:00:00Z"):
        return f'{{"v":1,"queue":"{queue}","at":"{at}"}}'

    def publish(self, channel, body, exchange="windlass.dispatch", key="default", **properties):
        channel.basic_publish(amqp.Message(body, **properties), exchange, key)

    def depth(self, queue):
        """Messages in a queue; None when there is no such queue."""
        with self.broker.channel() as channel:
            try:
                return channel.queue_declare(queue, passive=True).message_count
            except NotFound:
                return None


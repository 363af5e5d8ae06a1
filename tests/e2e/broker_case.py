"""What tests with a broker share: one RabbitMQ per test file, PostgreSQL as the
record, executors that listen to the broker."""

import secrets
from urllib.parse import urlsplit

import amqp
from amqp.exceptions import NotFound
from fault_proxy import FaultProxy
from support import EndToEndTest, postgres, rabbitmq
from test_health import ServedExecutor

# On a busy machine a broker that recovers needs a minute for what it does in a
# second otherwise.
PATIENCE = 180.0

HINTS = "windlass.hints.v2"
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

    def wait_until(self, fact, what, deadline=PATIENCE):
        return super().wait_until(fact, what, deadline)

    def wait_until_kept(self):
        """From then on the broker may be killed and loses no message: all quorum
        queues that there are have been written down, as the last of them has."""
        last = f"kept.{secrets.token_hex(4)}"
        with self.broker.channel() as channel:
            channel.queue_declare(last, durable=True, auto_delete=False,
                                  arguments={"x-queue-type": "quorum"})
            self.wait_until(lambda: self.broker.is_kept(last), "its queues are written down")
            channel.queue_delete(last)

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

    def proxied_store(self):
        """The way to the store, to be broken; see store_at()."""
        return FaultProxy(urlsplit(self.store).port)

    def store_at(self, port):
        return self.store.replace(f":{urlsplit(self.store).port}/", f":{port}/")

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
        self.wait_until(ended, f"{count} runs succeed")
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


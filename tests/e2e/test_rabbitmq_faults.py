"""Whatever the broker does, only latency suffers."""

import pathlib
import shutil
import subprocess
import tempfile
import time
import unittest

import amqp
from broker_case import DEAD_HINTS, HINTS, BrokerTest, needs_quiet
from fault_proxy import DOWN, FaultProxy
from postgres import free_port
from rabbitmq import RabbitMq

NOOP = "{windlass: 1, name: noop, tasks: {a: {type: noop}}}"


@needs_quiet
class BrokerFaultsTest(BrokerTest):

    def tearDown(self):
        # Executors first: they would declare again what is deleted.
        self.stop_all()
        with self.broker.channel() as channel:
            channel.queue_delete(HINTS)

    def declared_otherwise(self, **arguments):
        """The queue of hints exists before we do, and not as ours."""
        with self.broker.channel() as channel:
            channel.queue_delete(HINTS)
            channel.queue_declare(HINTS, durable=True, auto_delete=False,
                                  arguments=arguments)

    def runs_well(self):
        self.assertEqual(self.wait_for_end(self.submit(NOOP))["state"], "succeeded")

    def test_executors_start_without_a_broker_and_join_it_later(self):  # B1
        port = free_port()
        self.url = self.broker.url_at(port)
        executor = self.listener(state="disconnected")
        self.runs_well()
        with FaultProxy(self.broker.port) as proxy:  # The broker comes up.
            proxy.refuse()
            proxy.port = port
            proxy.accept()
            self.wait_for_broker(executor, "connected")
            self.runs_well()
        told = [line["state"] for line in executor.lines("broker")]
        self.assertEqual(told[:2], ["disconnected", "connected"])

    def test_a_killed_broker_loses_and_doubles_nothing(self):  # B2, B3
        first, second = self.listener(), self.listener()
        self.counted_runs(150)
        self.broker.kill()
        self.wait_for_broker(first, "disconnected")
        self.counted_runs(50)
        self.wait_for_all(200)
        self.broker.restart()
        self.wait_for_broker(first, "connected")
        self.wait_for_broker(second, "connected")
        self.runs_well()
        self.hears_hints(first)

    def test_a_broker_that_hangs_is_given_up_and_taken_back(self):  # B4
        self.url = self.broker.url_at(self.broker.port, "?heartbeat=1")
        executor = self.listener()
        self.broker.pause()
        try:
            self.wait_for_broker(executor, "disconnected")
            self.counted_runs(5)
            self.wait_for_all(5)
        finally:
            self.broker.resume()
        self.wait_for_broker(executor, "connected")
        self.runs_well()

    def test_a_black_hole_is_noticed_and_left(self):  # B6, B19
        with FaultProxy(self.broker.port) as proxy:
            self.url = self.broker.url_at(proxy.port, "?heartbeat=1&connection_timeout=1000")
            executor = self.listener()
            proxy.stall()
            self.wait_for_broker(executor, "disconnected")
            self.counted_runs(5)  # Over the black hole, too.
            self.wait_for_all(5)
            proxy.resume()
            self.wait_for_broker(executor, "connected")
            for _ in range(3):
                proxy.reset()
                self.runs_well()
            proxy.cut_after(60, DOWN)  # Inside of a frame.
            self.runs_well()
            self.wait_for_broker(executor, "connected")

    def test_a_deleted_queue_is_declared_again(self):  # B7
        executor = self.listener()
        with self.broker.channel() as channel:
            channel.queue_delete(HINTS)
        self.wait_until(lambda: self.depth(HINTS) is not None, "the queue is back")
        self.hears_hints(executor)

    def test_a_queue_that_is_not_as_ours_is_used_and_reported(self):  # B8
        self.declared_otherwise()
        executor = self.listener()
        self.assertEqual(self.metric(executor, "windlass_broker_topology_drift"), 1)
        self.hears_hints(executor)
        self.assertRegex(self.windlass("doctor", code=0).stdout,
                         r"warning +queues of the broker")

    def test_a_deleted_exchange_is_declared_again(self):  # B9
        executor = self.listener()
        with self.broker.channel() as channel:
            channel.exchange_delete("windlass.dispatch")
        self.runs_well()
        self.hears_hints(executor)

    def test_purged_hints_are_not_missed(self):  # B10
        executor = self.listener()
        self.counted_runs(100)
        with self.broker.channel() as channel:
            channel.queue_purge(HINTS)
        self.wait_for_all(100)
        self.assertIsNone(executor.process.poll())

    def test_stale_doubled_and_unreadable_hints_do_no_harm(self):  # B11, B12, B22
        executor = self.listener("--slots", "2")
        self.counted_runs(50)
        dead = self.depth(DEAD_HINTS)
        garbage = ["", "garbage", "[1]", '{"v":2,"queue":"default"}', '{"v":1,"queue":7}',
                   "x" * 20_000_000, '{"v":1,"queue":"x","at":"yesterday"}']
        with self.broker.channel() as channel:
            for _ in range(300):
                self.publish(channel, self.hint())
                self.publish(channel, self.hint("' or 1=1; --"), key="gone")
            for body in garbage:
                self.publish(channel, body)
        self.wait_for_all(50)
        self.wait_for_metric(executor, "windlass_hints_total{event=\"malformed\"}", len(garbage))
        self.wait_until(lambda: self.depth(DEAD_HINTS) >= dead + len(garbage),
                        "what nobody can read is in the dead-letter queue")
        self.runs_well()
        self.assertIsNone(executor.process.poll())
        with self.broker.channel() as channel:  # And with nowhere to put them.
            channel.exchange_delete("windlass.dlx")
            self.publish(channel, "garbage")
        self.wait_for_metric(executor, "windlass_hints_total{event=\"malformed\"}",
                             len(garbage) + 1)
        self.runs_well()

    def test_a_full_queue_is_no_trouble(self):  # B18
        self.declared_otherwise(**{"x-max-length": 1, "x-overflow": "reject-publish"})
        with self.broker.channel() as channel:
            for _ in range(5):
                channel.basic_publish(amqp.Message("x"), "", HINTS)
        executor = self.listener("--queue", "default")
        self.counted_runs(40)
        self.wait_for_all(40)
        self.wait_for_metric(executor, "windlass_hints_total{event=\"rejected\"}")

    def test_a_killed_listener_loses_no_task(self):  # B15
        for _ in range(3):
            executor = self.listener(ttl="3s")
            self.counted_runs(20)
            executor.process.kill()
            executor.process.wait()
        self.listener()

        def ended():
            listed = self.windlass("list", "--state", "succeeded", "--limit", "100",
                                   "--output", "json", code=0).json()["runs"]
            return len(listed) == 60
        self.wait_until(ended, "all runs succeed")

    def test_a_memory_alarm_stops_hints_and_nothing_else(self):  # B5
        executor = self.listener("--slots", "1")  # Leaves some, and tells so.
        self.broker.control("set_vm_memory_high_watermark", "0.0001")
        try:
            self.counted_runs(20)
            self.wait_for_all(20)
            self.wait_for_metric(executor, "windlass_broker_blocked{link=\"publishing\"}")
        finally:
            self.broker.control("set_vm_memory_high_watermark", "absolute", "1GB")
        self.wait_until(
            lambda: self.metric(executor, "windlass_broker_blocked{link=\"publishing\"}") == 0,
            "the broker takes hints again")
        self.runs_well()


@needs_quiet
class OwnBrokerTest(BrokerTest):
    """A broker that closes channels over deliveries that are held for long, and
    that speaks TLS."""

    @classmethod
    def setUpClass(cls):
        cls.certificates = pathlib.Path(tempfile.mkdtemp(prefix="windlass-tls-"))
        cls.addClassCleanup(shutil.rmtree, cls.certificates)
        cls.certificates.chmod(0o755)
        for name in ("server", "other"):
            make_certificate(cls.certificates, name)
        cls.tls_port = free_port()
        cls.own = RabbitMq(
            ["consumer_timeout = 4000",
             f"listeners.ssl.1 = 127.0.0.1:{cls.tls_port}",
             f"ssl_options.cacertfile = {cls.certificates}/server.pem",
             f"ssl_options.certfile = {cls.certificates}/server.pem",
             f"ssl_options.keyfile = {cls.certificates}/server.key"],
            "[{rabbit, [{channel_tick_interval, 1000}]}].")
        cls.own.start()
        cls.addClassCleanup(cls.own.close)

    def setUp(self):
        super().setUp()
        self.broker = self.own
        self.url = self.own.url

    def tls_url(self, authority, host="localhost"):
        return (f"amqps://guest:guest@{host}:{self.tls_port}"
                f"?cacertfile={self.certificates}/{authority}.pem")

    def test_tls_is_used_and_certificates_are_checked(self):
        self.url = self.tls_url("server")
        executor = self.listener()
        self.hears_hints(executor)
        for url, why in [(self.tls_url("other"), "cert verification failed"),
                         (self.tls_url("server", host="127.0.0.1"), "hostname"),
                         (self.tls_url("none"), "not a readable PEM file")]:
            found = self.windlass("doctor", env={"WINDLASS_BROKER": url}, code=0).stdout
            self.assertRegex(found, rf"warning +broker .*{why}")

    def test_a_saturated_executor_holds_no_hint(self):  # B13, B14
        executor = self.listener("--slots", "1")
        self.submit("""
            windlass: 1
            name: held
            tasks: {a: {type: shell, params: {command: "touch begun; until [ -e go ]; do sleep 0.02; done"}}}
            """)
        self.wait_for_file("begun")
        with self.broker.channel() as channel:
            for _ in range(100):
                self.publish(channel, self.hint())
        ends = time.monotonic() + 7  # Longer than the broker's patience.
        self.wait_until(lambda: time.monotonic() > ends, "the broker has lost patience")
        self.assertNotIn("timed out", self.broker.log)
        self.assertEqual(self.metric(executor, "windlass_broker_connects_total{link=\"consuming\"}"), 1)
        self.write("go", "")


def make_certificate(folder, name):
    """Of localhost, and its own authority."""
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2",
         "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost",
         "-keyout", folder / f"{name}.key", "-out", folder / f"{name}.pem"],
        check=True, capture_output=True)
    (folder / f"{name}.key").chmod(0o644)


if __name__ == "__main__":
    unittest.main()

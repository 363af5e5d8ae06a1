"""Whatever the broker does, only latency suffers."""

import contextlib
import os
import pathlib
import shutil
import socketserver
import ssl
import subprocess
import tempfile
import threading
import time
import unittest

import amqp
from broker_case import DEAD_HINTS, HINTS, PATIENCE, BrokerTest
from fault_proxy import DOWN, UP, FaultProxy
from postgres import free_port
from rabbitmq import RabbitMq

RECEIVED = "windlass_hints_total{event=\"received\"}"
NOOP = "{windlass: 1, name: noop, tasks: {a: {type: noop}}}"


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

    def consumers(self, queue):
        with self.broker.channel() as channel:
            return channel.queue_declare(queue, passive=True).consumer_count

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
        told = executor.lines("broker")
        self.assertEqual([line["state"] for line in told[:2]], ["disconnected", "connected"])
        self.assertIn(f"connect 127.0.0.1:{port}", told[0]["reason"])

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

    def test_a_broker_that_dies_on_new_queues_comes_back(self):  # B3
        executor = self.listener()  # Declares them,
        self.broker.kill()          # which the broker may forget or halve.
        self.counted_runs(5)
        self.wait_for_all(5)
        self.broker.restart()
        self.wait_for_broker(executor, "connected")
        self.hears_hints(executor)

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

    def test_two_seconds_of_latency_only_delay_hints(self):  # B19
        with FaultProxy(self.broker.port) as proxy:
            far = self.broker.url_at(proxy.port)
            executor = self.listener(env={"WINDLASS_BROKER": far})
            self.hears_hints(executor)
            proxy.delay(1)
            received = self.metric(executor, RECEIVED)
            self.counted_runs(5)
            self.wait_for_all(5)
            self.wait_for_metric(executor, RECEIVED, received + 1)
            self.assertEqual(
                self.metric(executor, "windlass_broker_connects_total{link=\"consuming\"}"), 1)
            # Too far to log in within five seconds, and told so.
            late = self.listener(state="disconnected", env={"WINDLASS_BROKER": far})
            self.runs_well()
            self.assertIn("timed out", late.lines("broker")[0]["reason"])

    def test_hints_that_go_nowhere_are_given_up(self):  # B6
        with FaultProxy(self.broker.port) as proxy:
            self.url = self.broker.url_at(proxy.port)
            executor = self.listener("--slots", "1")  # Leaves some, and tells so.
            self.counted_runs(5)
            self.wait_for_metric(executor, "windlass_broker_connected{link=\"publishing\"}")
            proxy.stall(UP)  # And the broker does not say that it is blocked.
            self.counted_runs(20)
            self.wait_for_metric(executor, "windlass_hints_total{event=\"dropped\"}")
            self.wait_for_all(25)
            proxy.resume()
        self.assertIsNone(executor.process.poll())

    def test_reconnects_leave_nothing_open(self):  # B19, B20
        with FaultProxy(self.broker.port) as proxy:
            self.url = self.broker.url_at(proxy.port)
            executor = self.listener()
            self.hears_hints(executor)
            before = open_files(executor)
            proxy.delay(0.02)
            for connects in range(2, 6):
                proxy.reset()
                self.wait_for_metric(
                    executor, "windlass_broker_connects_total{link=\"consuming\"}", connects)
            proxy.delay(0)  # Else polls are always quicker than hints.
            self.hears_hints(executor)
            self.assertLessEqual(open_files(executor), before + 2)  # Other pools may grow.
            self.wait_until(lambda: self.consumers(HINTS) == 1, "one consumer is left")

    def test_a_hint_of_a_lost_connection_is_not_acknowledged_on_the_next(self):  # B16
        with FaultProxy(self.broker.port) as proxy, self.proxied_store() as store:
            self.url = self.broker.url_at(proxy.port)
            executor = self.listener(env={"WINDLASS_STORE": self.store_at(store.port)}, ttl="60s")
            self.hears_hints(executor)
            store.delay(0.3)  # Claims are decided
            for connects in range(2, 6):
                received = self.metric(executor, RECEIVED)
                with self.broker.channel() as channel:
                    for _ in range(3):
                        self.publish(channel, self.hint())
                self.wait_for_metric(executor, RECEIVED, received + 1)
                proxy.reset()  # when the hints are another connection's.
                self.wait_for_metric(
                    executor, "windlass_broker_connects_total{link=\"consuming\"}", connects)
            store.delay(0)
            self.hears_hints(executor)
        self.assertNotIn("unknown delivery tag", self.broker.log)

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
        executor = self.listener("--queue", "default", "--slots", "1")
        with self.broker.channel() as channel:
            channel.queue_bind(HINTS, "windlass.dispatch", "#")  # And nobody listens.
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
            ["consumer_timeout = 3000",
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
        run = self.submit("""
            windlass: 1
            name: held
            tasks: {a: {type: shell, params: {command: "touch begun; until [ -e go ]; do sleep 0.02; done"}}}
            """)
        self.wait_for_file("begun")
        with self.broker.channel() as channel:
            for _ in range(100):
                self.publish(channel, self.hint())
        ends = time.monotonic() + 6  # Longer than the broker's patience.
        self.wait_until(lambda: time.monotonic() > ends, "the broker has lost patience")
        self.assertNotIn("timed out", self.broker.log)
        self.assertEqual(self.metric(executor, "windlass_broker_connects_total{link=\"consuming\"}"), 1)
        self.write("go", "")
        self.assertEqual(self.task(self.wait_for_end(run), "a")["attempt"], 1)

    def comes_to_others(self, executor, patience=15):
        """Whether a hint that the executor has had comes to the next who listens."""
        ends = time.monotonic() + patience
        received = self.metric(executor, RECEIVED)
        with self.broker.channel(confirm_publish=True) as channel:
            self.publish(channel, self.hint())
            while self.metric(executor, RECEIVED) <= received:
                if time.monotonic() > ends:
                    return False
            others = []
            channel.basic_consume(HINTS, callback=others.append, no_ack=True)
            while not any(hint.delivery_info["redelivered"] for hint in others):
                try:
                    channel.connection.drain_events(timeout=max(0.01, ends - time.monotonic()))
                except TimeoutError:
                    return False
        return True

    def test_hints_of_a_closed_channel_go_to_others_at_once(self):  # B17
        with self.proxied_store() as store:
            executor = self.listener(env={"WINDLASS_STORE": self.store_at(store.port)}, ttl="60s")
            self.hears_hints(executor)

            # It may be between two claims, and gives the hint back by itself, or
            # have lost its connection to the store, and takes no hint: again.
            def handed_on_by_the_broker():
                store.stall(DOWN)  # Claims take longer than the broker's patience.
                came = self.comes_to_others(executor)
                store.resume()
                self.hears_hints(executor)
                return came and "timed out" in self.broker.log
            self.wait_until(handed_on_by_the_broker, "the broker takes it and gives it to others")
        self.assertEqual(
            self.metric(executor, "windlass_broker_connects_total{link=\"consuming\"}"), 1)

    def test_whoever_is_not_let_in_is_told_why_and_polls(self):  # B21
        self.own.control("add_user", "reader", "reader")
        self.own.control("set_permissions", "reader", "^$", "^$", ".*")
        reader = self.url.replace("guest:guest", "reader:reader")
        with self.expired() as port:
            for url, why in [(reader, "ACCESS_REFUSED.*windlass.dispatch"),
                             (self.url + "/nowhere", "vhost nowhere not found"),
                             (f"amqps://guest:guest@localhost:{port}"
                              f"?cacertfile={self.certificates}/expired.pem", "verification")]:
                executor = self.listener(state="disconnected", env={"WINDLASS_BROKER": url})
                self.assertRegex(executor.lines("broker")[0]["reason"], why)
                run = self.submit("{windlass: 1, name: noop, tasks: {a: {type: noop}}}")
                self.assertEqual(self.wait_for_end(run)["state"], "succeeded")
                self.assertEqual(executor.stop(), 0)

    @contextlib.contextmanager
    def expired(self):
        """A TLS server whose certificate was good until yesterday; its port."""
        good, key, expired = (self.certificates / name
                              for name in ("server.pem", "server.key", "expired.pem"))
        subprocess.run(["openssl", "x509", "-in", good, "-signkey", key, "-days", "-1",
                        "-out", expired], check=True, capture_output=True)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(expired, key)

        class Greeting(socketserver.BaseRequestHandler):
            def handle(self):
                with contextlib.suppress(OSError), context.wrap_socket(
                        self.request, server_side=True, do_handshake_on_connect=False) as tls:
                    tls.do_handshake()

        with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Greeting) as server:
            threading.Thread(target=server.serve_forever, daemon=True).start()
            yield server.server_address[1]
            server.shutdown()


def open_files(executor):
    return len(os.listdir(f"/proc/{executor.process.pid}/fd"))


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

"""RabbitMQ tells executors of work; PostgreSQL knows what work there is."""

import unittest

from broker_case import BrokerTest

HELD = """
    windlass: 1
    name: held
    tasks: {a: {type: shell, params: {command: "touch begun; until [ -e go ]; do sleep 0.02; done"}}}
    """
NUDGED = "windlass_hints_total{event=\"nudged\"}"
NOOP = "{windlass: 1, name: noop, tasks: {a: {type: noop}}}"


class RabbitMqTest(BrokerTest):

    def test_a_submit_is_heard_by_an_executor(self):
        executor = self.listener()
        self.hears_hints(executor)
        self.assertEqual(self.metric(executor, "windlass_broker_state"), 2)
        self.assertEqual(self.metric(executor, "windlass_broker_topology_drift"), 0)
        self.assertIn("windlass_hint_age_seconds", executor.get("/metrics")[2])

    def test_a_queue_of_its_own_has_hints_of_its_own(self):
        self.listener("--queue", "reports.eu")
        self.listener("--queue", "other")
        run = self.submit(
            "{windlass: 1, name: r, tasks: {a: {type: noop, queue: reports.eu},"
            " b: {type: noop, queue: other, depends_on: [a]}}}")
        self.assertEqual(self.wait_for_end(run)["state"], "succeeded")

    def test_every_task_of_a_bulk_runs_once_on_three_executors(self):
        for _ in range(3):
            self.listener("--slots", "2")
        self.counted_runs(60)
        self.wait_for_all(60)

    def test_a_saturated_executor_leaves_hints_to_others(self):
        busy = self.listener("--slots", "1")
        held = self.submit(HELD)
        self.wait_for_file("begun")
        self.listener("--slots", "1")
        for _ in range(5):
            self.wait_for_end(self.submit(NOOP, name="noop.yaml"))
        self.write("go", "")
        self.wait_for_end(held)
        self.assertEqual(self.metric(busy, "windlass_hints_total{event=\"malformed\"}"), 0)

    def test_schedules_retries_and_resumed_queues_are_found(self):
        self.listener()
        run = self.submit("""
            windlass: 1
            name: again
            tasks:
              a:
                type: shell
                params: {command: "test -e once || { touch once; exit 1; }"}
                retry_policy: {maximum_attempts: 2, initial_interval: 100ms}
            """)
        self.assertEqual(self.wait_for_end(run)["state"], "succeeded")
        self.windlass("queues", "pause", "default", code=0)
        run = self.submit(NOOP)
        self.windlass("queues", "resume", "default", code=0)
        self.assertEqual(self.wait_for_end(run)["state"], "succeeded")

    def test_hints_of_a_drained_executor_go_to_others(self):
        first = self.listener("--name", "first")
        self.windlass("executors", "drain", "first", code=0)
        self.assertEqual(self.wait_for_exit(first.process), 0)
        run = self.submit(NOOP)
        self.listener("--name", "second")
        self.assertEqual(self.wait_for_end(run)["state"], "succeeded")

    def test_cancels_and_drains_nudge_executors(self):
        executor = self.listener("--name", "held")
        run = self.submit(HELD)
        self.wait_for_file("begun")
        before = self.metric(executor, NUDGED)
        self.windlass("cancel", run, code=0)
        self.wait_for_metric(executor, NUDGED, before + 1)
        self.assertEqual(self.wait_for_end(run)["state"], "cancelled")
        before = self.metric(executor, NUDGED)
        (self.folder / "begun").unlink()
        self.submit(HELD)  # Keeps it, so that the drain can be seen.
        self.wait_for_file("begun")
        self.windlass("executors", "drain", "held", code=0)
        self.wait_for_metric(executor, NUDGED, before + 1)
        self.write("go", "")
        self.assertEqual(self.wait_for_exit(executor.process), 0)

    def test_a_lost_nudge_loses_no_command(self):
        executor = self.listener()
        with self.broker.channel() as channel:
            channel.exchange_delete("windlass.control")
        run = self.submit(HELD)
        self.wait_for_file("begun")
        self.windlass("cancel", run, code=0, env={"WINDLASS_BROKER": None})
        self.assertEqual(self.wait_for_end(run)["state"], "cancelled")
        self.assertEqual(self.metric(executor, NUDGED), 0)

    def test_claims_tell_hints_from_polls(self):
        executor = self.listener()
        self.hears_hints(executor)
        self.assertGreaterEqual(
            self.metric(executor, "windlass_claims_total{source=\"hint\"}"), 1)
        self.assertEqual(self.metric(executor, "windlass_hinted_tasks_total"),
                         self.metric(executor, "windlass_claims_total{source=\"hint\"}"))

    def test_secrets_of_the_broker_are_neither_logged_nor_shown(self):
        (self.folder / "broker-url").write_text(self.url.replace("guest:guest", "guest:s3cret"))
        executor = self.listener(
            state="disconnected",
            env={"WINDLASS_BROKER": None, "WINDLASS_BROKER_FILE": "broker-url"})
        diagnostics = executor.get("/diagnostics")[2]
        self.assertIn("ACCESS_REFUSED", diagnostics)
        self.assertNotIn("s3cret", diagnostics + executor.stderr.read_text())
        # And it works without.
        self.assertEqual(self.wait_for_end(self.submit(NOOP))["state"], "succeeded")

    def test_doctor_looks_at_the_broker(self):
        found = self.windlass("doctor", code=0).stdout
        self.assertRegex(found, r"ok +broker +RabbitMQ 3")
        for url, word in [(self.broker.url_at(self.broker.port, "/nowhere"), "nowhere"),
                          (self.broker.url_at(1), "connect 127.0.0.1:1")]:
            found = self.windlass("doctor", env={"WINDLASS_BROKER": url}, code=0).stdout
            self.assertRegex(found, rf"warning +broker .*{word}")

    def test_a_broker_must_be_named_as_one(self):
        for arguments in [("executor", "--source", "rabbitmq", "--broker", ""),
                          ("list", "--broker", "http://host"),
                          ("list", "--broker", "amqp://user:s3cret@host:port")]:
            failed = self.windlass(*arguments, code=2)
            self.assertIn("amqp://", failed.stderr)
            self.assertNotIn("s3cret", failed.stderr)


if __name__ == "__main__":
    unittest.main()

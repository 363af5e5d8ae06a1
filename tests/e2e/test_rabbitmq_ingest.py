"""Programs that are not ours publish work; it runs exactly once."""

import json
import pathlib
import subprocess
import unittest

from broker_case import BrokerTest

AMQPLIB = pathlib.Path(__file__).parent / "amqplib"
EXCHANGE = "windlass.ingest"
DEAD = "windlass.dlq.v1.ingest"
TASK = {"task": {"type": "shell", "params": {"command": "echo ran >> ran.txt"}}, "name": "greet"}


class IngestTest(BrokerTest):

    def setUp(self):
        super().setUp()
        self.executor = self.listener("--ingest")
        self.wait_for_metric(self.executor, "windlass_broker_connected{link=\"ingest\"}")
        self.wait_until(lambda: self.depth("windlass.ingest.v1") is not None, "it is declared")

    def publish_work(self, body, message_id, **properties):
        with self.broker.channel() as channel:
            self.publish(channel, body if isinstance(body, str) else json.dumps(body),
                         EXCHANGE, "", message_id=message_id, **properties)

    def refused(self, count=1):
        """Messages of the dead-letter queue: body and reason."""
        self.wait_for_metric(self.executor, "windlass_ingested_total{outcome=\"refused\"}", count)
        found = []
        with self.broker.channel() as channel:
            def take():
                message = channel.basic_get(DEAD, no_ack=True)
                if message is not None:
                    found.append((as_text(message.body), message.headers["windlass-reason"]))
                return len(found) >= count
            self.wait_until(take, "what was refused is in the dead-letter queue")
        return found

    def test_a_task_that_a_foreign_program_publishes_twice_runs_once(self):
        for _ in range(2):
            self.broker.publish(json.dumps(TASK), "--exchange", EXCHANGE,
                                "--header", "windlass-message-id: order-1")
        self.wait_for_metric(self.executor, "windlass_ingested_total{outcome=\"duplicate\"}")
        self.wait_for_all(1)

    @unittest.skipUnless((AMQPLIB / "node_modules").exists(), "amqplib is not installed: npm ci")
    def test_what_amqplib_publishes_runs_once_however_often_it_comes(self):
        messages = "".join(json.dumps(TASK) + "\n" for _ in range(5))
        for _ in range(2):
            subprocess.run(["node", "publish.mjs", self.url, EXCHANGE, "order"], cwd=AMQPLIB,
                           input=messages, text=True, check=True, timeout=60)
        self.wait_for_metric(self.executor, "windlass_ingested_total{outcome=\"duplicate\"}", 5)
        self.wait_for_all(5)

    def test_a_workflow_comes_with_params_and_labels(self):
        workflow = """
            windlass: 1
            name: published
            params: {who: {type: string}}
            tasks: {a: {type: shell, params: {command: "echo ${{ params.who }} > who.txt"}}}
            """
        self.publish_work({"workflow": workflow, "params": {"who": "Ada"}}, "w1")
        self.wait_for_file("who.txt")
        self.wait_until(lambda: self.read("who.txt") == "Ada\n", "it was given its params")
        document = {"windlass": 1, "name": "object", "tasks": {"a": TASK["task"]}}
        self.publish_work({"workflow": document, "labels": {"from": "test"}}, "w2")
        self.wait_for_file("ran.txt")

    def test_a_message_says_of_which_trace_its_run_is_part(self):
        parent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
        say = {"type": "shell", "params": {"command": "echo $TRACEPARENT $TRACESTATE > said.txt"}}
        self.publish_work({"task": say}, "t1", application_headers={
            "traceparent": parent, "tracestate": "vendor=1"})
        self.wait_for_file("said.txt")
        self.wait_until(lambda: self.read("said.txt") == f"{parent} vendor=1\n",
                        "it was given the trace of its message")

    def test_what_is_no_work_is_refused_with_the_reason(self):
        bad = [("not json", "1", "1:"),
               ("[]", "2", "expected a JSON object"),
               ("{}", "3", "either a workflow or a task"),
               ('{"task": {"type": "shel"}}', "4", "shel"),
               ('{"task": {"type": "noop"}, "nmae": "x"}', "5", "nmae"),
               ('{"task": {"type": "noop"}, "params": {"x": 1}}', "6", "x"),
               (json.dumps(TASK), None, "message_id")]
        for body, message_id, _ in bad:
            with self.broker.channel() as channel:
                properties = {} if message_id is None else {"message_id": message_id}
                self.publish(channel, body, EXCHANGE, "", **properties)
        found = self.refused(len(bad))
        for (body, _, why), (refused, reason) in zip(bad, found):
            self.assertEqual(refused, body)
            self.assertIn(why, reason)
        self.publish_work(TASK, "good")  # It goes on.
        self.wait_for_all(1)

    def test_nothing_is_lost_when_the_broker_and_the_executor_are_killed(self):
        other = self.listener("--ingest", ttl="3s")
        self.wait_until_kept()
        # What the broker has not confirmed it may lose when it is killed.
        with self.broker.channel(confirm_publish=True) as channel:
            for i in range(40):
                self.publish(channel, json.dumps(
                    {"task": {"type": "noop"}, "name": f"n{i}"}), EXCHANGE, "",
                    message_id=f"k{i}", delivery_mode=2)
        other.process.kill()
        other.process.wait()
        self.broker.restart()

        def ended():
            listed = self.windlass("list", "--state", "succeeded", "--limit", "100",
                                   "--output", "json", code=0).json()["runs"]
            return len(listed) >= 40
        self.wait_until(ended, "all are run")
        listed = self.windlass("list", "--limit", "100", "--output", "json", code=0).json()["runs"]
        self.assertEqual(sorted(run["workflow"] for run in listed),
                         sorted(f"n{i}" for i in range(40)))


def as_text(body):
    """py-amqp decodes what says that it is text."""
    return body.decode() if isinstance(body, bytes) else body


if __name__ == "__main__":
    unittest.main()

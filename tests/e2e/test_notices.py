"""Operators are told of failures, whoever dies meanwhile."""

import json
import re
import signal
import unittest

from support import EndToEndTest
from webhook import Receiver, sign

SECRET = "whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY="
FAILING = """
    windlass: 1
    name: failing
    tasks: {a: {type: shell, params: {command: exit 3}}}
    """


class NoticesTest(EndToEndTest):
    def setUp(self):
        super().setUp()
        self.receiver = Receiver(status=200)
        self.addCleanup(self.receiver.close)

    def told(self, event=None):
        """The notices that came, or those of an event."""
        return [notice for _, body in list(self.receiver.messages)
                for notice in json.loads(body)["notices"] if event in (None, notice["event"])]

    def serve(self, *arguments, env=None):
        """Its process and its log."""
        log = self.folder / f"server-{len(self.started)}"
        with open(log, "w") as stderr:
            server = self.start("server", "--listen", "127.0.0.1:0", *arguments, stderr=stderr, env=env)
        self.wait_until(lambda: "started" in log.read_text(), "the server has started")
        return server, log

    def serve_with_webhook(self, *arguments):
        return self.serve("--notify-url", f"{self.receiver.url}/hook?key=hidden", *arguments,
                          env={"WINDLASS_NOTIFY_SECRET": SECRET})

    def fail_a_run(self):
        run = self.submit(FAILING)
        self.windlass("executor", "--exit-when-idle", code=0)
        self.assertEqual(self.show(run)["state"], "failed")
        return run

    def test_a_failure_is_posted_and_signed(self):
        _, log = self.serve_with_webhook("--public-url", "https://windlass.example.org/")
        run = self.fail_a_run()
        self.wait_until_told([run])
        headers, body = self.receiver.messages[0]
        self.assertEqual(headers["Content-Type"], "application/json")
        self.assertEqual(headers["webhook-signature"],
                         sign(SECRET, headers["webhook-id"], headers["webhook-timestamp"], body))
        failed = self.told("run_failed")[0]
        self.assertEqual(failed["run_id"], run)
        self.assertEqual(failed["workflow"], "failing")
        self.assertEqual(failed["failed_tasks"], ["a"])
        self.assertEqual(failed["url"], f"https://windlass.example.org/#/runs/{run}")
        letter = self.told("dead_letter")[0]
        self.assertEqual((letter["task"], letter["attempts"]), ("a", 1))
        self.assertIn("exit code 3", letter["error"]["message"])
        self.assertIn(f"run {run} of failing failed: a", json.loads(body)["text"])
        self.assertNotIn(SECRET, log.read_text())

    def wait_until_told(self, runs):
        def told():
            return set(runs) <= {notice["run_id"] for notice in self.told("run_failed")}
        self.wait_until(told, "all are told")

    def test_what_was_not_taken_is_sent_again_by_whoever_is_there(self):
        first, log = self.serve_with_webhook()
        self.receiver.status = 503
        run = self.fail_a_run()
        self.wait_until(lambda: self.receiver.refused, "it is refused")
        self.wait_until(lambda: "were not taken" in log.read_text(), "that is logged")
        self.assertIn("answered 503", log.read_text())
        self.assertNotIn("hidden", log.read_text())
        first.send_signal(signal.SIGKILL)
        first.wait()
        self.receiver.status = 200
        self.serve_with_webhook()
        self.wait_until_told([run])

    def test_of_many_servers_one_tells(self):
        for _ in range(3):
            self.serve_with_webhook()
        self.wait_until_told({self.fail_a_run() for _ in range(5)})
        told = [notice["id"] for notice in self.told()]
        self.assertEqual(len(told), len(set(told)), told)

    def test_an_executor_that_is_killed_is_told_of(self):
        self.serve_with_webhook("--notify-on", "executor_lost")
        dying = self.start("executor", "--name", "dying", "--lease-ttl", "1s")
        self.wait_until(lambda: "dying" in self.windlass("executors", code=0).stdout,
                        "it has registered")
        dying.send_signal(signal.SIGKILL)
        dying.wait()
        self.start("executor", "--sweep-interval", "100ms")
        self.wait_until(lambda: self.told("executor_lost"), "its death is told")
        self.fail_a_run()
        self.assertEqual([(n["event"], n["executor"]) for n in self.told()],
                         [("executor_lost", "dying")])

    def test_a_command_is_given_them(self):
        self.serve("--notify-command", "cat >> told.json && echo >> told.json")

        run = self.fail_a_run()
        told = self.folder / "told.json"
        self.wait_until(lambda: told.exists() and told.read_text().endswith("\n")
                        and '"run_failed"' in told.read_text(), "the command is given it")
        messages = [json.loads(line) for line in self.read("told.json").splitlines()]
        self.assertIn(run, [notice["run_id"] for message in messages
                            for notice in message["notices"] if notice["event"] == "run_failed"])

    def test_flags_that_make_no_sense_are_refused(self):
        for arguments, expected in [
                (["--notify-url", "ftp://example.org"], "--notify-url: expected a URL"),
                (["--notify-url", "https://example.org", "--notify-command", "cat"],
                 "--notify-url and --notify-command: expected one of them"),
                (["--notify-command", "cat", "--notify-on", "everything"],
                 "--notify-on: 'everything': expected run_failed"),
                (["--notify-command", "cat", "--notify-on", ","], "--notify-on: expected"),
                (["--notify-url", "https://example.org", "--notify-secret", "short"],
                 "--notify-secret: expected whsec_")]:
            refused = self.windlass("server", "--listen", "127.0.0.1:0", *arguments)
            self.assertNotEqual(refused.code, 0)
            self.assertRegex(refused.stderr, re.escape(expected))


if __name__ == "__main__":
    unittest.main()

"""Commands through `windlass server`: they say and do what they do on the store."""

import subprocess
import unittest

import test_commands
import test_logs
from server import Server

# The rest needs the store, or is of this machine alone.
THROUGH_SERVER = {"submit", "list", "show", "result", "cancel", "pause", "resume", "retry",
                  "dead-letter", "executors", "queues", "limits", "circuits", "schedules",
                  "workflow", "logs"}
TESTS = {
    "test_list_filters_newest_first", "test_show_tells_tasks_attempts_and_errors",
    "test_unknown_runs_are_refused", "test_result", "test_the_same_key_is_the_same_run",
    "test_submit_many", "test_submit_and_follow", "test_pause_and_resume",
    "test_cancel_keeps_its_reason", "test_a_finished_run_cannot_be_cancelled",
    "test_retry_from_failed_keeps_what_succeeded",
    "test_retry_from_failed_keeps_the_good_instances_of_a_map",
    "test_dead_letters_are_listed_shown_and_requeued",
    "test_dead_letters_are_discarded_by_filter", "test_executors_are_listed_and_drained",
    "test_a_paused_queue_is_not_claimed_from",
    "test_a_stored_workflow_is_submitted_by_its_name",
    "test_a_schedule_of_a_stored_workflow"}


class ThroughServer:
    """Commands with a server in between and no way to the store."""

    def setUp(self):
        super().setUp()
        self.env = {"WINDLASS_STORE": "sqlite:/proc/none/x.db",
                    "WINDLASS_SERVER": f"http://{self.serve()}"}

    def serve(self, *arguments, env=None):
        """The address of a server that has started."""
        server = Server(self, *arguments, env=env, described=False)
        return f"{server.host}:{server.port}"

    def windlass(self, *arguments, env=None, **options):
        if arguments[0] in THROUGH_SERVER:
            env = {**self.env, **(env or {})}
        return super().windlass(*arguments, env=env, **options)

    def start(self, *arguments, **options):
        if arguments[0] in THROUGH_SERVER:
            options["env"] = {**self.env, **(options.get("env") or {})}
        return super().start(*arguments, **options)


class RemoteLogsTest(ThroughServer, test_logs.LogsTest):
    """The tests of `windlass logs`, through a server."""


class RemoteCommandsTest(ThroughServer, test_commands.CommandsTest):
    """The tests of the commands, through a server; and what is of servers alone."""

    def both(self, *arguments):
        """What is printed through the server, and what of the store itself."""
        return [self.windlass(*arguments, code=0).stdout,
                test_commands.CommandsTest.windlass(self, *arguments, code=0).stdout]

    def test_the_same_is_printed(self):
        self.fail_flaky()
        run = self.run_hello()["run_id"]
        self.windlass("workflow", "put", "hello.yaml", code=0)
        for arguments in (["list"], ["show", "last"], ["show", "r1"], ["result", run, "each"],
                          ["logs", run], ["logs", run, "each", "--attempt", "1"],
                          ["dead-letter", "list"], ["dead-letter", "show", "1"], ["executors"],
                          ["queues"], ["limits"], ["circuits"], ["schedules"],
                          ["workflow", "list"], ["workflow", "show", "hello"],
                          ["workflow", "versions", "hello"]):
            for form in ("text", "json"):
                remote, local = self.both(*arguments, "--output", form)
                self.assertEqual(remote, local, arguments)

    def test_a_large_result_is_read_as_bytes(self):
        run = self.run_workflow("""
            windlass: 1
            name: large
            tasks: {a: {type: shell, params: {command: "head -c 3000000 /dev/zero", result: bytes}}}
            """)["run_id"]
        self.windlass("result", run, "a", "--to", "out", code=0)
        self.assertEqual((self.folder / "out").read_bytes(), bytes(3_000_000))

    def test_commands_that_need_the_store_say_so(self):
        self.write("hello.yaml", test_commands.HELLO)
        for arguments in (["run", "hello.yaml"], ["executor"], ["migrate", "status"], ["doctor"],
                          ["prune", "--older-than", "1d"]):
            failed = self.windlass(*arguments, "--server", self.env["WINDLASS_SERVER"], code=2)
            self.assertIn("works on the store itself", failed.stderr)
        # What needs neither goes on.
        self.windlass("validate", "hello.yaml", code=0, env=self.env)

    def test_tokens_and_certificates(self):
        subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2",
                        "-subj", "/CN=localhost", "-addext", "subjectAltName=IP:127.0.0.1",
                        "-keyout", "key.pem", "-out", "cert.pem"],
                       cwd=self.folder, check=True, capture_output=True)
        address = self.serve("--tls-cert", "cert.pem", "--tls-key", "key.pem",
                             env={"WINDLASS_TOKENS": "read:reader-0123456789,write:writer-0123456789"})
        self.env["WINDLASS_SERVER"] = f"https://{address}"
        self.write("hello.yaml", test_commands.HELLO)
        self.write("token", "writer-0123456789\n")
        self.windlass("list", "--token", "reader-0123456789", code=2)  # Of an unknown authority.
        self.env["WINDLASS_CA"] = str(self.folder / "cert.pem")
        self.windlass("list", "--token", "reader-0123456789", code=0)
        self.assertIn("--token", self.json_of("list", code=3)["error"])
        self.assertIn("role write", self.json_of("submit", "hello.yaml", "--token", "reader-0123456789",
                                                 code=3)["error"])
        self.windlass("submit", "hello.yaml", "--token-file", "token", code=0)
        self.windlass("submit", "hello.yaml", code=0, env={"WINDLASS_TOKEN_FILE": "token"})
        self.assertIn("--token-file", self.json_of("list", "--token-file", "none", code=2)["error"])

    def test_servers_that_are_none(self):
        for url, code in (("http://127.0.0.1:1", 3), ("127.0.0.1:8080", 2), ("ftp://x", 2)):
            self.assertIn("error", self.json_of("list", "--server", url, code=code))
        page = f"{self.env['WINDLASS_SERVER']}/nothing"
        self.assertIn("there is nothing at", self.json_of("list", "--server", page, code=2)["error"])


for name in dir(test_commands.CommandsTest):
    if name.startswith("test_") and name not in TESTS:
        setattr(RemoteCommandsTest, name, None)  # It says nothing of servers.


if __name__ == "__main__":
    unittest.main()

"""What an executor tells about itself: health, metrics, diagnostics, logs, doctor."""

import json
import os
import pathlib
import re
import shutil
import socket
import signal
import subprocess
import time
import unittest
import urllib.error
import urllib.request

from support import ROOT, EndToEndTest

GOLDEN = ROOT / "src/server/testdata/metrics.golden"

FLOW = """
    windlass: 1
    name: health
    tasks:
      ok: {type: noop}
      speak: {type: shell, depends_on: [ok], params: {command: "echo out; echo 'a \\"line\\"' >&2"}}
      fail:
        type: shell
        params: {command: "exit 3"}
        allow_failure: true
        retry_policy: {maximum_attempts: 2, initial_interval: 10ms}
    """


class ServedExecutor:
    """An executor whose log, one JSON object per line, is read as it comes."""

    def __init__(self, test, *arguments, env=None, ttl="1s"):
        self.test = test
        self.stderr = test.folder / f"stderr-{len(test.started)}"
        with open(self.stderr, "w") as stderr:
            self.process = test.start(
                "executor", "--log-format", "json", "--lease-ttl", ttl, "--sweep-interval",
                "200ms", *arguments, env=env, stderr=stderr)
        self.started = test.wait_until(
            lambda: next(iter(self.lines("started")), None), "the executor has started")

    def lines(self, message=None):
        complete = self.stderr.read_text().rpartition("\n")[0].splitlines()
        return [line for line in map(json.loads, complete)
                if message is None or line["message"] == message]

    def get(self, path):
        """Status, content type and body."""
        try:
            with urllib.request.urlopen(f"http://{self.started['health']}{path}",
                                        timeout=30) as answer:
                return answer.status, answer.headers["Content-Type"], answer.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, error.headers["Content-Type"], error.read().decode()

    def metrics(self):
        return self.get("/metrics")[2]

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        return self.test.wait_for_exit(self.process)


class HealthTest(EndToEndTest):

    def serve(self, *arguments, env=None):
        return ServedExecutor(self, *arguments, env=env)

    # --- endpoints

    def test_an_executor_answers_probes_until_it_has_drained(self):
        executor = self.serve("--health-listen", "127.0.0.1:0")
        self.assertEqual(executor.get("/livez")[0], 200)
        self.wait_until(lambda: executor.get("/readyz")[0] == 200, "it is ready")
        # One that holds the drain open until the test lets go.
        self.submit("""
            windlass: 1
            name: slow
            tasks: {a: {type: shell, params: {command: "touch begun; until [ -e go ]; do sleep 0.02; done"}}}
            """)
        self.wait_for_file("begun")
        executor.process.send_signal(signal.SIGTERM)
        self.wait_until(lambda: executor.get("/readyz")[0] == 503, "it drains")
        reasons = json.loads(executor.get("/readyz")[2])["reasons"]
        self.assertIn({"part": "executor", "reason": "draining"}, reasons)
        self.assertEqual(executor.get("/livez")[0], 200)
        self.write("go", "")
        self.assertEqual(self.wait_for_exit(executor.process), 0)

    def test_the_default_port_stands_aside_for_another_executor(self):
        with socket.socket() as taken:
            self.take_the_default_port(taken)
            executor = self.serve(env={"WINDLASS_HEALTH_LISTEN": ""})
        address = executor.started["health"]
        self.assertNotEqual(address, "127.0.0.1:9464")
        warning, = [line for line in executor.lines() if line["level"] == "warn"]
        self.assertEqual((warning["wanted"], warning["health"]), ("127.0.0.1:9464", address))
        self.assertEqual(executor.get("/livez")[0], 200)

    def take_the_default_port(self, taken):
        """Or leaves it to an executor of this machine that keeps it: the same to
        us. One of another test would give it back in the middle of this one."""
        # As the executor does: connections that were closed do not keep the port.
        taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        end = time.monotonic() + 20
        while True:
            try:
                taken.bind(("127.0.0.1", 9464))
                return taken.listen()
            except OSError:
                if time.monotonic() > end:
                    return None
            time.sleep(0.05)

    def test_an_address_that_was_asked_for_is_had_or_an_error(self):
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            taken.listen()
            port = taken.getsockname()[1]
            failed = self.windlass("executor", "--health-listen", f"127.0.0.1:{port}", code=3)
            self.assertIn("Address already in use", failed.stderr)
            self.windlass("executor", code=3, env={"WINDLASS_HEALTH_LISTEN": f"127.0.0.1:{port}"})
        for text in ("9464", "127.0.0.1:http", "127.0.0.1:99999"):
            self.assertIn("--health-listen",
                          self.windlass("executor", "--health-listen", text, code=2).stderr)

    def test_none_serves_nothing(self):
        self.assertEqual(self.serve("--health-listen", "none").started["health"], "none")

    # --- metrics

    def counted(self):
        """A served executor that has something to count."""
        executor = self.serve("--health-listen", "127.0.0.1:0")
        self.wait_for_end(self.submit(FLOW))
        return executor

    def test_metrics_tell_what_was_executed(self):
        executor = self.counted()

        def values():
            return dict(line.rsplit(" ", 1) for line in executor.metrics().splitlines()
                        if not line.startswith("#"))
        ended = 'windlass_tasks_total{outcome="%s",queue="default",type="%s"}'
        found = values()
        self.assertEqual(found[ended % ("succeeded", "noop")], "1")
        self.assertEqual(found[ended % ("succeeded", "shell")], "1")
        self.assertEqual(found[ended % ("failed", "shell")], "2")
        self.assertEqual(found['windlass_retries_total{type="shell"}'], "1")
        self.assertEqual(found['windlass_dead_letters_total{type="shell"}'], "0")
        self.assertEqual(found['windlass_task_duration_seconds_count{type="shell"}'], "3")
        self.assertEqual(found['windlass_slots{state="busy"}'], "0")
        self.assertGreater(float(found["process_resident_memory_bytes"]), 1e6)
        self.assertGreater(float(found["process_open_fds"]), 3)
        started = float(found["process_start_time_seconds"])
        self.assertLess(abs(started - os.stat(f"/proc/{executor.process.pid}").st_ctime), 60)

    def test_metrics_pass_promtools_checks(self):
        self.assertTrue(shutil.which("promtool"), "Debian's package prometheus has it")
        executor = self.counted()
        status, content_type, text = executor.get("/metrics")
        self.assertEqual((status, content_type),
                         (200, "text/plain; version=0.0.4; charset=utf-8"))
        checked = subprocess.run(["promtool", "check", "metrics"], input=text,
                                 capture_output=True, text=True)
        self.assertEqual((checked.returncode, checked.stderr), (0, ""), checked)

    def test_every_metric_is_explained_in_the_guide(self):
        guide = (ROOT / "docs/guides/monitoring.md").read_text()
        names = "".join(path.read_text() for path in GOLDEN.parent.glob("*metrics.golden"))
        for line in names.splitlines():
            name, *_ = line.split()
            self.assertRegex(guide, rf"\| `{re.escape(name)}(\{{[a-z,]*\}})?` \|", name)

    # --- diagnostics

    def test_diagnostics_tell_what_it_is_and_what_it_found(self):
        executor = self.serve("--health-listen", "127.0.0.1:0", "--slots", "3", "--name", "worker",
                              "--secrets-dir", str(self.folder))
        status, content_type, body = executor.get("/diagnostics")
        document = json.loads(body)
        self.assertEqual((status, content_type), (200, "application/json"))
        self.assertEqual((document["executor"], document["pid"], document["slots"]["total"]),
                         ("worker", executor.process.pid, 3))
        self.assertEqual(document["settings"]["lease_ttl"], "1s")
        self.assertFalse(document["liveness"]["claim_loop"]["wedged"])
        checks = {finding["check"]: finding["level"] for finding in document["findings"]}
        self.assertEqual((checks["store"], checks["results"], checks["executors"]),
                         ("ok", "ok", "ok"))
        self.assertLessEqual({"open files", "folder of scratch", "secrets", "clock"}, set(checks))

    # --- logs

    def test_every_line_on_stderr_is_json_and_says_which_attempt(self):
        executor = self.serve("--health-listen", "127.0.0.1:0", "--log-level", "trace",
                              "--name", "worker")
        run = self.submit(FLOW)
        self.wait_for_end(run)
        self.assertEqual(executor.stop(), 0)
        text = executor.stderr.read_text()
        self.assertTrue(text.endswith("\n"))
        lines = [json.loads(line) for line in text.splitlines()]
        for line in lines:
            self.assertLessEqual({"time", "level", "message", "executor"}, set(line), line)
            self.assertEqual(line["executor"], "worker")
            self.assertEqual("task" in line, "attempt" in line, line)
        about = [line for line in lines if line["message"] in ("attempt started", "attempt ended")]
        self.assertTrue(all({"run", "task", "attempt"} <= set(line) for line in about))
        self.assertEqual(sorted((line["task"], line["attempt"]) for line in about
                                if line["message"] == "attempt ended"),
                         [("fail", 1), ("fail", 2), ("ok", 1), ("speak", 1)])
        said, = [line for line in lines if line["message"] == 'a "line"']
        self.assertEqual((said["run"], said["task"], said["attempt"]), (run, "speak", 1))
        self.assertEqual(lines[-1]["message"], "stopped")

    def test_a_command_that_fails_logs_json_too(self):
        for arguments in (["executor", "--store", "sqlite:/proc/none/x.db"],
                          ["executor", "--source", "rabbitmq"], ["executor", "--slots", "many"]):
            failed = self.windlass(*arguments, "--log-format", "json")
            self.assertNotEqual(failed.code, 0)
            for line in failed.stderr.splitlines():
                self.assertEqual(json.loads(line)["level"], "error")

    def test_passwords_of_stores_are_not_logged(self):
        # Refused before it is opened, by a build that has no PostgreSQL; shown
        # without its password by one that has.
        done = self.windlass("executor", "--exit-when-idle", "--store",
                             "postgres://app:hunter2@127.0.0.1:1/none")
        self.assertNotEqual(done.code, 0)
        self.assertNotIn("hunter2", done.stderr + done.stdout)

    # --- doctor

    def findings(self, *arguments, code=0, env=None):
        document = self.windlass("doctor", "--output", "json", *arguments, code=code, env=env).json()
        self.assertIs(document["healthy"], code == 0)
        for finding in document["findings"]:
            self.assertEqual(finding["level"] == "ok", finding["advice"] == "", finding)
        return {finding["check"]: finding for finding in document["findings"]}

    def test_a_healthy_machine_has_nothing_but_ok(self):
        found = self.findings("--slots", "4")
        self.assertLessEqual(
            {"store", "executors", "clock", "results", "folder of results", "folder of the store",
             "disk of the store", "folder of scratch", "open files", "processes", "sh", "python3",
             "time zones"}, set(found))
        self.assertEqual({found[check]["level"] for check in ("sh", "python3", "clock", "store")},
                         {"ok"})
        self.assertFalse(list(self.folder.rglob("*windlass-doctor*")), "it leaves nothing behind")

    def test_too_few_open_files_for_the_slots(self):
        command = (f"ulimit -n 512; exec {os.environ['WINDLASS_BINARY']} doctor --output json "
                   "--slots 100")
        done = subprocess.run(["bash", "-c", command], cwd=self.folder, capture_output=True,
                              text=True, env=self.environment())
        found = {one["check"]: one for one in json.loads(done.stdout)["findings"]}
        self.assertEqual(found["open files"]["level"], "warning")
        self.assertIn("ulimit -n 1264", found["open files"]["advice"])

    def test_a_scratch_folder_that_is_missing_is_a_problem(self):
        found = self.findings("--scratch-dir", "nowhere", code=3)
        self.assertEqual(found["folder of scratch"]["level"], "problem")
        self.assertIn("nowhere", found["folder of scratch"]["detail"])
        self.assertEqual(self.findings("--scratch-dir", "/proc", code=3)["folder of scratch"]["level"],
                         "problem")

    def test_programs_that_tasks_need_are_looked_for_on_path(self):
        found = self.findings(env={"PATH": str(self.folder)})
        self.assertEqual((found["sh"]["level"], found["python3"]["level"]), ("warning", "warning"))

    def test_secrets_that_everyone_may_read_are_a_warning(self):
        secrets = self.folder / "secrets"
        secrets.mkdir(mode=0o755)
        os.chmod(secrets, 0o755)
        self.assertEqual(self.findings("--secrets-dir", "secrets")["secrets"]["level"], "warning")
        os.chmod(secrets, 0o750)
        self.assertEqual(self.findings("--secrets-dir", "secrets")["secrets"]["level"], "ok")
        self.assertEqual(self.findings("--secrets-dir", "none", code=3)["secrets"]["level"],
                         "problem")

    def test_a_clock_that_was_set_back_is_a_warning(self):
        self.submit(FLOW)
        # As if the run had been submitted by a clock an hour ahead.
        subprocess.run(
            ["sqlite3", self.folder / ".windlass/windlass.db",
             "UPDATE run SET created_at = created_at + 3600 * 1000000"], check=True)
        found = self.findings()
        self.assertEqual(found["clock"]["level"], "warning")
        self.assertIn("behind the latest entry", found["clock"]["detail"])


if __name__ == "__main__":
    unittest.main()

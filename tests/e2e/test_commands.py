"""Every command: what it prints, as text and as JSON, and how it exits."""

import json
import re
import sqlite3
import subprocess
import unittest

from support import WINDLASS, EndToEndTest, interrupt

HELLO = """
    windlass: 1
    name: hello
    params: {who: {type: string, default: Ada}}
    labels: {team: data}
    tasks:
      greet: {type: shell, params: {command: "echo Hello, ${{ params.who }}; echo noted >&2"}}
      list: {type: shell, params: {command: "echo '[1, 2]'", result: json}}
      each: {type: shell, depends_on: [list], map: {items: "${{ tasks.list.result }}"},
             params: {command: "echo ${{ item * 10 }}", result: json}}
    """

# Fails until the file `mended` is there.
FLAKY = """
    windlass: 1
    name: flaky
    tasks:
      before: {type: shell, params: {command: "echo before >> ran"}}
      check: {type: shell, depends_on: [before], params: {command: "echo no luck >&2; test -e mended"}}
      after: {type: shell, depends_on: [check], params: {command: "echo after >> ran"}}
    """

# Goes on until the file `go` is there.
HELD = """
    windlass: 1
    name: held
    tasks:
      held: {type: shell, cancellation: {grace_period: 200ms},
             params: {command: "touch started; while [ ! -e go ]; do sleep 0.01; done"}}
      next: {type: noop, depends_on: [held]}
    """

COMMANDS = ["run", "validate", "submit", "list", "show", "result", "logs", "cancel", "pause",
            "resume", "retry", "callback", "dead-letter", "executor", "executors", "queues", "limits",
            "circuits", "workflow", "eval", "migrate", "doctor", "bench", "completion", "version"]


class CommandsTest(EndToEndTest):
    def json_of(self, *arguments, code=0, env=None):
        """Runs a command with --output json; stdout must be one document."""
        finished = self.windlass(*arguments, "--output", "json", code=code, env=env)
        decoder = json.JSONDecoder()
        document, end = decoder.raw_decode(finished.stdout)
        self.assertEqual(finished.stdout[end:].strip(), "", "more than one document")
        return document

    def run_hello(self, *arguments):
        return self.run_workflow(HELLO, *arguments, name="hello.yaml")

    def fail_flaky(self):
        return self.run_workflow(FLAKY, code=1, name="flaky.yaml")

    # --- looking

    def test_help_says_what_commands_do_with_examples(self):
        top = self.windlass("--help", code=0).stdout
        for command in COMMANDS:
            self.assertRegex(top, rf"(?m)^  {command}\b")
            text = self.windlass(command, "--help", code=0).stdout
            self.assertIn("Example", text, command)
            self.assertIn(f"windlass {command}", text)
        self.assertIn("Exit codes", top)

    def test_help_of_every_flag_names_its_environment_variable(self):
        text = self.windlass("executor", "--help", code=0).stdout
        for name in ("SLOTS", "LEASE_TTL", "QUEUE", "DRAIN_GRACE_PERIOD"):
            self.assertIn(f"WINDLASS_{name}", text)

    def test_version(self):
        self.assertRegex(self.windlass("version", code=0).stdout, r"^windlass \d+\.\d+\.\d+\n$")
        self.assertRegex(self.json_of("version")["version"], r"^\d+\.\d+\.\d+$")

    def test_validate(self):
        self.write("hello.yaml", HELLO)
        self.assertIn("hello is valid, 3 tasks",
                      self.windlass("validate", "hello.yaml", code=0).stdout)
        document = self.json_of("validate", "hello.yaml")
        self.assertEqual((document["valid"], document["workflow"], document["tasks"],
                          document["problems"]), (True, "hello", 3, []))

    def test_list_filters_newest_first(self):
        self.assertEqual(self.json_of("list"), {"runs": []})
        first = self.run_hello()["run_id"]
        failed = self.fail_flaky()["run_id"]
        last = self.run_hello()["run_id"]

        def ids(*arguments):
            return [run["run_id"] for run in self.json_of("list", *arguments)["runs"]]
        self.assertEqual(ids(), [last, failed, first])
        self.assertEqual(ids("--state", "failed"), [failed])
        self.assertEqual(ids("--workflow", "hello"), [last, first])
        self.assertEqual(ids("--workflow", "hello", "--limit", "1"), [last])
        self.assertEqual(ids("--workflow", "none"), [])
        run = self.json_of("list")["runs"][0]
        self.assertEqual((run["workflow"], run["state"], run["labels"]),
                         ("hello", "succeeded", {"team": "data"}))
        text = self.windlass("list", code=0).stdout.splitlines()
        self.assertEqual(len(text), 4)
        self.assertRegex(text[2], rf"{failed}\s+flaky\s+failed")

    def test_show_tells_tasks_attempts_and_errors(self):
        run = self.fail_flaky()["run_id"]
        text = self.windlass("show", run, code=0).stdout
        self.assertRegex(text, rf"{run} flaky failed in .*: 1 succeeded, 2 failed")
        self.assertRegex(text, r"(?m)^check +shell +failed +1 .*ExitCode: .*no luck")
        self.assertIn("Attempts that did not succeed", text)
        self.assertEqual(self.json_of("show", run), self.show(run))
        self.assertEqual(self.json_of("show", "last")["run_id"], run)

    def test_unknown_runs_are_refused(self):
        self.windlass("show", "last", code=2)
        self.run_hello()
        for run in ("r999999", "nonsense", ""):
            for command in ("show", "cancel", "pause", "resume", "retry", "logs"):
                with self.subTest(f"{command} {run}"):
                    self.assertIn("error", self.json_of(command, run, code=2))

    def test_result(self):
        run = self.run_hello("-p", "who=Grace")["run_id"]
        self.assertEqual(self.windlass("result", run, "greet", code=0).stdout, "Hello, Grace\n")
        self.assertEqual(self.json_of("result", "last", "greet"), "Hello, Grace")
        self.assertEqual(self.json_of("result", run, "each"), [10, 20])
        self.assertEqual(self.json_of("result", run, "each[1]"), 20)
        self.windlass("result", run, "each", "--to", "each.json", code=0)
        self.assertEqual(json.loads(self.read("each.json")), [10, 20])
        for task, words in {"grete": "greet", "each[7]": "each", "each[": "each"}.items():
            with self.subTest(task):
                self.assertIn(words, self.json_of("result", run, task, code=2)["error"])
        failed = self.fail_flaky()["run_id"]
        self.assertIn("it is failed", self.json_of("result", failed, "check", code=2)["error"])

    def test_logs(self):
        run = self.run_hello()["run_id"]
        self.assertIn("noted", self.windlass("logs", run, code=0).stdout)
        self.assertIn("noted", self.windlass("logs", run, "greet", "--follow", code=0).stdout)
        logs = self.json_of("logs", "last", "greet")["logs"]
        self.assertEqual([(log["task"], log["attempt"]) for log in logs], [("greet", 1)])
        self.assertIn("noted", logs[0]["text"])
        self.assertIn("greet", self.json_of("logs", run, "grete", code=2)["error"])

    # --- submitting

    def test_submit_prints_the_id_and_an_executor_runs_it(self):
        self.write("hello.yaml", HELLO)
        run = self.windlass("submit", "hello.yaml", code=0).stdout
        self.assertRegex(run, r"^\S+\n$")
        self.assertEqual(self.show(run.strip())["state"], "running")
        self.windlass("executor", "--exit-when-idle", code=0)
        self.assertEqual(self.show(run.strip())["state"], "succeeded")

    def test_the_same_key_is_the_same_run(self):
        self.write("hello.yaml", HELLO)
        first = self.json_of("submit", "hello.yaml", "--key", "k", "-p", "who=Ada")
        again = self.json_of("submit", "hello.yaml", "--key", "k", "-p", "who=Ada")
        self.assertEqual((first["created"], again["created"]), (True, False))
        self.assertEqual(first["run_id"], again["run_id"])
        other = self.json_of("submit", "hello.yaml", "--key", "k", "-p", "who=Grace", code=2)
        self.assertIn("k", other["error"])
        self.assertNotEqual(self.json_of("submit", "hello.yaml", "--key", "l")["run_id"],
                            first["run_id"])
        self.assertEqual(len(self.json_of("list")["runs"]), 2)

    def test_submit_many(self):
        self.write("hello.yaml", HELLO)
        ids = self.windlass("submit", "hello.yaml", "--count", "3", code=0).stdout.split()
        more = self.json_of("submit", "hello.yaml", "--count", "2")["run_ids"]
        self.assertEqual(len({*ids, *more}), 5)
        self.windlass("executor", "--exit-when-idle", code=0)
        self.assertEqual({run["state"] for run in self.json_of("list")["runs"]}, {"succeeded"})

    def test_submit_and_follow(self):
        self.executor()
        self.write("hello.yaml", HELLO)
        self.write("flaky.yaml", FLAKY)
        followed = self.json_of("submit", "hello.yaml", "--follow")
        self.assertEqual(followed["state"], "succeeded")
        self.assertEqual(self.json_of("submit", "flaky.yaml", "--follow", code=1)["state"], "failed")
        self.assertEqual(self.json_of("show", followed["run_id"], "--follow")["state"], "succeeded")

    def test_an_interrupted_watch_leaves_the_run_alone(self):
        run = self.submit(HELD)
        self.executor()
        self.wait_for_file("started")
        watch = self.start("show", run, "--follow", "--output", "json", stdout=subprocess.PIPE)
        # It watches from the moment it has opened the store, which a second
        # reader cannot see; its first signal handler may come a little later.
        self.wait_until(lambda: "SigCgt" in open(f"/proc/{watch.pid}/status").read()
                        and self.blocks_interrupts(watch.pid), "it watches for signals")
        interrupt(watch)
        self.assertEqual(self.wait_for_exit(watch), 130)
        (self.folder / "go").touch()
        self.assertEqual(self.wait_for_end(run)["state"], "succeeded")

    def blocks_interrupts(self, pid):
        """Whether SIGINT is caught or blocked by now."""
        with open(f"/proc/{pid}/status") as status:
            masks = re.findall(r"(?m)^Sig(?:Blk|Cgt):\s+(\w+)", status.read())
        return any(int(mask, 16) & 2 for mask in masks)

    # --- changing runs

    def test_pause_and_resume(self):
        run = self.submit(HELD)
        self.executor()
        self.wait_for_file("started")
        self.assertEqual(self.json_of("pause", run)["state"], "paused")
        (self.folder / "go").touch()
        self.wait_until(lambda: self.task(self.show(run), "held")["state"] == "succeeded",
                        "what runs goes on")
        self.assertEqual(self.show(run)["state"], "paused")
        self.assertNotEqual(self.task(self.show(run), "next")["state"], "succeeded")
        self.assertRegex(self.windlass("resume", run, code=0).stdout,
                         rf"^{run} is (running|succeeded)\n$")
        self.assertEqual(self.wait_for_end(run)["state"], "succeeded")
        self.assertIn("error", self.json_of("pause", run, code=2))

    def test_cancel_keeps_its_reason(self):
        run = self.submit(HELLO)
        document = self.json_of("cancel", run, "--reason", "not needed")
        self.assertEqual((document["state"], document["reason"]), ("cancelled", "not needed"))
        self.assertEqual(set(self.states(self.show(run)).values()), {"cancelled"})
        self.assertIn("not needed", self.windlass("show", run, code=0).stdout)
        self.windlass("cancel", run, code=0)  # Repeating it is harmless.
        self.windlass("executor", "--exit-when-idle", code=0)
        self.assertEqual(self.show(run)["state"], "cancelled")

    def test_a_finished_run_cannot_be_cancelled(self):
        run = self.run_hello()["run_id"]
        self.assertIn("error", self.json_of("cancel", run, code=2))
        self.assertEqual(self.show(run)["state"], "succeeded")

    def test_retry_from_failed_keeps_what_succeeded(self):
        run = self.fail_flaky()["run_id"]
        (self.folder / "mended").touch()
        self.assertEqual(self.json_of("retry", run, "--from-failed")["state"], "running")
        self.windlass("executor", "--exit-when-idle", code=0)
        document = self.show(run)
        self.assertEqual((document["state"], document["attempt"]), ("succeeded", 2), document)
        self.assertEqual(self.read("ran").split(), ["before", "after"])
        self.assertEqual(self.json_of("dead-letter", "list")["dead_letters"], [])

    def test_retry_from_failed_keeps_the_good_instances_of_a_map(self):
        run = self.run_workflow("""
            windlass: 1
            name: mapped
            tasks:
              each:
                type: shell
                map: {items: [a, b, c]}
                params: {command: "echo ${{ item }} >> ran; test ${{ item }} != b || test -e mended || exit 1; echo ${{ item }}"}
            """, "--slots", "1", code=1)["run_id"]
        self.write("mended", "")
        self.windlass("retry", run, "--from-failed", code=0)
        self.windlass("executor", "--exit-when-idle", code=0)
        document = self.show(run)
        self.assertEqual(document["state"], "succeeded", document)
        self.assertEqual(sorted(self.read("ran").split()), ["a", "b", "b", "c"])
        self.assertEqual(self.json_of("result", run, "each"), ["a", "b", "c"])

    def test_retry_runs_all_again(self):
        run = self.run_hello()["run_id"]
        self.windlass("retry", run, code=0)
        self.windlass("executor", "--exit-when-idle", code=0)
        document = self.show(run)
        self.assertEqual((document["state"], document["attempt"]), ("succeeded", 2))
        self.assertEqual(self.value(document, "each", 1), 20)

    def test_a_run_that_goes_on_cannot_be_retried(self):
        run = self.submit(HELLO)
        self.assertIn("error", self.json_of("retry", run, code=2))

    # --- dead letters

    def test_dead_letters_are_listed_shown_and_requeued(self):
        run = self.fail_flaky()["run_id"]
        letter, = self.json_of("dead-letter", "list")["dead_letters"]
        self.assertEqual((letter["run_id"], letter["workflow"], letter["task"], letter["attempts"]),
                         (run, "flaky", "check", 1))
        self.assertEqual(letter["error"]["type"], "ExitCode")
        shown = self.json_of("dead-letter", "show", letter["id"])
        self.assertEqual([one["outcome"] for one in shown["history"]], ["failed"])
        self.assertIn("no luck", json.dumps(shown))
        self.assertRegex(self.windlass("dead-letter", "list", code=0).stdout, r"check +1 .*ExitCode")
        (self.folder / "mended").touch()
        self.assertEqual(self.json_of("dead-letter", "requeue", letter["id"]), {"requeued": 1})
        self.windlass("executor", "--exit-when-idle", code=0)
        self.assertEqual(self.show(run)["state"], "succeeded")
        self.assertEqual(self.read("ran").split(), ["before", "after"])
        self.assertEqual(self.json_of("dead-letter", "list")["dead_letters"], [])

    def test_dead_letters_are_discarded_by_filter(self):
        run = self.fail_flaky()["run_id"]
        self.fail_flaky()
        self.json_of("dead-letter", "discard", code=2)
        self.assertEqual(self.json_of("dead-letter", "discard", "--all", "--workflow", "other"),
                         {"discarded": 0})
        self.assertEqual(self.json_of("dead-letter", "discard", "--all", "--run", run),
                         {"discarded": 1})
        self.assertEqual(len(self.json_of("dead-letter", "list", "--error-type", "ExitCode")
                             ["dead_letters"]), 1)
        self.assertEqual(self.json_of("dead-letter", "list", "--error-type", "Timeout")
                         ["dead_letters"], [])
        self.assertEqual(self.json_of("dead-letter", "discard", "--all"), {"discarded": 1})
        self.assertEqual(self.show(run)["state"], "failed")
        for arguments in (["show", "77"], ["requeue", "77"], ["discard", "77"], ["show", "x"]):
            self.assertIn("error", self.json_of("dead-letter", *arguments, code=2))

    # --- the fleet

    def executors(self):
        return self.json_of("executors")["executors"]

    def test_executors_are_listed_and_drained(self):
        self.assertEqual(self.executors(), [])
        process = self.executor("--name", "worker", "--slots", "3", "--queue", "default")
        one, = self.wait_until(self.executors, "it is registered")
        self.assertEqual((one["name"], one["slots"], one["state"], one["queues"], one["pid"]),
                         ("worker", 3, "running", ["default"], process.pid))
        self.assertRegex(self.windlass("executors", code=0).stdout, r"worker +generic +running +0/3")
        self.assertEqual(self.json_of("executors", "drain", "worker")["state"], "draining")
        self.assertEqual(self.wait_for_exit(process), 0)
        self.assertIn("error", self.json_of("executors", "drain", "worker", code=2))

    def test_a_paused_queue_is_not_claimed_from(self):
        self.assertEqual(self.json_of("queues", "pause", "slow"), {"name": "slow", "state": "paused"})
        run = self.submit("""
            windlass: 1
            name: queues
            tasks:
              slow: {type: noop, queue: slow}
              fast: {type: noop}
            """)
        self.executor()
        self.wait_until(lambda: self.task(self.show(run), "fast")["state"] == "succeeded",
                        "the other queue goes on")
        queues = {queue["name"]: queue for queue in self.json_of("queues")["queues"]}
        self.assertTrue(queues["slow"]["paused"])
        self.assertEqual(queues["slow"]["ready"], 1)
        self.assertIsNotNone(queues["slow"]["oldest_ready"])
        self.assertRegex(self.windlass("queues", code=0).stdout, r"slow +paused +1")
        self.assertEqual(self.json_of("queues", "resume", "slow")["state"], "open")
        self.assertEqual(self.wait_for_end(run)["state"], "succeeded")

    def test_executors_claim_only_their_queues_and_types(self):
        run = self.submit("""
            windlass: 1
            name: pools
            tasks:
              a: {type: noop, queue: reports}
              b: {type: noop}
              c: {type: shell, params: {command: "true"}, queue: reports}
            """)
        self.executor("--queue", "reports", "--type", "noop")
        self.wait_until(lambda: self.states(self.show(run))["a"] == "succeeded", "a is done")
        self.assertEqual({self.states(self.show(run))[task] for task in "bc"}, {"ready"})
        self.executor("--type", "shell", "--queue", "default,reports")
        self.wait_until(lambda: self.states(self.show(run))["c"] == "succeeded", "c is done")
        self.assertEqual(self.states(self.show(run))["b"], "ready")
        self.executor()
        self.wait_for_end(run)

    # --- stored workflows

    def test_a_stored_workflow_is_submitted_by_its_name(self):
        self.assertEqual(self.json_of("workflow", "list"), {"workflows": []})
        self.write("flows/hello.yaml", HELLO)
        put = self.json_of("workflow", "put", "flows/hello.yaml")
        self.assertEqual((put["name"], put["version"], put["base_dir"]),
                         ("hello", 1, str(self.folder / "flows")))
        self.assertEqual(self.windlass("workflow", "put", "flows/hello.yaml", code=0).stdout,
                         "hello is version 1\n")
        self.write("flows/hello.yaml", HELLO.replace("Hello", "Good day"))
        self.assertEqual(self.json_of("workflow", "put", "flows/hello.yaml")["version"], 2)
        stale = self.json_of("workflow", "put", "flows/hello.yaml", "--expect", "2")
        self.assertEqual(stale["version"], 2)  # It is the latest.
        self.write("flows/hello.yaml", HELLO.replace("Hello", "Howdy"))
        self.assertIn("version 2 by now",
                      self.json_of("workflow", "put", "flows/hello.yaml", "--expect", "1", code=2)["error"])
        latest = self.windlass("submit", "hello", "-p", "who=Grace", code=0).stdout.strip()
        first = self.json_of("submit", "hello", "--version", "1", "--key", "k")
        self.assertIs(self.json_of("submit", "hello", "--key", "k")["created"], False)
        self.windlass("executor", "--exit-when-idle", code=0)
        document = self.show(latest)
        self.assertEqual(document["labels"], {"team": "data", "windlass.workflow_version": "2"})
        self.assertEqual(self.value(document, "greet"), "Good day, Grace")
        self.assertEqual(self.value(self.show(first["run_id"]), "greet"), "Hello, Ada")
        text = self.windlass("workflow", "versions", "hello", code=0).stdout.splitlines()
        self.assertEqual([line.split()[0] for line in text], ["VERSION", "2", "1"])
        self.assertRegex(self.windlass("workflow", "list", "--name", "ell", code=0).stdout,
                         r"(?m)^hello +2 ")
        shown = json.loads(self.windlass("workflow", "show", "hello", "--version", "1", code=0).stdout)
        self.assertIn("Hello", shown["tasks"]["greet"]["params"]["command"])
        self.assertEqual(self.json_of("workflow", "delete", "hello")["state"], "deleted")
        for arguments in (["workflow", "show", "hello"], ["workflow", "delete", "hello"],
                          ["submit", "hello"], ["workflow", "versions", "hello"]):
            self.assertIn("hello", self.json_of(*arguments, code=2)["error"])

    def test_a_schedule_of_a_stored_workflow(self):
        self.write("daily.yaml", HELLO + 'schedule: {cron: "30 6 * * *"}\n')
        self.windlass("workflow", "put", "daily.yaml", code=0)
        self.assertEqual(self.json_of("schedules", "add", "hello")["state"], "active")
        self.assertEqual(len(self.json_of("schedules", "next", "hello", "--count", "2")["times"]), 2)
        self.assertEqual(self.json_of("schedules", "pause", "hello")["state"], "paused")
        self.assertEqual(self.json_of("schedules", "remove", "hello")["state"], "removed")

    # --- tools

    def test_eval(self):
        self.assertEqual(self.windlass("eval", "1 + 2 * 3", code=0).stdout, "7\n")
        self.write("data.yaml", "rows: [{n: 3}, {n: 11}, {n: 12}]\n")
        self.assertEqual(self.json_of("eval", "rows.filter(r, r.n > 10).size()",
                                      "--data", "data.yaml"), {"value": 2, "type": "int"})
        for expression, value, kind in [
                ("1.0", 1.0, "double"), ("1 < 2", True, "bool"), ("'a' + 'b'", "ab", "string"),
                ("null", None, "null"), ("[1, 'x']", [1, "x"], "list"), ("{'a': 1}", {"a": 1}, "map"),
                ("2u", 2, "int"), ("b'hi'", "aGk=", "bytes"), ("duration('90s')", "90s", "duration"),
                ("timestamp('2020-01-02T03:04:05Z')", "2020-01-02T03:04:05Z", "timestamp"),
                ("type(1)", "int", "type"), ("size('añb')", 3, "int"), ("7 / 2", 3, "int"),
                ("1 + 0.5", 1.5, "double"), ("default({'a': 1}.b, 5)", 5, "int")]:
            with self.subTest(expression):
                self.assertEqual(self.json_of("eval", expression), {"value": value, "type": kind})
        self.assertIn("rows", self.json_of("eval", "rows[0]", code=2)["error"])
        self.assertIn("error", self.json_of("eval", "1 / 0", code=2))
        self.assertIn("error", self.json_of("eval", "'a' + 1", code=2))
        self.assertIn("error", self.json_of("eval", "a", "--data", "none.json", code=2))

    def test_migrate(self):
        self.json_of("migrate", "up")
        status = self.json_of("migrate", "status")
        self.assertTrue(status)
        self.assertIn("CREATE TABLE", self.windlass("migrate", "sql", code=0).stdout)
        self.windlass("migrate", "status", code=0)

    def test_doctor(self):
        document = self.json_of("doctor")
        self.assertIs(document["healthy"], True)
        checks = {finding["check"]: finding["level"] for finding in document["findings"]}
        self.assertEqual((checks["store"], checks["results"]), ("ok", "ok"))
        self.assertIn("CHECK", self.windlass("doctor", code=0).stdout)
        self.submit(HELLO)
        waiting = {one["check"]: one for one in self.json_of("doctor")["findings"]}
        self.assertIn("windlass executor", waiting["executors"]["advice"])

    def test_doctor_deep_finds_a_contradiction(self):
        run = self.submit(HELLO)
        self.assertEqual(self.json_of("doctor", "--deep")["contradictions"], [])
        self.assertIn("does not contradict itself",
                      self.windlass("doctor", "--deep", code=0).stdout)
        with sqlite3.connect(self.folder / ".windlass/windlass.db") as database:
            database.execute("delete from ready")
        document = self.json_of("doctor", "--deep", code=1)
        self.assertIs(document["healthy"], False)
        stuck = "runs, and nothing of it will ever happen"
        self.assertEqual(document["contradictions"],
                         [{"run": run, "task": "", "what": stuck},
                          {"run": "", "task": "", "what": "has miscounted its tasks or runs"}])
        self.assertIn(stuck, self.windlass("doctor", "--deep", code=1).stdout)

    def test_doctor_finds_a_store_that_cannot_be_opened(self):
        self.write("file", "no database")
        for store in ("sqlite:file", "sqlite:file/below.db", "sqlite:/proc/none/x.db"):
            with self.subTest(store):
                document = self.json_of("doctor", "--store", store, code=3)
                self.assertIs(document["healthy"], False)

    def test_a_store_that_cannot_be_opened_is_exit_code_three(self):
        self.write("hello.yaml", HELLO)
        for arguments in (["list"], ["run", "hello.yaml"], ["submit", "hello.yaml"], ["executor"]):
            with self.subTest(arguments[0]):
                failed = self.windlass(*arguments, "--store", "sqlite:/proc/none/x.db", code=3)
                self.assertIn("/proc/none", failed.stderr)
                self.assertIn("error", self.json_of(*arguments, "--store", "sqlite:/proc/none/x.db",
                                                    code=3))

    def test_bench_prints_a_row_per_scenario(self):
        document = self.json_of("bench", "noop", "map", "--scale", "0.001")
        self.assertEqual([one["scenario"] for one in document["benchmarks"]], ["noop", "map"])
        for one in document["benchmarks"]:
            self.assertGreater(one["tasks_per_second"], 0)
        self.assertIn("TASKS/S", self.windlass("bench", "noop", "--scale", "0.001", code=0).stdout)

    def complete(self, *words):
        """What bash offers after these words."""
        script = self.windlass("completion", "bash", code=0).stdout
        self.write("complete.sh", script)
        quoted = " ".join(f"'{word}'" for word in words)
        offered = subprocess.run(
            ["bash", "--norc", "-c", f"source complete.sh; COMP_WORDS=({quoted}); "
             f"COMP_CWORD={len(words) - 1}; _windlass; printf '%s\\n' \"${{COMPREPLY[@]}}\"; "
             "complete -p windlass >/dev/null"],
            cwd=self.folder, capture_output=True, text=True, check=True)
        return offered.stdout.split()

    def test_completion_completes_in_bash(self):
        self.assertEqual(self.complete("windlass", "va"), ["validate"])
        self.assertLessEqual({"run", "dead-letter", "queues", "--store"},
                             set(self.complete("windlass", "")))
        self.assertEqual(self.complete("windlass", "run", "--lea"), ["--lease-ttl"])
        self.assertEqual(set(self.complete("windlass", "dead-letter", "")) & {"list", "show", "requeue"},
                         {"list", "show", "requeue"})
        self.assertEqual(self.complete("windlass", "dead-letter", "requeue", "--al"), ["--all"])
        self.write("flow.yaml", HELLO)
        self.assertEqual(self.complete("windlass", "run", "flo"), ["flow.yaml"])

    def test_completion_knows_other_shells(self):
        self.assertIn("compdef" if "compdef" in self.windlass("completion", "zsh", code=0).stdout
                      else "bashcompinit", self.windlass("completion", "zsh", code=0).stdout)
        self.assertIn("complete -c windlass", self.windlass("completion", "fish", code=0).stdout)

    # --- settings

    def test_flags_beat_the_environment_which_beats_the_file(self):
        self.write("hello.yaml", HELLO)
        self.write("config.yaml", "name: from-file\noutput: json\nslots: 2\n")
        self.write("other.yaml", "name: from-other-file\n")

        def executor_of(*arguments, env=None):
            document = json.loads(self.windlass("run", "hello.yaml", *arguments, code=0, env=env).stdout)
            return self.task(document, "greet")["executor"]
        self.assertEqual(executor_of("--config", "config.yaml"), "from-file")
        self.assertEqual(executor_of(env={"WINDLASS_CONFIG": "config.yaml"}), "from-file")
        both = {"WINDLASS_CONFIG": "config.yaml", "WINDLASS_NAME": "from-environment"}
        self.assertEqual(executor_of(env=both), "from-environment")
        self.assertEqual(executor_of("--name", "from-flag", env=both), "from-flag")
        both["WINDLASS_OUTPUT"] = "json"
        self.assertEqual(executor_of("--config", "other.yaml", env={"WINDLASS_OUTPUT": "json",
                                     "WINDLASS_CONFIG": "config.yaml"}), "from-other-file")

    def test_values_may_come_from_files(self):
        self.write("hello.yaml", HELLO)
        self.write("store.url", "sqlite:elsewhere/runs.db\n")
        self.windlass("submit", "hello.yaml", code=0, env={"WINDLASS_STORE_FILE": "store.url"})
        self.assertTrue((self.folder / "elsewhere/runs.db").exists())
        self.assertFalse((self.folder / ".windlass").exists())
        runs = self.json_of("list", env={"WINDLASS_STORE_FILE": "store.url",
                                         "WINDLASS_STORE": "sqlite:third.db"})["runs"]
        self.assertEqual(runs, [])

    def test_lists_in_the_file_are_flags_given_several_times(self):
        self.write("config.yaml", "allow_env: [GREETING, OTHER]\n")
        run = self.run_workflow("""
            windlass: 1
            name: env
            tasks: {show: {type: shell, params: {command: [echo, "${{ env.GREETING + env.OTHER }}"]}}}
            """, "--config", "config.yaml", env={"GREETING": "a", "OTHER": "b"})
        self.assertEqual(self.value(run, "show"), "ab")

    def test_settings_of_ours_do_not_reach_the_tasks(self):
        self.write("config.yaml", "name: mine\n")
        run = self.run_workflow("""
            windlass: 1
            name: env
            tasks: {show: {type: shell, params: {command: "env | grep ^WINDLASS_NAME= || echo none"}}}
            """, "--config", "config.yaml")
        self.assertEqual(self.value(run, "show"), "none")

    def test_logs_go_to_stderr_in_the_form_asked_for(self):
        self.write("flaky.yaml", FLAKY)
        failed = self.windlass("run", "flaky.yaml", "--output", "json", "--log-level", "info",
                               "--log-format", "json", code=1)
        failed.json()
        lines = [json.loads(line) for line in failed.stderr.splitlines()]
        self.assertTrue(any("attempt ended" in json.dumps(line) for line in lines), failed)

    def test_globals_may_stand_before_the_command(self):
        self.write("hello.yaml", HELLO)
        finished = self.windlass("--output", "json", "--store", "sqlite:x.db", "run", "hello.yaml",
                                 code=0)
        self.assertEqual(finished.json()["state"], "succeeded")
        self.assertTrue((self.folder / "x.db").exists())

    def test_a_closed_pipe_is_no_crash(self):
        self.write("hello.yaml", HELLO)
        self.windlass("submit", "hello.yaml", "--count", "20000", code=0)
        ended = subprocess.run(["bash", "-c", f"set -o pipefail; '{WINDLASS}' list --limit 20000 | head -1; "
                                "echo ${PIPESTATUS[0]}"], cwd=self.folder, capture_output=True,
                               text=True, env=self.environment())
        self.assertEqual(ended.stderr, "")
        self.assertIn(ended.stdout.splitlines()[-1], ("0", "141"))


if __name__ == "__main__":
    unittest.main()

"""SQL and Python that mean harm: they fail alone, and reach nothing."""

import json
import os
import unittest

from support import EndToEndTest, alive

SECRET = "the secret of the neighbour"

# Statements by what they try; {outside} is a folder that the task may not use.
ATTEMPTS = {
    "read a text": "from read_text('{outside}/secret.csv')",
    "read a table": "from read_csv('{outside}/secret.csv')",
    "read bytes by pattern": "from read_blob('{outside}/*')",
    "list a folder": "from glob('{outside}/*')",
    "read by a path that climbs": "from read_text('flows/../../../../../../../../..{outside}/secret.csv')",
    "read what is beside the workflow": "from read_text('flow.json')",
    "read the environment": "from read_text('/proc/self/environ')",
    "read an open file": "from read_blob('/proc/self/fd/3')",
    "guess a dialect": "from sniff_csv('{outside}/secret.csv')",
    "read by a view": "create view v as from read_csv('{outside}/secret.csv'); from v",
    "read by a macro": "create macro m(x) as table from read_text(x); from m('{outside}/secret.csv')",
    "read by a text": "from query('from read_text(''{outside}/secret.csv'')')",
    "read by a plan":
        "from json_execute_serialized_sql(json_serialize_sql('from read_text(''{outside}/secret.csv'')'))",
    "copy from": "create table t (a varchar); copy t from '{outside}/secret.csv'",
    "copy to": "copy (select 1) to '{outside}/new.csv'",
    "copy to, explained": "explain analyze copy (select 1) to '{outside}/new.csv'",
    "copy over itself": "copy (select 1 as a) to 'flow.json'",
    "export": "export database '{outside}/new'",
    "attach a file": "attach '{outside}/new.db' as other",
    "attach a store": "attach '.windlass/windlass.db' as store (type sqlite)",
    "install": "install httpfs",
    "load": "load '{outside}/secret.csv'",
    "download": "from read_csv('http://127.0.0.1:9/x.csv')",
    "unlock": "set lock_configuration = false",
    "allow all": "set enable_external_access = true",
    "reset": "reset enable_external_access",
    "more memory": "set memory_limit = '1TB'",
    "another folder": "set temp_directory = '{outside}/new'",
    "a profile as a file": "set profiling_output = '{outside}/new.json'",
    "a log as a file": "set log_query_path = '{outside}/new.log'",
}

# Texts that were SQL, or worse, if anything spliced them.
VALUES = ["'; drop table t; --", "\"; select 1; --", "$$", "$other", "') or ('1'='1", "\\'", "/*", "{x}", "%s",
          "${HOME}", "$(touch spliced)", "`touch spliced`", "\u0000", "\n", "é" * 5000, '{"a": 1}', "[1, 2]",
          "null", "1e999"]

FUNCTIONS = """
    import ctypes, os, resource, signal, subprocess, sys, threading, time

    def segfault(): ctypes.string_at(0)
    def leave(): os._exit(0)
    def exit(): sys.exit(0)
    def kill(): os.kill(os.getpid(), signal.SIGKILL)
    def memory():
        held = []
        while True: held.append(bytearray(1 << 20))
    def fork():
        while True:
            try: os.fork()
            except OSError: pass
    def threads():
        for _ in range(10_000): threading.Thread(target=time.sleep, args=(60,)).start()
    def stubborn():
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP): signal.signal(number, signal.SIG_IGN)
        while True: pass
    def stop_itself(): os.kill(os.getpid(), signal.SIGSTOP)
    def forge():
        for name in os.listdir("/proc/self/fd"):
            if int(name) > 2:
                try: os.write(int(name), b'{"type": "result", "id": "another", "value": 1}\\n')
                except OSError: pass
        return "honest"
    def close():
        os.closerange(0, 1000)
        return "closed"
    def lift():
        resource.setrlimit(resource.RLIMIT_AS, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    def generator(): yield 1
    def deep():
        def down(n): return down(n + 1)
        return down(0)
    def ask(): return input("? ")

    def orphan():
        if os.fork() == 0:
            os.setsid()
            if os.fork() == 0:
                open("orphan.pid.new", "w").write(str(os.getpid()))
                os.rename("orphan.pid.new", "orphan.pid")
                time.sleep(600)
            os._exit(0)
        while not os.path.exists("orphan.pid"): time.sleep(0.01)
        return "left one behind"
    def print_much():
        block = b"x" * 1023 + b"\\n"
        for _ in range(200): os.write(1, block * 1024)
        return "printed"
    def kill_parent():
        os.kill(os.getppid(), signal.SIGKILL)
        return "orphaned"
    def kill_siblings():
        children = f"/proc/{os.getppid()}/task/{os.getppid()}/children"
        siblings = []
        while not siblings:  # The worker forks it while this runs.
            siblings = [int(pid) for pid in open(children).read().split() if int(pid) != os.getpid()]
        for pid in siblings: os.kill(pid, signal.SIGKILL)
        return len(siblings)
    def good(n): return n + 1
    """

EXPECTED = {
    "segfault": "WorkerKilled", "leave": "WorkerExited", "exit": "SystemExit", "kill": "WorkerKilled",
    "memory": "MemoryError", "fork": "TooManyProcesses", "threads": "RuntimeError", "stubborn": "Timeout",
    "stop_itself": "Timeout", "forge": "ProtocolError", "close": "WorkerExited", "lift": "ValueError",
    "generator": "InvalidResult", "deep": "RecursionError", "ask": "EOFError",
}


class HostileSqlTest(EndToEndTest):
    def test_nothing_beyond_the_inputs_is_reached(self):
        outside = self.folder / "outside"
        outside.mkdir()
        (outside / "secret.csv").write_text(f"a\n{SECRET}\n")
        # From files: of what stands in the workflow some is refused before the run.
        for i, statement in enumerate(ATTEMPTS.values()):
            self.write(f"flows/t{i}.sql", statement.replace("{outside}", str(outside)))
        tasks = {f"t{i}": {"type": "sql", "allow_failure": True, "retry_policy": {"maximum_attempts": 1},
                           "params": {"query_file": f"t{i}.sql"}}
                 for i in range(len(ATTEMPTS))}
        self.write("flows/flow.json", json.dumps({"windlass": 1, "name": "hostile", "tasks": tasks}))
        done = self.windlass("run", "flows/flow.json", "--output", "json", code=0)
        self.assertNotIn(SECRET, done.stdout + done.stderr)
        for i, what in enumerate(ATTEMPTS):
            with self.subTest(what):
                task = self.task(done.json(), f"t{i}")
                self.assertEqual(task["state"], "failed", task)
                self.assertFalse(task["error"]["retryable"], task)
        self.assertEqual(os.listdir(outside), ["secret.csv"])

    def test_links_lead_nowhere(self):
        outside = self.folder / "outside"
        outside.mkdir()
        (outside / "secret.csv").write_text(f"a\n{SECRET}\n")
        (self.folder / "flows/out").mkdir(parents=True)
        (self.folder / "flows/link.csv").symlink_to(outside / "secret.csv")
        (self.folder / "flows/folder").symlink_to(outside)
        tasks = {"file": {"inputs": {"t": "link.csv"}, "query": "from t"},
                 "pattern": {"inputs": {"t": "l*.csv"}, "query": "from t"},
                 "folder": {"inputs": {"t": "folder/secret.csv"}, "query": "from t"},
                 "climb": {"inputs": {"t": "../outside/secret.csv"}, "query": "from t"},
                 "output": {"query": "create table t as select 1 as a", "outputs": {"t": "folder/new.csv"}},
                 "climbing": {"query": "create table t as select 1 as a",
                              "outputs": {"t": "out/../../outside/new.csv"}}}
        self.write("flows/flow.json", json.dumps({"windlass": 1, "name": "links", "tasks": {
            name: {"type": "sql", "allow_failure": True, "params": params} for name, params in tasks.items()}}))
        run = self.windlass("run", "flows/flow.json", "--output", "json", code=0).json()
        self.assertEqual({task["id"]: task["error"]["type"] for task in run["tasks"]},
                         dict.fromkeys(tasks, "PermissionDenied"))
        self.assertEqual(os.listdir(outside), ["secret.csv"])

    def test_values_arrive_as_they_are_and_are_never_sql(self):
        run = self.run_workflow(json.dumps({
            "windlass": 1, "name": "values", "params": {"values": {"type": "array"}}, "tasks": {
                "t": {"type": "sql", "map": {"items": "${{ params.values }}", "as": "value"}, "params": {
                    "query": "create table t as select $x as x; select x, typeof(x) as kind from t where x = $x",
                    "params": {"x": "${{ value }}"}}}}}),
            "--params", self.write("params.json", json.dumps({"values": VALUES})), name="flow.json")
        found = [self.value(run, "t", i)["rows"] for i in range(len(VALUES))]
        self.assertEqual(found, [[{"x": value, "kind": "VARCHAR"}] for value in VALUES])
        self.assertFalse((self.folder / "spliced").exists())


class HostilePythonTest(EndToEndTest):
    def task_of(self, function, **more):
        return {"type": "python", "allow_failure": True, "retry_policy": {"maximum_attempts": 1},
                "start_to_close_timeout": "3s" if EXPECTED.get(function) == "Timeout" else "60s",
                "cancellation": {"grace_period": "200ms"},
                "params": {"script": "hostile.py", "function": function, "preload": [], "memory": "256MiB", **more}}

    def test_each_fails_alone(self):
        self.write("hostile.py", FUNCTIONS)
        tasks = {name: self.task_of(name) for name in [*EXPECTED, "orphan", "print_much", "kill_parent"]}
        # Good neighbours among them all, in the same workers.
        tasks["good"] = {**self.task_of("good", args={"n": "${{ n }}"}),
                         "map": {"items": list(range(30)), "as": "n"}}
        run = self.run_workflow(json.dumps({"windlass": 1, "name": "hostile", "tasks": tasks}),
                                "--slots", "4", name="flow.json")
        errors = {name: self.task(run, name)["error"] for name in EXPECTED}
        self.assertEqual({name: error and error["type"] for name, error in errors.items()}, EXPECTED)
        self.assertEqual([self.value(run, "good", n) for n in range(30)], list(range(1, 31)))
        self.assertEqual([self.value(run, name) for name in ("orphan", "print_much", "kill_parent")],
                         ["left one behind", "printed", "orphaned"])
        self.wait_until(lambda: not alive(int(self.read("orphan.pid"))), "what a task left behind is gone")

    def test_the_process_that_waits_for_the_next_task_is_replaced(self):
        self.write("hostile.py", FUNCTIONS)
        tasks = {}
        for i in range(0, 6, 2):
            tasks[f"t{i}"] = {**self.task_of("kill_siblings"), "depends_on": [f"t{i - 1}"] if i else []}
            tasks[f"t{i + 1}"] = {**self.task_of("good", args={"n": i}), "depends_on": [f"t{i}"]}
        run = self.run_workflow(json.dumps({"windlass": 1, "name": "siblings", "tasks": tasks}),
                                "--slots", "1", name="flow.json")
        self.assertEqual([self.value(run, f"t{i}") for i in range(6)], [1, 1, 1, 3, 1, 5])

    def test_a_traceback_comes_back_whole(self):
        self.write("hostile.py", """
            def outer(): inner()
            def inner(): raise KeyError("é\\n\\x1b[31m")
            """)
        run = self.run_workflow(json.dumps({"windlass": 1, "name": "traceback",
                                            "tasks": {"t": self.task_of("outer")}}), name="flow.json")
        error = self.task(run, "t")["error"]
        self.assertEqual(error["type"], "KeyError")
        for line in ("in outer", "in inner", "KeyError"):
            self.assertIn(line, error["details"]["traceback"])


if __name__ == "__main__":
    unittest.main()

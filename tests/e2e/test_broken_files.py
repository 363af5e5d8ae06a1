"""What is refused: broken and hostile files, params, flags, settings.

Refused means: exit code 2, the place and the way out on stderr and as JSON,
soon, in bounded memory, and nothing written to the store.
"""

import os
import resource
import shutil
import subprocess
import tempfile
import time
import unittest

from support import WINDLASS, EndToEndTest

HEAD = "windlass: 1\nname: w\ntasks:\n"
GOOD = HEAD + "  a: {type: noop}\n"


def task(fields):
    """A file whose only task has these fields, on line 4."""
    return HEAD + "  a: {" + fields + "}\n"


def after(fields):
    """The same behind a good task: line 5."""
    return GOOD + "  b: {" + fields + "}\n"


# name, text, line, field, words of the message, words of the suggestion
BROKEN = [
    ("no version", "name: w\ntasks: {a: {type: noop}}\n",
     1, "", "'windlass' is missing", "windlass:"),
    ("another version", "windlass: 2\nname: w\ntasks: {a: {type: noop}}\n",
     1, "windlass", "expected 1", "windlass: 1"),
    ("no name", "windlass: 1\ntasks: {a: {type: noop}}\n",
     1, "", "'name' is missing", "name:"),
    ("no tasks", "windlass: 1\nname: w\n", 1, "", "'tasks' is missing", "tasks:"),
    ("an empty mapping of tasks", "windlass: 1\nname: w\ntasks: {}\n",
     3, "tasks", "no tasks", "hello"),
    ("a list of tasks", HEAD + "  - id: a\n", 4, "tasks", "a mapping", "extract:"),
    ("a text", "hello\n", 1, "", "expected a mapping", ""),
    ("bad indentation", HEAD + "  a:\n    type: noop\n   params: {}\n", None, "", "", ""),
    ("an open bracket", HEAD + "  a: {type: noop\n", None, "", "", ""),
    ("a tab as indentation", HEAD + "\ta: {type: noop}\n", 4, "", "", ""),
    ("bad JSON", '{"windlass": 1,\n "name": "w",\n "tasks": {]}\n', 3, "", "not valid JSON", ""),
    ("a key twice", GOOD + "  a: {type: noop}\n", 5, "", "duplicate key 'a'", "keep one"),
    ("an unknown alias", HEAD + "  a: *nothing\n", 4, "", "", ""),
    ("a misspelt field", task("type: noop, prioritty: 3"),
     4, "tasks.a.prioritty", "unknown field", "priority"),
    ("a misspelt top field", "nmae: x\n" + GOOD, 1, "nmae", "unknown field", "name"),
    ("camel case", after("type: noop, dependsOn: [a]"),
     5, "tasks.b.dependsOn", "unknown field", "depends_on"),
    ("a name of another engine", after("type: noop, needs: [a]"),
     5, "tasks.b.needs", "unknown field", "depends_on"),
    ("a task without a type", HEAD + "  a:\n    params: {}\n",
     4, "tasks.a", "'type' is missing", "type:"),
    ("an unknown task type", task("type: shel"), 4, "tasks.a.type", "unknown task type", "shell"),
    ("a bad task id", HEAD + "  'a b': {type: noop}\n", 4, 'tasks["a b"]', "expected a name", ""),
    ("a task named on_exit", HEAD + "  on_exit: {type: noop}\n",
     4, "tasks.on_exit", "may not be named", "beside 'tasks:'"),
    ("a duration without unit", task("type: noop, delay: 30"),
     4, "tasks.a.delay", "duration", '"30s"'),
    ("a negative duration", task("type: noop, delay: -5s"), 4, "tasks.a.delay", "duration", ""),
    ("a timeout of nothing", task("type: noop, start_to_close_timeout: 0s"),
     4, "tasks.a.start_to_close_timeout", "longer than zero", "remove"),
    ("timeouts that contradict",
     task("type: noop, start_to_close_timeout: 2h, schedule_to_close_timeout: 1h"),
     4, "tasks.a.start_to_close_timeout", "no effect", "at most 1h"),
    ("a number out of range", task("type: noop, priority: 10"),
     4, "tasks.a.priority", "from 0 to 9", ""),
    ("a text for a number", task("type: noop, priority: '3'"),
     4, "tasks.a.priority", "got '3' (text)", ""),
    ("a number for a text", task("type: noop, queue: 7"), 4, "tasks.a.queue", "a name", "quotes"),
    ("yes for true", task("type: noop, allow_failure: yes"),
     4, "tasks.a.allow_failure", "true or false", ""),
    ("nothing for a value", HEAD + "  a:\n    type: noop\n    params:\n",
     6, "tasks.a.params", "nothing", "remove the field"),
    ("a text for a list", after("type: noop, depends_on: a"),
     5, "tasks.b.depends_on", "expected a list", "[a]"),
    ("an unknown dependency", HEAD + "  extract: {type: noop}\n"
     "  b: {type: noop, depends_on: [extrct]}\n",
     5, "tasks.b.depends_on[0]", "no task 'extrct'", "extract"),
    ("a dependency on itself", task("type: noop, depends_on: [a]"),
     4, "tasks.a.depends_on[0]", "cannot depend on itself", "remove"),
    ("a dependency twice", after("type: noop, depends_on: [a, a]"),
     5, "tasks.b.depends_on[1]", "twice", "remove one"),
    ("a cycle", HEAD + "  a: {type: noop, depends_on: [c]}\n"
     "  b: {type: noop, depends_on: [a]}\n  c: {type: noop, depends_on: [b]}\n",
     4, "tasks.a.depends_on[0]", "a -> c -> b -> a", "remove one"),
    ("a trigger rule that is none",
     after("type: noop, depends_on: [a], trigger_rule: al_done"),
     5, "tasks.b.trigger_rule", "expected one of", "all_done"),
    ("a trigger rule that never holds", task("type: noop, trigger_rule: one_failed"),
     4, "tasks.a.trigger_rule", "never", "depends_on"),
    ("a map without items", task("type: noop, map: {as: x}"),
     4, "tasks.a.map", "'items' is missing", "items:"),
    ("map items that are a word", task("type: noop, map: {items: params.list}"),
     4, "tasks.a.map.items", "a list or an expression", "${{ params.list }}"),
    ("an item named like a name", task("type: noop, map: {items: [1], as: params}"),
     4, "tasks.a.map.as", "has a meaning", "another name"),
    ("an expression that does not parse", task('type: noop, params: {x: "${{ 1 + }}"}'),
     4, "tasks.a.params.x", "", ""),
    ("an expression without end", task('type: noop, params: {x: "${{ 1 + 2"}'),
     4, "tasks.a.params.x", "", ""),
    ("an expression with an unknown name", task('type: noop, params: {x: "${{ parms.y }}"}'),
     4, "tasks.a.params.x", "parms", "params"),
    ("an expression with an unknown param",
     "windlass: 1\nname: w\nparams: {state: {type: string}}\ntasks:\n"
     '  a: {type: noop, params: {x: "${{ params.sate }}"}}\n',
     5, "tasks.a.params.x", "sate", "state"),
    ("an expression with an unknown function",
     task('type: noop, params: {x: "${{ sise([1]) }}"}'),
     4, "tasks.a.params.x", "sise", "size"),
    ("an expression that names no ancestor",
     after('type: noop, params: {x: "${{ tasks.a.result }}"}'),
     5, "tasks.b.params.x", "a", "depends_on"),
    ("an expression that names no task",
     after('type: noop, depends_on: [a], params: {x: "${{ tasks.aa.result }}"}'),
     5, "tasks.b.params.x", "aa", "a"),
    ("a condition that does not parse", task('type: noop, when: "params.x >"'),
     4, "tasks.a.when", "", ""),
    ("a param that is no schema", "windlass: 1\nname: w\nparams: {n: integer}\n"
     "tasks: {a: {type: noop}}\n", 3, "params.n", "a JSON Schema", "{type: integer}"),
    ("a misspelt schema keyword", "windlass: 1\nname: w\nparams: {n: {defualt: 1}}\n"
     "tasks: {a: {type: noop}}\n", 3, "params.n.defualt", "keyword", "default"),
    ("a default that does not fit",
     "windlass: 1\nname: w\nparams: {n: {type: integer, default: three}}\n"
     "tasks: {a: {type: noop}}\n", 3, "params.n.default", "does not fit", ""),
    ("a result schema that is none",
     task("type: noop, result: {schema: {pattern: '('}}"),
     4, "tasks.a.result.schema", "no JSON Schema", ""),
    ("a bad cron", GOOD + "schedule: {cron: '61 * * * *'}\n",
     5, "schedule.cron", "bad minute '61'", "30 6 * * *"),
    ("an unknown time zone", GOOD + "schedule: {cron: '@daily', timezone: Europe/Berlim}\n",
     5, "schedule.timezone", "unknown time zone", "Europe/Berlin"),
    ("defaults that are wrong", GOOD + "defaults: {priority: 12}\n",
     5, "defaults.priority", "from 0 to 9", ""),
    ("an on_exit that depends", GOOD + "on_exit: {type: noop, depends_on: [a]}\n",
     5, "on_exit.depends_on", "unknown field", ""),
    ("a shell task without command", task("type: shell"),
     4, "tasks.a.params.command", "", ""),
    ("a misspelt param of a type", task("type: shell, params: {comand: ls}"),
     4, "tasks.a.params.comand", "", "command"),
    ("a param of the wrong kind",
     task("type: shell, params: {command: ls, result: xml}"),
     4, "tasks.a.params.result", "", "json"),
    ("a sleep without duration", task("type: sleep"), 4, "tasks.a.params", "duration", ""),
    ("a file operation that is none",
     task("type: file, params: {operation: cpoy}"),
     4, "tasks.a.params.operation", "", "copy"),
]


class BrokenFilesTest(EndToEndTest):
    def assert_nothing_written(self):
        self.assertFalse((self.folder / ".windlass").exists(), "a store was made")

    def assert_listed(self, problems, line, field, message, suggestion):
        for problem in problems:
            text = problem["message"] + " " + problem["suggestion"]
            if (line in (None, problem["line"]) and problem["field"] == field
                    and message in problem["message"] and suggestion in text):
                return
        self.fail(f"no problem at line {line}, {field!r} saying {message!r}, "
                  f"{suggestion!r} among {problems}")

    def test_each_mistake_is_named_with_its_place_and_a_way_out(self):
        for name, text, line, field, message, suggestion in BROKEN:
            with self.subTest(name):
                self.write("flow.yaml", text)
                refused = self.windlass("validate", "flow.yaml", "--output", "json", code=2)
                document = refused.json()
                self.assertIs(document["valid"], False)
                self.assert_listed(document["problems"], line, field, message, suggestion)
                for problem in document["problems"]:
                    self.assertEqual(problem["file"], "flow.yaml")
                    place = f"flow.yaml:{problem['line']}:{problem['column']}: "
                    self.assertIn(place + problem["field"], refused.stderr)
        self.assert_nothing_written()

    def test_run_and_submit_refuse_them_too(self):
        for name, text, line, field, message, _ in BROKEN[::5]:
            with self.subTest(name):
                self.write("flow.yaml", text)
                for command in ("run", "submit"):
                    refused = self.windlass(command, "flow.yaml", "--output", "json", code=2)
                    self.assert_listed(refused.json()["problems"], line, field, message, "")
        self.assert_nothing_written()

    def test_a_file_with_many_mistakes_is_told_of_all(self):
        self.write("flow.yaml", """
            windlass: 1
            name: many
            tasks:
              a: {type: noop, priority: 10, delay: 5}
              b: {type: nop, depends_on: [c]}
              d: {depends_on: [a]}
              e: {type: noop, depends_on: [f]}
              f: {type: noop, depends_on: [e], colour: red}
            timeout: never
            """)
        problems = self.windlass("validate", "flow.yaml", "--output", "json", code=2).json()["problems"]
        found = [(p["line"], p["field"]) for p in problems]
        for place in [(5, "tasks.a.priority"), (5, "tasks.a.delay"), (6, "tasks.b.type"),
                      (6, "tasks.b.depends_on[0]"), (7, "tasks.d"), (9, "tasks.f.colour"),
                      (10, "timeout")]:
            self.assertIn(place, found)
        self.assertTrue(any("wait for each other" in p["message"] for p in problems), problems)
        self.assertEqual(found, sorted(found, key=lambda place: place[0]))


def alias_bomb():
    lines = ["windlass: 1", "name: w", "labels:", "  a0: &a0 [x, x, x, x, x, x, x, x]"]
    for i in range(1, 60):
        lines.append(f"  a{i}: &a{i} [" + ", ".join([f"*a{i - 1}"] * 8) + "]")
    return "\n".join(lines).encode()


HOSTILE = {
    "alias-bomb.yaml": alias_bomb,
    "deep-flow.yaml": lambda: b"a: " + b"[" * 100_000,
    "deep-mapping.yaml": lambda: b"{a: " * 100_000,
    "deep-block.yaml": lambda: b"\n".join(b" " * i + b"a:" for i in range(5_000)),
    "deep.json": lambda: b'{"a":' * 100_000,
    "deep-expression.yaml": lambda: HEAD.encode() + b'  a: {type: noop, when: "'
    + b"(" * 50_000 + b'"}',
    "long-expression.yaml": lambda: HEAD.encode() + b"  a: {type: noop, when: '"
    + b"1+" * 200_000 + b"'}",
    "large.yaml": lambda: GOOD.encode() + b"# filling\n" * 2_000_000,
    "large.json": lambda: b'{"windlass": 1, "name": "' + b"x" * 20_000_000 + b'"}',
    "binary.yaml": lambda: bytes(range(256)) * 64,
    "elf.yaml": lambda: b"\x7fELF\x02\x01\x01" + bytes(100),
    "nul.yaml": lambda: b"windlass: 1\nname: w\0x\n",
    "latin-1.yaml": lambda: b"windlass: 1\nname: caf\xe9\n",
    "utf-16.yaml": lambda: GOOD.encode("utf-16"),
    "surrogate.yaml": lambda: b"windlass: 1\nname: \xed\xa0\x80\n",
    "empty.yaml": lambda: b"",
    "blank.yaml": lambda: b"\n\n   \n",
    "comment.yaml": lambda: b"# nothing\n",
    "many-mistakes.yaml": lambda: HEAD.encode() + b"".join(
        b"  t%d: {type: noop, depends_on: [u%d]}\n" % (i, i) for i in range(100_000)),
    "long-cycle.yaml": lambda: HEAD.encode() + b"".join(
        b"  t%d: {type: noop, depends_on: [t%d]}\n" % (i, (i + 1) % 50_000) for i in range(50_000)),
}


class HostileFilesTest(EndToEndTest):
    SECONDS = 20
    MEBIBYTES = 1500

    def refuse(self, path):
        """Validates it under a limit of memory; returns stderr."""
        def limit():
            size = 2 * self.MEBIBYTES << 20
            resource.setrlimit(resource.RLIMIT_AS, (size, size))
        started = time.monotonic()
        with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
            process = subprocess.Popen([WINDLASS, "run", str(path)], cwd=self.folder, stdout=out,
                                       stderr=err, stdin=subprocess.DEVNULL, preexec_fn=limit,
                                       env=self.environment())
            self.started.append(process)
            _, status, usage = os.wait4(process.pid, 0)
            process.returncode = os.waitstatus_to_exitcode(status)
            err.seek(0)
            stderr = err.read().decode()
        self.assertEqual(process.returncode, 2, stderr[-2000:])
        self.assertLess(time.monotonic() - started, self.SECONDS)
        self.assertLess(usage.ru_maxrss / 1024, self.MEBIBYTES)
        self.assertIn(str(path), stderr)
        self.assertFalse((self.folder / ".windlass").exists(), "a store was made")
        return stderr

    def test_hostile_files_are_refused_soon_and_in_bounded_memory(self):
        for name, content in HOSTILE.items():
            with self.subTest(name):
                (self.folder / name).write_bytes(content())
                self.refuse(name)

    def test_what_is_no_readable_file_is_refused(self):
        (self.folder / "folder.yaml").mkdir()
        (self.folder / "loop.yaml").symlink_to("loop.yaml")
        (self.folder / "file").touch()
        for name in ("missing.yaml", "folder.yaml", "loop.yaml", "file/below.yaml", "/dev/zero"):
            with self.subTest(name):
                self.refuse(name)
        self.assertIn("No such file", self.refuse("missing.yaml"))
        self.assertIn("directory", self.refuse("folder.yaml"))

    @unittest.skipIf(os.geteuid() == 0, "root may read everything")
    def test_a_file_without_permission_is_refused(self):
        self.write("private.yaml", GOOD).chmod(0)
        self.assertIn("Permission denied", self.refuse("private.yaml"))

    def test_standard_input_has_the_same_limit(self):
        refused = self.windlass("validate", "-", stdin="#" * 20_000_000, code=2)
        self.assertIn("16777216", refused.stderr)

    def test_stdin_is_a_file_like_any_other(self):
        self.windlass("validate", "-", stdin=GOOD, code=0)
        refused = self.windlass("validate", "-", stdin=task("type: noop, delay: 3"), code=2)
        self.assertIn("<stdin>:4:", refused.stderr)


PARAMS = """
    windlass: 1
    name: w
    params:
      state: {type: string, pattern: "^[A-Z]{2}$"}
      limit: {type: integer, minimum: 1, default: 3}
      names: {type: array, items: {type: string}, default: []}
    tasks:
      a: {type: noop}
    """


class BadInputTest(EndToEndTest):
    def refuse(self, *arguments, says=(), env=None, json=True):
        refused = self.windlass(*arguments, code=2, env=env)
        for words in says:
            self.assertIn(words, refused.stderr)
        self.assertEqual(refused.stdout, "")
        if json:
            document = self.windlass(*arguments, "--output", "json", code=2, env=env).json()
            self.assertIn("error", document)
        made = (self.folder / ".windlass").exists()
        shutil.rmtree(self.folder / ".windlass", ignore_errors=True)
        self.assertFalse(made, "a store was made")

    def test_bad_params_are_refused(self):
        self.write("flow.yaml", PARAMS)
        self.write("list.json", "[1]")
        self.write("broken.yaml", "state: WA\nlimit: [1\n")
        cases = {
            "missing": ([], ["'state' is missing", "no default"]),
            "unknown": (["-p", "state=WA", "-p", "limt=3"], ["unknown param 'limt'", "'limit'"]),
            "of another type": (["-p", "state=WA", "-p", "limit=many"], ["'limit'", "many"]),
            "out of range": (["-p", "state=WA", "-p", "limit=0"], ["'limit'", "1"]),
            "against its pattern": (["-p", "state=Washington"], ["'state'"]),
            "wrong inside": (["-p", "state=WA", "-p", "names=[1]"], ["'names'"]),
            "without a value": (["-p", "state"], ["expected name=value"]),
            "without a name": (["-p", "=WA"], ["expected name=value"]),
            "in no file": (["--params", "none.json"], ["none.json"]),
            "in a list": (["--params", "list.json"], ["list.json", "mapping"]),
            "in a broken file": (["--params", "broken.yaml"], ["broken.yaml:"]),
            "several": (["-p", "limit=many", "-p", "x=1"], ["'state'", "'limit'", "'x'"]),
        }
        for name, (arguments, says) in cases.items():
            with self.subTest(name):
                self.refuse("run", "flow.yaml", *arguments, says=says)
                self.refuse("submit", "flow.yaml", *arguments, says=says)

    def test_bad_flags_are_refused(self):
        self.write("flow.yaml", GOOD)
        cases = [
            (["run", "flow.yaml", "--sltos", "3"], ["--sltos", "--slots"]),
            (["rnu", "flow.yaml"], ["rnu", "run"]),
            (["run"], ["file"]),
            (["run", "flow.yaml", "other.yaml"], ["other.yaml"]),
            (["run", "flow.yaml", "--slots", "many"], ["--slots", "many"]),
            (["run", "flow.yaml", "--slots", "-1"], ["--slots", "-1"]),
            (["run", "flow.yaml", "--slots"], ["--slots"]),
            (["run", "flow.yaml", "--log-level", "loud"], ["--log-level", "loud", "debug"]),
            (["run", "flow.yaml", "--lease-ttl", "soon"], ["--lease-ttl", "soon"]),
            (["run", "flow.yaml", "--lease-ttl", "1ms"], ["--lease-ttl", "300ms"]),
            (["run", "flow.yaml", "--sweep-interval", "3"], ["--sweep-interval", "3"]),
            (["run", "flow.yaml", "--sweep-interval", "0s"], ["--sweep-interval", "10ms"]),
            (["run", "flow.yaml", "--poll-interval", "0s"], ["--poll-interval", "10ms"]),
            (["run", "flow.yaml", "--drain-grace-period", "9999999d"],
             ["--drain-grace-period", "365d"]),
            (["run", "flow.yaml", "--secrets-dir", "nowhere"],
             ["--secrets-dir", "no folder nowhere"]),
            (["run", "flow.yaml", "--secrets-dir", "flow.yaml"],
             ["--secrets-dir", "flow.yaml is not a folder"]),
            (["run", "flow.yaml", "--scratch-dir", "nowhere"],
             ["--scratch-dir", "no folder nowhere"]),
            (["run", "flow.yaml", "--allow-env", "HOME=x"], ["--allow-env", "HOME=x"]),
            (["executor", "--secrets-dir", "flow.yaml/x"], ["--secrets-dir", "flow.yaml/x"]),
            (["executor", "--memory", "1GiB"], ["--memory", "--profile data"]),
            (["executor", "--cpus", "2"], ["--cpus", "--profile data"]),
            (["executor", "--profile", "data", "--memory", "much"], ["--memory", "8GiB"]),
            (["executor", "--profile", "data", "--memory", "0"], ["--memory", "8GiB"]),
            (["executor", "--profile", "data", "--cpus", "-1"], ["--cpus"]),
            (["executor", "--spill-quota", "0"], ["--spill-quota", "64GiB"]),
            (["executor", "--in-flight", "5"], ["--in-flight", "--profile api"]),
            (["executor", "--http-allow", "10.0.0.0/99"], ["--http-allow", "10.0.0.0/99"]),
            (["executor", "--http-ca", "/nowhere"], ["--http-ca", "/nowhere"]),
            (["executor", "--profile", "gpu"], ["--profile", "gpu", "generic", "data", "api"]),
            (["executor", "--type", "shel"], ["--type", "'shel'", "'shell'"]),
            (["executor", "--queue", ""], ["--queue"]),
            (["executor", "--slots", "-1"], ["--slots", "-1"]),
            (["bench", "noop", "--slots", "-1"], ["--slots", "-1"]),
            (["submit", "flow.yaml", "--count", "0"], ["--count"]),
            (["submit", "flow.yaml", "--count", "3", "--key", "k"], ["--key", "--count"]),
            (["list", "--state", "done"], ["--state", "done", "succeeded"]),
            (["list", "--limit", "0"], ["--limit"]),
            (["list", "--store", "mysql:host"], ["mysql:host", "sqlite"]),
            (["list", "--store", "windlass.db"], ["windlass.db", "SCHEME:PLACE"]),
            (["doctor", "--config", "none.yaml"], ["none.yaml"]),
            (["completion", "ksh"], ["ksh", "bash"]),
            (["dead-letter"], ["dead-letter"]),
            (["executor", "--source", "pigeon"], ["--source", "pigeon"]),
            (["list", "--broker", "http://host"], ["broker", "amqp://"]),
            (["executor", "--source", "rabbitmq"], ["--source", "--broker"]),
            (["eval"], ["expression"]),
            (["eval", "1 +"], ["1"]),
            ([], []),
        ]
        for arguments, says in cases:
            with self.subTest(" ".join(arguments)):
                self.refuse(*arguments, says=says)
        refused = self.windlass("version", "--output", "xml", code=2)
        self.assertIn("--output", refused.stderr)

    def test_bad_environment_variables_are_refused_by_name(self):
        self.write("flow.yaml", GOOD)
        for name, value in {"WINDLASS_SLOTS": "many", "WINDLASS_LOG_LEVEL": "loud",
                            "WINDLASS_OUTPUT": "xml", "WINDLASS_STORE_FILE": "none",
                            "WINDLASS_CONFIG": "none.yaml"}.items():
            with self.subTest(name):
                self.refuse("run", "flow.yaml", says=[name if name != "WINDLASS_CONFIG" else value, value],
                            env={name: value}, json=name != "WINDLASS_OUTPUT")

    def test_bad_configuration_files_are_refused_with_key_and_line(self):
        self.write("flow.yaml", GOOD)
        cases = {
            "an unknown key": ("slots: 2\nlease_tll: 3s\n", ["config.yaml:2:1:", "lease_tll", "lease_ttl"]),
            "a bad value": ("log_level: info\nslots: many\n", ["config.yaml:2:", "slots", "many"]),
            "no mapping": ("- slots\n", ["config.yaml", "mapping"]),
            "no YAML": ("slots: [1\n", ["config.yaml:"]),
            "a mapping as value": ("slots: {n: 1}\n", ["config.yaml:1:", "slots"]),
            "nothing as value": ("slots:\n", ["config.yaml:1:", "slots"]),
        }
        for name, (text, says) in cases.items():
            with self.subTest(name):
                (self.folder / "config.yaml").write_text(text)
                self.refuse("run", "flow.yaml", "--config", "config.yaml", says=says)


if __name__ == "__main__":
    unittest.main()

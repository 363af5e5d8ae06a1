"""`windlass run` on workflows of many shapes."""

import unittest

from support import EndToEndTest


class RunTest(EndToEndTest):
    def test_a_diamond_runs_in_order_and_passes_results_on(self):
        run = self.run_workflow("""
            windlass: 1
            name: diamond
            tasks:
              top: {type: shell, params: {command: "echo 20"}}
              left:
                type: shell
                depends_on: [top]
                params: {command: "echo $(( ${{ tasks.top.result }} + 1 ))", result: json}
              right:
                type: shell
                depends_on: [top]
                params: {command: [expr, "${{ tasks.top.result }}", "*", "2"], result: json}
              bottom:
                type: shell
                depends_on: [left, right]
                params:
                  command: [cat]
                  stdin: {sum: "${{ tasks.left.result + tasks.right.result }}"}
                  result: json
            """)
        self.assertEqual(run["state"], "succeeded")
        self.assertEqual(self.value(run, "bottom"), {"sum": 61})
        order = {t["id"]: t["started_at"] for t in run["tasks"]}
        self.assertLess(order["top"], order["left"])
        self.assertLess(order["right"], order["bottom"])

    def test_the_document_has_the_promised_fields(self):
        run = self.run_workflow("""
            windlass: 1
            name: fields
            params: {who: {type: string, default: Ada}}
            tasks:
              hello: {type: shell, params: {command: [echo, "Hello ${{ params.who }}"]}}
            """)
        for field in ("run_id", "workflow", "state", "params", "created_at",
                      "finished_at", "tasks"):
            self.assertIn(field, run)
        self.assertEqual(run["params"], {"who": "Ada"})
        task = run["tasks"][0]
        for field in ("id", "index", "type", "state", "attempt", "started_at",
                      "finished_at", "duration_ms", "executor", "result", "error"):
            self.assertIn(field, task)
        self.assertEqual(task["result"]["kind"], "json")
        self.assertEqual(task["result"]["value"], "Hello Ada")
        self.assertEqual(len(task["result"]["sha256"]), 64)
        self.assertIsNone(task["error"])
        self.assertEqual(self.show(run["run_id"]), run)

    def test_a_map_keeps_the_order_of_its_items(self):
        run = self.run_workflow("""
            windlass: 1
            name: map
            params: {items: {type: array}}
            tasks:
              double:
                type: shell
                map: {items: "${{ params.items }}", as: n, max_parallel: 3}
                params: {command: "echo $(( ${{ n }} * 2 + ${{ index }} ))", result: json}
              total:
                type: shell
                depends_on: [double]
                params: {command: [cat], stdin: "${{ tasks.double.result }}", result: json}
            """, "-p", "items=[5, 3, 9, 1, 7]")
        self.assertEqual(self.value(run, "total"), [10, 7, 20, 5, 18])
        self.assertEqual(self.value(run, "double", 2), 20)
        listed = self.windlass("result", run["run_id"], "double", "--output", "json", code=0)
        self.assertEqual(listed.json(), [10, 7, 20, 5, 18])

    def test_a_map_over_nothing_succeeds_with_an_empty_list(self):
        run = self.run_workflow("""
            windlass: 1
            name: empty
            tasks:
              each: {type: noop, map: {items: []}}
              skip: {type: noop, map: {items: [], on_empty: skip}}
              count:
                type: shell
                depends_on: [each]
                params: {command: [echo, "${{ size(tasks.each.result) }}"], result: json}
              after: {type: noop, depends_on: [skip]}
            """)
        self.assertEqual(self.states(run), {"each": "succeeded", "skip": "skipped",
                                            "count": "succeeded", "after": "skipped"})
        self.assertEqual(self.value(run, "count"), 0)

    def test_a_map_of_ten_thousand_items_ends_in_order(self):
        run = self.run_workflow("""
            windlass: 1
            name: wide
            params: {n: {type: array}}
            tasks:
              each: {type: noop, map: {items: "${{ params.n }}"}}
              last: {type: shell, depends_on: [each],
                     params: {command: [echo, "${{ size(tasks.each.result) }}"], result: json}}
            """, "--params", self.write("params.json", '{"n": [' + ",".join("7" * 10_000) + "]}"))
        self.assertEqual(self.value(run, "last"), 10_000)
        self.assertEqual(sum(t["id"] == "each" and t["index"] is not None
                             for t in run["tasks"]), 10_000)

    def test_expressions_keep_their_types(self):
        run = self.run_workflow("""
            windlass: 1
            name: types
            tasks:
              make:
                type: shell
                params:
                  command: [cat]
                  result: json
                  stdin: {i: 3, d: 2.0, s: "3", b: true, n: null, l: [1, "x"], o: {k: {}}}
              pass:
                type: shell
                depends_on: [make]
                params:
                  command: [cat]
                  result: json
                  stdin:
                    i: "${{ tasks.make.result.i }}"
                    d: "${{ tasks.make.result.d }}"
                    s: "${{ tasks.make.result.s }}"
                    b: "${{ tasks.make.result.b }}"
                    n: "${{ tasks.make.result.n }}"
                    l: "${{ tasks.make.result.l }}"
                    o: "${{ tasks.make.result.o }}"
                    text: "i is ${{ tasks.make.result.i }}"
            """)
        value = self.value(run, "pass")
        self.assertEqual(value, {"i": 3, "d": 2.0, "s": "3", "b": True, "n": None,
                                 "l": [1, "x"], "o": {"k": {}}, "text": "i is 3"})
        self.assertIsInstance(value["d"], float)
        self.assertIsInstance(value["i"], int)

    def test_hostile_values_stay_data(self):
        nasty = "$(touch pwned); `touch pwned`; ' \" \\ ${{ 1 + 1 }} \n; touch pwned # é"
        run = self.run_workflow("""
            windlass: 1
            name: hostile
            params: {x: {type: string}}
            tasks:
              argv: {type: shell, params: {command: [printf, "%s", "${{ params.x }}"]}}
              line: {type: shell, params: {command: "printf %s ${{ params.x }}"}}
              quoted: {type: shell, params: {command: "printf '%s|%s' a ${{ params.x }}"}}
              double: {type: shell, params: {command: 'printf %s "${{ params.x }}"'}}
              single: {type: shell, params: {command: "printf '%s' '${{ params.x }}'"}}
              nested: {type: shell, params: {command: 'printf %s. "$(printf %s. "${{ params.x }}")"'}}
              refused: {type: shell, allow_failure: true, params: {command: "echo `echo ${{ params.x }}`"}}
              again:
                type: shell
                depends_on: [argv]
                params: {command: "printf %s ${{ tasks.argv.result }}"}
            """, "--params", self.write("p.json", __import__("json").dumps({"x": nasty})))
        self.assertEqual(self.value(run, "argv"), nasty)
        self.assertEqual(self.value(run, "line"), nasty)
        self.assertEqual(self.value(run, "quoted"), "a|" + nasty)
        self.assertEqual(self.value(run, "again"), nasty)
        self.assertEqual(self.value(run, "double"), nasty)
        self.assertEqual(self.value(run, "single"), nasty)
        self.assertEqual(self.value(run, "nested"), nasty + "..")
        self.assertIn("command", self.task(run, "refused")["error"]["message"])
        self.assertFalse((self.folder / "pwned").exists())

    def test_a_failing_task_is_retried_and_its_history_kept(self):
        run = self.run_workflow("""
            windlass: 1
            name: retry
            tasks:
              flaky:
                type: shell
                retry_policy: {initial_interval: 10ms, maximum_attempts: 5}
                params: {command: "echo try $WINDLASS_ATTEMPT; [ $WINDLASS_ATTEMPT -ge 3 ]"}
            """)
        flaky = self.task(run, "flaky")
        self.assertEqual((flaky["state"], flaky["attempt"]), ("succeeded", 3))
        self.assertEqual(flaky["result"]["value"], "try 3")

    def test_a_failure_fails_what_depends_on_it_and_the_run(self):
        run = self.run_workflow("""
            windlass: 1
            name: failing
            tasks:
              bad: {type: shell, params: {command: "echo why >&2; exit 7"}}
              after: {type: noop, depends_on: [bad]}
              cleanup: {type: noop, depends_on: [bad], trigger_rule: all_done}
              handler: {type: noop, depends_on: [bad], trigger_rule: one_failed}
            """, code=1)
        self.assertEqual(run["state"], "failed")
        self.assertEqual(self.states(run), {"bad": "failed", "after": "failed",
                                            "cleanup": "succeeded", "handler": "succeeded"})
        error = self.task(run, "bad")["error"]
        self.assertEqual(error["type"], "ExitCode")
        self.assertIn("7", error["message"])
        self.assertEqual(self.task(run, "after")["error"]["type"], "UpstreamFailed")
        letters = self.windlass("dead-letter", "list", "--output", "json", code=0).json()
        self.assertEqual([l["task"] for l in letters["dead_letters"]], ["bad"])

    def test_an_allowed_failure_lets_the_run_succeed(self):
        run = self.run_workflow("""
            windlass: 1
            name: allowed
            tasks:
              bad: {type: shell, allow_failure: true, params: {command: exit 1}}
              after: {type: shell, depends_on: [bad],
                      params: {command: [echo, "${{ tasks.bad.state }}"]}}
            """)
        self.assertEqual(run["state"], "succeeded")
        self.assertEqual(self.task(run, "bad")["state"], "failed")
        self.assertEqual(self.value(run, "after"), "failed")

    def test_a_false_condition_skips_and_the_skip_goes_on(self):
        run = self.run_workflow("""
            windlass: 1
            name: when
            params: {big: {type: boolean, default: false}}
            tasks:
              check: {type: noop, when: "${{ params.big }}"}
              bare: {type: noop, when: "!params.big"}
              after: {type: noop, depends_on: [check]}
              join: {type: noop, depends_on: [check, bare], trigger_rule: none_failed}
            """)
        self.assertEqual(self.states(run), {"check": "skipped", "bare": "succeeded",
                                            "after": "skipped", "join": "succeeded"})

    def test_a_missing_path_is_an_error_not_an_empty_string(self):
        run = self.run_workflow("""
            windlass: 1
            name: missing
            tasks:
              make: {type: shell, params: {command: "echo '{}'", result: json}}
              use: {type: shell, depends_on: [make],
                    params: {command: [echo, "${{ tasks.make.result.rows }}"]}}
            """, code=1)
        error = self.task(run, "use")["error"]
        self.assertEqual(error["type"], "TemplateError")
        self.assertFalse(error["retryable"])
        self.assertIn("rows", error["message"])

    def test_a_timeout_kills_the_whole_process_tree(self):
        run = self.run_workflow("""
            windlass: 1
            name: slow
            tasks:
              slow:
                type: shell
                start_to_close_timeout: 300ms
                cancellation: {grace_period: 200ms}
                params: {command: "(setsid sleep 300 & echo $! > pid); trap '' TERM; sleep 300"}
            """, code=1)
        slow = self.task(run, "slow")
        self.assertEqual(slow["error"]["type"], "Timeout")
        from support import alive
        pid = int(self.read("pid"))
        self.wait_until(lambda: not alive(pid), "the grandchild is gone", 10)

    def test_on_exit_runs_whatever_the_outcome_and_knows_it(self):
        run = self.run_workflow("""
            windlass: 1
            name: exits
            tasks:
              bad: {type: shell, params: {command: exit 1}}
            on_exit: {type: shell, params: {command: "echo ${{ run.state }} > outcome"}}
            """, code=1)
        self.assertEqual(self.read("outcome").strip(), "failed")
        self.assertEqual(run["state"], "failed")

    def test_a_sub_workflow_runs_without_holding_a_slot(self):
        self.write("child.yaml", """
            windlass: 1
            name: child
            params: {n: {type: integer}}
            tasks:
              square: {type: shell, params: {command: "echo $(( ${{ params.n }} * ${{ params.n }} ))", result: json}}
            """)
        run = self.run_workflow("""
            windlass: 1
            name: parent
            tasks:
              call: {type: workflow, params: {file: child.yaml, params: {n: 7}}}
              use: {type: shell, depends_on: [call],
                    params: {command: [echo, "${{ tasks.call.result.results.square }}"], result: json}}
            """, "--slots", "1")
        self.assertEqual(self.value(run, "use"), 49)

    def test_a_sub_workflow_gives_the_results_of_its_map_as_one_list(self):
        self.write("child.yaml", """
            windlass: 1
            name: child
            tasks:
              one: {type: shell, map: {items: [1, 2, 3]}, params: {command: [echo, "${{ item }}"], result: json}}
              many: {type: shell, params: {command: [echo, "${{ json(item) }}"], result: json},
                     map: {items: [1, 2, 3], batch: 2, item_results: result}}
            """)
        run = self.run_workflow("""
            windlass: 1
            name: parent
            tasks:
              call: {type: workflow, params: {file: child.yaml}}
            """)
        self.assertEqual(self.value(run, "call")["results"],
                         {"one": [1, 2, 3], "many": [1, 2, 3]})

    def test_a_large_result_goes_to_the_result_store_and_comes_back_whole(self):
        run = self.run_workflow("""
            windlass: 1
            name: large
            tasks:
              big: {type: shell, params: {command: "seq 1 300000", result: bytes}}
              count: {type: shell, depends_on: [big],
                      params: {command: [echo, "${{ tasks.big.result.size }}"], result: json}}
            """)
        big = self.task(run, "big")["result"]
        self.assertEqual(big["kind"], "binary")
        self.assertIn("uri", big)
        self.assertEqual(big["size"], self.value(run, "count"))
        self.windlass("result", run["run_id"], "big", "--to", "out.txt", code=0)
        import hashlib
        digest = hashlib.sha256((self.folder / "out.txt").read_bytes()).hexdigest()
        self.assertEqual(digest, big["sha256"])

    def test_a_result_that_breaks_its_schema_is_no_success(self):
        run = self.run_workflow("""
            windlass: 1
            name: schema
            tasks:
              bad:
                type: shell
                params: {command: "echo '{\\"n\\": \\"x\\"}'", result: json}
                result: {schema: {type: object, properties: {n: {type: integer}}}}
            """, code=1)
        error = self.task(run, "bad")["error"]
        self.assertEqual(error["type"], "InvalidResult")
        self.assertIn("n", error["message"])

    def test_equal_cache_keys_are_computed_once(self):
        flow = """
            windlass: 1
            name: cached
            tasks:
              slow:
                type: shell
                cache: {key: "fixed"}
                params: {command: "echo x >> count; echo done"}
            """
        first = self.run_workflow(flow)
        second = self.run_workflow(flow)
        self.assertEqual(self.read("count"), "x\n")
        self.assertEqual(self.value(second, "slow"), "done")
        self.assertIn(first["run_id"], self.task(second, "slow")["cached_from"])

    def test_secrets_reach_the_task_and_nothing_else(self):
        run = self.run_workflow("""
            windlass: 1
            name: secret
            tasks:
              use:
                type: shell
                params: {command: [sh, -c, "test $0 = hunter2 && echo fine; echo $0 >&2", "${{ secrets.TOKEN }}"]}
              leak:
                type: shell
                allow_failure: true
                params: {command: [sh, -c, "echo $0 >&2; exit 3", "${{ secrets.TOKEN }}"]}
            """, env={"WINDLASS_SECRET_TOKEN": "hunter2"})
        self.assertEqual(self.value(run, "use"), "fine")
        shown = self.windlass("show", run["run_id"], "--output", "json", code=0).stdout
        logs = self.windlass("logs", run["run_id"], code=0).stdout
        self.assertNotIn("hunter2", shown + logs)
        self.assertIn("***", logs)

    def test_secrets_are_not_kept_in_bytes_and_files(self):
        self.write("job.py", """
            import json, sys
            print(json.dumps({"type": "ready", "protocol": 1}), flush=True)
            for line in sys.stdin:
                task = json.loads(line)
                if task["type"] != "task":
                    continue
                path = task["scratch_dir"] + "/out"
                with open(path, "w") as out:
                    out.write("x" * 200_000 + task["args"]["token"])
                print(json.dumps({"type": "result", "path": path}), flush=True)
            """)
        run = self.run_workflow("""
            windlass: 1
            name: secret
            tasks:
              bytes:
                type: shell
                params: {command: [sh, -c, 'head -c 3000000 /dev/zero | tr "\\0" y; echo $0', "${{ secrets.TOKEN }}"], result: bytes, media_type: text/plain}
              file:
                type: process
                params: {command: [python3, job.py], args: {token: "${{ secrets.TOKEN }}"}}
              mine:
                type: file
                params: {operation: write, path: mine.txt, content: "${{ secrets.TOKEN }}"}
            """, env={"WINDLASS_SECRET_TOKEN": "hunter2"})
        for task, filler in (("bytes", b"y" * 3_000_000), ("file", b"x" * 200_000)):
            self.windlass("result", run["run_id"], task, "--to", "kept", code=0)
            kept = (self.folder / "kept").read_bytes()
            self.assertTrue(kept.strip() == filler + b"***", kept[-20:])
            self.assertEqual(self.task(run, task)["result"]["size"], len(kept))
        # What a file task is told to write is the user's own.
        self.assertEqual(self.read("mine.txt"), "hunter2")

    def test_environment_is_read_only_where_it_is_allowed(self):
        flow = """
            windlass: 1
            name: env
            tasks:
              show: {type: shell, params: {command: [echo, "${{ env.GREETING }}"]}}
            """
        refused = self.run_workflow(flow, code=1, env={"GREETING": "hi"})
        self.assertIn("--allow-env", self.task(refused, "show")["error"]["message"])
        allowed = self.run_workflow(flow, "--allow-env", "GREETING", env={"GREETING": "hi"})
        self.assertEqual(self.value(allowed, "show"), "hi")


if __name__ == "__main__":
    unittest.main()

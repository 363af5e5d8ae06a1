"""A program that uses the SDK, spoken to as the executor speaks to it."""

import json
import os
import pathlib
import subprocess
import sys
import tempfile
import textwrap
import unittest

ROOT = pathlib.Path(__file__).resolve().parent.parent


class Program:
    """A program whose handler is `body`, a function of `task`."""

    def __init__(self, body, source=None):
        source = source or ("import os, subprocess, sys, windlass\n"
                  "def work(task):\n" + textwrap.indent(
                      textwrap.dedent(body), "    ") +
                  "\nwindlass.serve(work)\n")
        self.scratch = tempfile.TemporaryDirectory()
        self.process = subprocess.Popen(
            [sys.executable, "-c", source], stdin=subprocess.PIPE,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
            env={**os.environ, "PYTHONPATH": str(ROOT)})
        self.send(type="hello", protocol=1)

    def send(self, **message):
        self.process.stdin.write(json.dumps(message) + "\n")
        self.process.stdin.flush()

    def task(self, args=None, heartbeat_details=None, id="1", **more):
        self.send(type="task", id=id, run="r1", task="t", index=None,
                  attempt=1, lease_token=7, idempotency_key="r1/t",
                  base_dir="/", scratch_dir=self.scratch.name,
                  heartbeat_details=heartbeat_details, args=args, **more)

    def read(self):
        return json.loads(self.process.stdout.readline())

    def close(self):
        self.process.stdin.close()
        with self.process.stderr:
            errors = self.process.stderr.read()
        self.process.stdout.close()
        code = self.process.wait(timeout=10)
        self.scratch.cleanup()
        return code, errors


# A worker of task type `python` for which every second fork fails.
SHORT_OF_PROCESSES = """
import itertools, os
import windlass._fork as worker
real, count = os.fork, itertools.count()
def fork():
    if next(count) % 2 == 1: raise BlockingIOError("no more processes")
    return real()
os.fork = fork
worker.main([])
"""


class WorkerTest(unittest.TestCase):
    def test_a_worker_that_cannot_fork_ahead_forks_when_a_task_comes(self):
        program = Program("", SHORT_OF_PROCESSES)
        self.addCleanup(program.process.kill)
        self.assertEqual(program.read()["type"], "ready")
        for n in range(4):
            program.task(id=str(n), args={
                "function": "main", "script": None, "code": "def main(x): return x + 1",
                "args": {"x": n}, "memory": 1 << 30, "max_processes": 10, "max_rows": 10})
            self.assertEqual(program.read(), {"type": "result", "id": str(n), "value": n + 1})
        self.assertEqual(program.close()[0], 0)


class SdkTest(unittest.TestCase):
    def start(self, body):
        program = Program(body)
        self.addCleanup(program.process.kill)
        self.assertEqual(program.read(), {"type": "ready", "protocol": 1})
        return program

    def test_each_task_is_in_its_own_trace(self):
        program = self.start("return [task.traceparent, task.tracestate, "
                             "os.environ.get('TRACEPARENT')]")
        program.task(traceparent="00-a-b-01", tracestate="c=1")
        self.assertEqual(program.read()["value"], ["00-a-b-01", "c=1", "00-a-b-01"])
        program.task(id="2")
        self.assertEqual(program.read()["value"], ["", "", None])
        self.assertEqual(program.close()[0], 0)

    def run_once(self, body, args=None, **task):
        program = self.start(body)
        program.task(args, **task)
        end = program.read()
        code, errors = program.close()
        self.assertEqual(code, 0)
        return end, errors

    def test_what_the_handler_returns_is_the_result(self):
        end, _ = self.run_once("return {'sum': sum(task.args)}", [1, 2])
        self.assertEqual(
            end, {"type": "result", "id": "1", "value": {"sum": 3}})

    def test_one_program_executes_task_after_task(self):
        program = self.start("return task.args")
        for number in range(3):
            program.task(number, id=str(number))
            self.assertEqual(program.read()["value"], number)
        self.assertEqual(program.close()[0], 0)

    def test_print_and_children_write_to_the_log(self):
        end, errors = self.run_once(
            "print('from print')\n"
            "subprocess.run(['echo', 'from a child'])\n"
            "return os.read(0, 1) == b''")
        self.assertTrue(end["value"])
        self.assertIn("from print\n", errors)
        self.assertIn("from a child\n", errors)

    def test_an_exception_is_a_retryable_failure_with_its_traceback(self):
        end, _ = self.run_once("return {}['missing']")
        self.assertEqual(end["error_type"], "KeyError")
        self.assertNotIn("retryable", end)
        self.assertIn("work", end["details"]["traceback"])

    def test_errors_say_whether_to_try_again(self):
        end, _ = self.run_once(
            "raise windlass.FinalError('no', type='BadInput',"
            " details={'row': 3})")
        self.assertEqual(
            (end["error_type"], end["retryable"], end["details"]),
            ("BadInput", False, {"row": 3}))
        end, _ = self.run_once(
            "raise windlass.RetryableError('busy', retry_after='30s')")
        self.assertEqual((end["retryable"], end["next_retry_delay"]),
                         (True, "30s"))

    def test_progress_heartbeat_save_and_log_are_messages(self):
        program = self.start("""
            task.progress(0.5, "half")
            task.heartbeat({"row": task.heartbeat_details["row"] + 1})
            task.save("model", [1])
            task.log("careful", "warn")
        """)
        program.task(heartbeat_details={"row": 1})
        seen = [program.read() for _ in range(5)]
        self.assertEqual([m["type"] for m in seen],
                         ["progress", "heartbeat", "save", "log", "result"])
        self.assertEqual(seen[1]["details"], {"row": 2})
        self.assertIsNone(seen[4]["value"])
        program.close()

    def test_load_waits_for_its_answer(self):
        program = self.start(
            "return [task.load('a'), task.load('b', default=9)]")
        program.task()
        self.assertEqual(program.read()["name"], "a")
        program.send(type="loaded", id="1", name="a", found=True, value=5)
        self.assertEqual(program.read()["name"], "b")
        program.send(type="loaded", id="1", name="b", found=False, value=None)
        self.assertEqual(program.read()["value"], [5, 9])
        program.close()

    def test_a_cancel_is_seen_while_the_handler_works(self):
        program = self.start(
            "task.progress(0)\n"
            "task.wait_cancelled(10)\n"
            "return [task.cancelled(), task.cancel_reason]")
        program.task()
        program.read()
        program.send(type="cancel", id="1", reason="timeout")
        self.assertEqual(program.read()["value"], [True, "timeout"])
        program.close()

    def test_bytes_become_a_file_in_the_scratch_folder(self):
        program = self.start("return b'\\x00\\xff'")
        program.task()
        path = pathlib.Path(program.read()["path"])
        self.assertEqual(path.read_bytes(), b"\x00\xff")
        self.assertEqual(path.parent, pathlib.Path(program.scratch.name))
        program.close()

    def test_a_result_that_is_not_json_is_a_final_failure(self):
        for value in ("{1, 2}", "float('nan')"):
            end, _ = self.run_once(f"return {value}")
            self.assertEqual((end["error_type"], end["retryable"]),
                             ("InvalidResult", False))

    def test_the_program_ends_with_its_input(self):
        self.assertEqual(self.start("return 1").close()[0], 0)


if __name__ == "__main__":
    unittest.main()

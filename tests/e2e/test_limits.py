"""Limits hold over all executors, whatever is killed."""

import http.server
import json
import threading
import time
import unittest

from support import EndToEndTest

# Each instance writes when it began and ended, by the one clock they share.
WORK = """
    windlass: 1
    name: limited
    tasks:
      m:
        type: shell
        map: {items: "${{ [%s] }}", as: n}
        params:
          command: >-
            date +%%s%%N > began-${{ n }}-$$; sleep 0.05;
            date +%%s%%N > ended-${{ n }}-$$
        %s
    """
CONCURRENCY = "concurrency: {key: \"db-${{ run.name }}\", limit: 3}"


def work(items, limit):
    return WORK % (", ".join(map(str, range(items))), limit)


class Crowded(http.server.ThreadingHTTPServer):
    """A service that takes a tenth of a second, and refuses more than so many at a time."""
    daemon_threads = True
    request_queue_size = 200

    def __init__(self, capacity):
        super().__init__(("127.0.0.1", 0), Crowd)
        self.capacity = capacity
        self.lock = threading.Lock()
        self.under_way = self.served = self.refused = 0
        self.thread = threading.Thread(target=self.serve_forever)
        self.thread.start()

    def enter(self):
        with self.lock:
            self.under_way += 1
            if self.under_way <= self.capacity:
                return True
            self.refused += 1
            return False

    def leave(self, served):
        with self.lock:
            self.under_way -= 1
            self.served += served

    def handle_error(self, *_):
        pass  # A caller that was killed.

    def close(self):
        self.shutdown()
        self.thread.join()
        self.server_close()


class Crowd(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        served = self.server.enter()
        if served:
            time.sleep(0.1)
        self.server.leave(served)
        self.send_response(200 if served else 503)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_):
        pass


class LimitsTest(EndToEndTest):

    def times(self, prefix):
        return {path.name.split("-", 1)[1]: int(path.read_text())
                for path in self.folder.glob(f"{prefix}-*") if path.read_text()}

    def overlap(self):
        """How many ran at a time at the most; what was killed never ended."""
        ended = self.times("ended")
        marks = []
        for name, began in self.times("began").items():
            if name in ended:
                marks += [(began, 1), (ended[name], -1)]
        running = most = 0
        for _, change in sorted(marks):
            running += change
            most = max(most, running)
        return most

    def limits(self):
        return self.windlass("limits", "--output", "json", code=0).json()["limits"]

    def assert_consistent(self):
        looked = self.windlass("doctor", "--deep", "--output", "json", code=0).json()
        self.assertEqual(looked["contradictions"], [])

    def test_two_executors_together_keep_a_limit(self):
        run = self.submit(work(40, CONCURRENCY))
        for _ in range(2):
            self.executor("--slots", "8")
        document = self.wait_for_end(run)
        self.assertEqual(document["state"], "succeeded", document)
        self.assertEqual(len(self.times("ended")), 40)
        self.assertLessEqual(self.overlap(), 3)
        self.assertEqual({t["attempt"] for t in document["tasks"]}, {1})
        limit, = self.limits()
        self.assertEqual((limit["kind"], limit["key"], limit["limit"], limit["in_use"],
                          limit["waiting"]), ("concurrency", "db-limited", 3, 0, 0))
        self.assert_consistent()

    def test_the_limit_holds_and_all_finish_when_an_executor_is_killed(self):
        run = self.submit(work(40, CONCURRENCY))
        first = self.executor("--slots", "8")
        self.executor("--slots", "8")
        self.wait_until(lambda: len(self.times("ended")) >= 8, "some have ended")
        first.kill()
        first.wait()
        document = self.wait_for_end(run)
        self.assertEqual(document["state"], "succeeded", document)
        self.assertEqual(len({n.split("-")[0] for n in self.times("ended")}), 40)
        self.assertLessEqual(self.overlap(), 3)
        self.assertEqual(self.limits()[0]["in_use"], 0)
        self.assert_consistent()

    def test_a_blocked_task_says_why_and_keeps_no_slot(self):
        self.executor("--slots", "2")
        held = self.submit("""
            windlass: 1
            name: held
            tasks:
              a:
                type: shell
                params: {command: "touch begun; until [ -e go ]; do sleep 0.02; done"}
                concurrency: {key: db}
            """)
        self.wait_for_file("begun")
        blocked = self.submit(
            "{windlass: 1, name: b, tasks: {a: {type: noop, concurrency: {key: db}}}}")
        self.wait_until(lambda: self.states(self.show(blocked)) == {"a": "scheduled"},
                        "it waits")
        task = self.task(self.show(blocked), "a")
        self.assertEqual((task["attempt"], task["message"]), (0, "waits for concurrency 'db'"))
        self.assertRegex(self.windlass("limits", code=0).stdout,
                         r"concurrency +db +1 +1 +1")
        # The other slot is free.
        other = self.submit("{windlass: 1, name: o, tasks: {a: {type: noop}}}")
        self.assertEqual(self.wait_for_end(other)["state"], "succeeded")
        self.write("go", "")
        for run in (held, blocked):
            self.assertEqual(self.wait_for_end(run)["state"], "succeeded")

    def test_an_adaptive_limit_finds_out_what_a_service_takes(self):
        service = Crowded(capacity=6)
        self.addCleanup(service.close)
        # The service tells of its limit by refusing, and in no other way.
        run = self.submit(json.dumps({"windlass": 1, "name": "crowd", "tasks": {"call": {
            "type": "http", "params": {"url": f"http://127.0.0.1:{service.server_port}/"},
            "map": {"items": list(range(160))},
            "concurrency": {"key": "crowd", "limit": 64, "adaptive": True},
            "retry_policy": {"maximum_attempts": 0, "initial_interval": "20ms",
                             "maximum_interval": "200ms", "jitter": "full"}}}}))
        executors = [self.executor("--profile", "api", "--in-flight", "64") for _ in range(2)]
        self.wait_until(lambda: service.served >= 60, "some have been served")
        executors[0].kill()
        executors[0].wait()
        document = self.wait_for_end(run)
        self.assertEqual(document["state"], "succeeded", document)
        limit, = self.limits()
        self.assertEqual((limit["limit"], limit["adaptive"]["minimum"], limit["in_use"],
                          limit["waiting"]), (64, 1, 0, 0))
        # Seven tenths of what it takes, and more as far as calls spend time elsewhere.
        self.assertGreaterEqual(limit["adaptive"]["allowed"], 3)
        self.assertLessEqual(limit["adaptive"]["allowed"], 24)
        # Refusals are the price of finding out, now and then.
        self.assertGreater(service.refused, 0)
        self.assertLess(service.refused, service.served)
        self.assertRegex(self.windlass("limits", code=0).stdout,
                         r"concurrency +crowd +\d+ of 64 +0 +0")
        self.assert_consistent()

    def test_a_rate_lets_so_many_start_in_a_period(self):
        run = self.submit(work(6, "rate_limit: {key: api, limit: 2, period: 500ms}"))
        for _ in range(2):
            self.executor("--slots", "4")
        seen = []

        def ended():
            seen.extend(limit["in_use"] for limit in self.limits())
            return self.show(run)["state"] != "running"
        self.wait_until(ended, "the run ends")
        self.assertEqual(self.show(run)["state"], "succeeded")
        self.assertEqual(max(seen), 2)
        limit, = self.limits()
        self.assertEqual((limit["kind"], limit["limit"], limit["period"]),
                         ("rate_limit", 2, "500ms"))
        self.assert_consistent()

    def test_a_rate_with_a_burst_is_a_token_bucket(self):
        run = self.submit(work(6, "rate_limit: {key: api, limit: 20, period: 1s, burst: 2}"))
        for _ in range(2):
            self.executor("--slots", "4")
        self.assertEqual(self.wait_for_end(run)["state"], "succeeded")
        limit, = self.limits()
        self.assertEqual((limit["limit"], limit["period"], limit["burst"]), (20, "1s", 2))
        self.assertRegex(self.windlass("limits", code=0).stdout,
                         r"rate_limit +api +20 in 1s, burst 2 ")
        self.assert_consistent()

    def test_a_key_that_cannot_be_one_fails_the_task(self):
        document = self.run_workflow("""
            windlass: 1
            name: bad
            params: {key: {type: string, default: ""}}
            tasks: {a: {type: noop, concurrency: {key: "${{ params.key }}"}}}
            """, code=1)
        self.assertIn("concurrency.key: expected a text of 1 to 512 bytes",
                      self.task(document, "a")["error"]["message"])


if __name__ == "__main__":
    unittest.main()

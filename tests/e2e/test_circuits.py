"""Circuit breakers: what is down is left alone by the whole fleet, and asked again by few."""

import http.server
import json
import threading
import unittest

from stand_in import StandIn
from support import EndToEndTest


class Service(http.server.HTTPServer):
    """A service that is down until it is started: its port refuses connections."""

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Answer, bind_and_activate=False)
        self.server_bind()
        self.url = f"http://127.0.0.1:{self.server_port}"
        self.calls = 0
        self.thread = None

    def come_up(self):
        self.server_activate()
        self.thread = threading.Thread(target=self.serve_forever)
        self.thread.start()

    def close(self):
        if self.thread is not None:
            self.shutdown()
            self.thread.join()
        self.server_close()


class Answer(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.server.calls += 1
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.end_headers()
        self.wfile.write(b"{}")

    def log_message(self, *_):
        pass


class CircuitsTest(EndToEndTest):
    def circuits(self):
        return self.windlass("circuits", "--output", "json", code=0).json()["circuits"]

    def flow(self, url, count, **fields):
        task = {"type": "http", "map": {"items": list(range(count))}, "params": {"url": url},
                "retry_policy": {"maximum_attempts": 0, "initial_interval": "10ms",
                                 "maximum_interval": "10ms"}, **fields}
        return json.dumps({"windlass": 1, "name": "calls", "tasks": {"call": task}})

    def attempts(self, run):
        return sum(task["attempt"] for task in self.show(run)["tasks"] if task["index"] is not None)

    def test_a_fleet_leaves_alone_what_is_down_and_a_reset_lets_all_go(self):
        service = Service()
        self.addCleanup(service.close)
        # One at a time, so that failures are in a row and none is under way when it opens.
        run = self.submit(self.flow(
            service.url, 12, concurrency={"key": "one", "limit": 1},
            circuit_breaker={"key": "orders/api", "failure_threshold": 3, "open_for": "1h"}))
        # With the usual lease time: on a busy machine one that loses its leases would
        # make attempts again.
        for _ in range(2):
            self.start("executor", "--slots", "4", "--health-listen", "none")
        self.wait_until(lambda: any(one["waiting"] == 12 for one in self.circuits()),
                        "all wait")
        circuit, = self.circuits()
        self.assertEqual((circuit["key"], circuit["state"], circuit["failures"],
                          circuit["probing"]), ("orders/api", "open", 3, 0))
        self.assertEqual(self.attempts(run), 3)
        waiting = self.task(self.show(run), "call", 5)
        self.assertEqual(waiting["state"], "scheduled")
        self.assertIn("circuit_breaker 'orders/api'", waiting["message"])
        self.assertRegex(self.windlass("circuits", code=0).stdout,
                         r"orders/api +open +3 of 3 +0 of 1 +12 ")
        # Nothing is claimed for what waits: other tasks go on.
        other = self.submit("{windlass: 1, name: o, tasks: {a: {type: noop}}}")
        self.assertEqual(self.wait_for_end(other)["state"], "succeeded")
        self.assertEqual(self.attempts(run), 3)

        service.come_up()
        self.windlass("circuits", "reset", "orders/api", code=0)
        self.assertEqual(self.wait_for_end(run)["state"], "succeeded")
        self.assertEqual(service.calls, 12)
        self.assertEqual(self.attempts(run), 15)
        circuit, = self.circuits()
        self.assertEqual((circuit["state"], circuit["waiting"]), ("closed", 0))
        self.assertEqual(self.windlass("circuits", "reset", "nobody", code=2).stdout, "")
        self.assertEqual(self.windlass("doctor", "--deep", "--output", "json",
                                       code=0).json()["contradictions"], [])

    def test_a_probe_finds_out_that_the_service_is_back(self):
        server = StandIn("http")
        self.addCleanup(server.close)
        run = self.run_workflow(self.flow(
            f"{server.url}/times/4/500/back", 8, concurrency={"key": "one", "limit": 1},
            circuit_breaker={"key": "api", "failure_threshold": 3, "open_for": "300ms"}))
        self.assertEqual(run["state"], "succeeded")
        # Three in a row, a probe that fails, one that does not, and the others.
        self.assertEqual(len(server.requests()), 4 + 8)
        circuit, = self.circuits()
        self.assertEqual((circuit["state"], circuit["failures"]), ("closed", 0))

    def test_answers_that_find_fault_with_the_request_do_not_open_it(self):
        server = StandIn("http")
        self.addCleanup(server.close)
        self.run_workflow(self.flow(
            f"{server.url}/status/404", 6, retry_policy={"maximum_attempts": 1},
            circuit_breaker={"key": "api", "failure_threshold": 1}), code=1)
        self.assertEqual(len(server.requests()), 6)
        self.assertEqual(self.circuits()[0]["state"], "closed")


if __name__ == "__main__":
    unittest.main()

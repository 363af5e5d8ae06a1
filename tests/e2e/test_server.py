"""The HTTP API of `windlass server`: what it does, whom it refuses, that it is
as its own description says."""

import concurrent.futures
import gzip
import http.client
import json
import re
import socket
import ssl
import subprocess
import time
import unittest
import urllib.error
import urllib.request
import warnings

import jsonschema

from server import FAILING, NOOP, ServerCase, Stream
from support import ROOT
from webhook import sign

GOOD_TOKENS = "read:reader-0123456789 write:writer-0123456789\nadmin:admin-01234567890"


class ServerTest(ServerCase):

    # --- runs

    def test_a_run_is_submitted_executed_and_read(self):
        server = self.serve()
        self.executor()
        definition = {"windlass": 1, "name": "greeting",
                      "params": {"names": {"type": "array", "default": ["Ada"]}},
                      "tasks": {"greet": {"type": "shell",
                                          "map": {"items": "${{ params.names }}", "as": "name"},
                                          "params": {"command": ["echo", "Hello, ${{ name }}!"]}},
                                "bytes": {"type": "shell", "depends_on": ["greet"],
                                          "params": {"command": "head -c 300000 /dev/zero",
                                                     "result": "bytes"}}}}
        answer = server.post("/api/v1/runs", {"definition": definition,
                                              "params": {"names": ["Ada", "Grace"]},
                                              "labels": {"team": "x"}})
        run = answer.json()["run_id"]
        self.assertEqual(answer.headers["Location"], f"/api/v1/runs/{run}")
        document = self.ended(server, run)
        self.assertEqual(document["state"], "succeeded", document)
        self.assertEqual(document["labels"], {"team": "x"})
        # The very document that the command prints.
        self.assertEqual(document, self.show(run))
        self.assertEqual(server.get(f"/api/v1/runs/{run}/tasks").json()["tasks"],
                         document["tasks"])
        tasks = f"/api/v1/runs/{run}/tasks"
        greetings = server.get(f"{tasks}/greet/result")
        self.assertEqual(greetings.json(), ["Hello, Ada!", "Hello, Grace!"])
        one = server.get(f"{tasks}/greet%5B1%5D")
        self.assertEqual((one.json()["index"], len(one.json()["history"])), (1, 1), one)
        large = server.get(f"{tasks}/bytes/result")
        self.assertEqual((large.status, large.body), (200, bytes(300000)))
        self.assertIn("sandbox", large.headers["Content-Security-Policy"])
        self.assertEqual(server.ask("HEAD", f"{tasks}/bytes/result").headers["Content-Length"],
                         "300000")
        self.assertEqual(server.get(f"{tasks}/nothing").status, 404)
        self.assertEqual(server.get(f"{tasks}/greet%5B7%5D").status, 404)
        self.assertEqual(server.get(f"{tasks}/bytes/saved").json(),
                         {"heartbeat_details": None, "saved": {}})

    def test_logs_are_read_in_pages_as_text_and_as_they_come(self):
        server = self.serve("--connections", "8")
        self.executor()
        run = self.submitted(server, {
            "windlass": 1, "name": "prints",
            "tasks": {"a": {"type": "shell", "params": {
                "command": "echo one; until [ -e go ]; do sleep 0.05; done; echo two >&2"}}}})
        path = f"/api/v1/runs/{run}/tasks/a/logs"
        stream = Stream(server, path, Accept="text/event-stream")
        first = stream.until("lines")
        line, = first["data"]["lines"]
        self.assertEqual((first["data"]["attempt"], line["source"], line["text"]),
                         (1, "stdout", "one"))
        page = server.get(path).json()
        self.assertEqual((page["lines"], page["complete"]), ([line], False))
        self.assertEqual(server.get(f"{path}?after={page['next']}").json()["lines"], [])
        # Followers leave threads for others.
        second = Stream(server, path, Accept="text/event-stream")
        self.assertEqual(Stream(server, path, Accept="text/event-stream").head, 503)
        second.close()
        self.write("go", "")
        late = stream.until("lines")["data"]["lines"]
        self.assertEqual([(line["source"], line["text"]) for line in late], [("stderr", "two")])
        stream.until("end")
        self.assertEqual(stream.line(), "")
        stream.close()
        # Who comes back goes on where he was.
        again = Stream(server, path, Accept="text/event-stream", **{"Last-Event-ID": first["id"]})
        self.assertEqual(again.until("lines")["data"]["lines"], late)
        again.close()
        page = server.get(f"{path}?attempt=1&after={page['next']}").json()
        self.assertEqual((page["lines"], page["complete"]), (late, True))
        text = Stream(server, path, Accept="text/plain")
        self.assertEqual(text.response.read(), b"one\ntwo\n")
        self.assertEqual(server.get(f"{path}?attempt=2").json()["lines"], [])
        for wrong in ("attempt=0", "attempt=x", "after=7", "after=x-1", "lines=3"):
            self.assertEqual(server.get(f"{path}?{wrong}").status, 400, wrong)
        self.assertEqual(server.get(f"/api/v1/runs/{run}/tasks/b/logs").status, 404)
        log, = server.get(f"/api/v1/runs/{run}/logs").json()["logs"]
        self.assertEqual((log["task"], log["attempt"], log["complete"]), ("a", 1, True))
        self.assertEqual(server.get("/api/v1/runs/r999/logs").status, 404)

    def test_a_result_that_was_damaged_is_cut_off(self):
        server = self.serve()
        self.executor()
        run = self.submitted(server, {
            "windlass": 1, "name": "damaged",
            "tasks": {"a": {"type": "shell", "result": {"compression": "none"},
                            "params": {"command": "head -c 300000 /dev/zero",
                                       "result": "bytes"}}}})
        uri = self.ended(server, run)["tasks"][0]["result"]["uri"]
        stored, = [path for path in self.folder.rglob("*")
                   if path.is_file() and path.stat().st_size == 300000]
        stored.write_bytes(b"x" + stored.read_bytes()[1:])
        with self.assertRaises(http.client.IncompleteRead, msg=uri):
            server.get(f"/api/v1/runs/{run}/tasks/a/result")

    def test_the_text_of_a_yaml_file_is_a_definition(self):
        server = self.serve()
        run = self.submitted(server, "windlass: 1\nname: text\ntasks: {a: {type: noop}}\n")
        self.assertEqual(server.get(f"/api/v1/runs/{run}").json()["workflow"], "text")

    def test_an_idempotency_key_names_one_run(self):
        server = self.serve()
        first = server.post("/api/v1/runs", {"definition": NOOP}, **{"Idempotency-Key": "k1"})
        again = server.post("/api/v1/runs", {"definition": NOOP}, **{"Idempotency-Key": "k1"})
        self.assertEqual((first.status, again.status), (201, 200))
        self.assertEqual(first.json()["run_id"], again.json()["run_id"])
        self.assertIs(again.json()["created"], False)
        both = server.post("/api/v1/runs", {"definition": NOOP, "count": 2},
                           **{"Idempotency-Key": "k2"})
        self.assertEqual((both.status, both.json()["errors"][0]["field"]), (400, "count"))

    def test_runs_are_part_of_the_trace_of_who_submits_them(self):
        server = self.serve()
        parent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
        labels = {}
        for context in ({"traceparent": parent, "tracestate": "vendor=1"},
                        {"traceparent": "nonsense", "tracestate": "vendor=1"}):
            run = server.post("/api/v1/runs", {"definition": NOOP}, **context).json()["run_id"]
            labels[context["traceparent"]] = server.get(f"/api/v1/runs/{run}").json().get("labels")
        self.assertEqual(labels, {
            parent: {"windlass.traceparent": parent, "windlass.tracestate": "vendor=1"},
            "nonsense": None})

    def test_runs_come_in_pages(self):
        server = self.serve()
        runs = server.post("/api/v1/runs", {"definition": NOOP, "count": 25}).json()["run_ids"]
        self.assertEqual(len(set(runs)), 25)
        self.submitted(server, FAILING)
        found, path = [], "/api/v1/runs?workflow=quick&limit=10"
        sizes = []
        while path:
            page = server.get(path).json()
            sizes.append(len(page["runs"]))
            found += [run["run_id"] for run in page["runs"]]
            cursor = page["next_cursor"]
            path = cursor and f"/api/v1/runs?workflow=quick&limit=10&cursor={cursor}"
        self.assertEqual(sizes, [10, 10, 5])
        self.assertEqual(found, runs[::-1])
        self.assertEqual(server.get("/api/v1/runs?state=succeeded").json()["runs"], [])

    def test_what_is_wrong_with_a_request_is_said_by_field(self):
        server = self.serve()

        def fields(answer):
            self.assertEqual(answer.status, 400, answer)
            return [error["field"] for error in answer.json()["errors"]]
        broken = {"windlass": 1, "name": "x", "tasks": {"a": {"type": "shel"},
                                                        "b": {"type": "noop", "depends_on": ["c"]}}}
        for definition in (broken, json.dumps(broken)):
            answer = server.post("/api/v1/runs", {"definition": definition})
            self.assertEqual(fields(answer), ["tasks.a.type", "tasks.b.depends_on[0]"])
        self.assertIn("did you mean", json.dumps(answer.json()))
        with_param = {**NOOP, "params": {"n": {"type": "integer"}}}
        self.assertEqual(fields(server.post("/api/v1/runs", {"definition": with_param})), ["params"])
        self.assertEqual(fields(server.post("/api/v1/runs", {"definition": NOOP, "count": "2"})),
                         ["count"])
        server.post("/api/v1/runs", {"definition": NOOP, "cuont": 2})
        self.assertEqual(fields(server.post("/api/v1/runs", "{")), ["body"])
        self.assertEqual(fields(server.get("/api/v1/runs?limit=0")), ["limit"])
        self.assertEqual(fields(server.get("/api/v1/runs?state=done")), ["state"])
        self.assertEqual(fields(server.get("/api/v1/runs?sate=failed")), ["sate"])
        self.assertEqual(fields(server.get("/api/v1/runs?cursor=x")), ["cursor"])
        self.assertEqual(fields(server.get("/api/v1/runs/42x")), ["run"])
        self.assertEqual(server.get("/api/v1/runs/r999").status, 404)
        self.assertEqual(server.get("/api/v1/runs").json()["runs"], [])

    # --- every operation

    def test_every_operation_answers_as_it_is_described(self):
        server = self.serve()
        run = self.submitted(server, FAILING)
        path = f"/api/v1/runs/{run}"
        self.assertEqual(server.post(f"{path}/pause").json()["state"], "paused")
        self.assertEqual(server.post(f"{path}/resume").json()["state"], "running")
        self.executor("--name", "worker", "--public-url", f"http://{server.host}:{server.port}")
        self.assertEqual(self.ended(server, run)["state"], "failed")
        self.assertEqual(server.post(f"{path}/pause").status, 409)
        self.assertEqual(server.get(f"{path}/tasks/bad/result").status, 409)
        self.assertEqual(server.get(f"{path}/tasks/bad/logs").json()["lines"], [])
        self.assertEqual(server.get(f"{path}/logs").json(), {"logs": []})

        letters = server.get(f"/api/v1/dead-letters?run={run}").json()
        self.assertEqual(letters, self.windlass("dead-letter", "list", "--output", "json").json())
        letter = letters["dead_letters"][0]["id"]
        self.assertEqual(server.get(f"/api/v1/dead-letters/{letter}").json(),
                         self.windlass("dead-letter", "show", letter, "--output", "json").json())
        self.assertEqual(server.get("/api/v1/dead-letters/999").status, 404)
        for choice in ({}, {"ids": [letter], "all": True}, {"ids": []}, {"all": False}):
            self.assertEqual(server.post("/api/v1/dead-letters/requeue", choice).status, 400, choice)
        self.assertEqual(server.post("/api/v1/dead-letters/requeue", {"ids": [letter]}).json(),
                         {"requeued": 1})
        self.wait_until(lambda: server.get(f"/api/v1/dead-letters?run={run}").json()["dead_letters"],
                        "it fails again")
        self.assertEqual(
            server.post("/api/v1/dead-letters/discard", {"all": True, "workflow": "failing"}).json(),
            {"discarded": 1})
        self.write("fixed", "")
        self.ended(server, run)
        self.assertEqual(server.post(f"{path}/retry", {"from_failed": True}).json()["attempt"], 2)
        self.assertEqual(self.ended(server, run)["state"], "succeeded")
        server.get(f"{path}/tasks")
        server.get(f"{path}/tasks/good")
        server.get(f"{path}/tasks/good/saved")
        self.assertEqual(server.get(f"{path}/tasks/good/result").body, b'"fine"')
        server.get("/api/v1/runs")
        progress = server.get(f"{path}/progress").json()
        self.assertEqual((progress["run"]["run_id"], progress["nodes"]),
                         (run, [{"task": "good", "state": "succeeded"},
                                {"task": "bad", "state": "succeeded"}]))
        attempts = server.get(f"{path}/attempts").json()["attempts"]
        self.assertEqual([one["outcome"] for one in attempts if one["task"] == "bad"][-1], "succeeded")
        self.assertEqual(server.get(f"{path}/tasks/good/items").status, 404)
        mapped = self.submitted(server, {"windlass": 1, "name": "mapped", "tasks": {
            "each": {"type": "noop", "map": {"items": [1, 2]}}}})
        self.ended(server, mapped)
        self.assertEqual(server.get(f"/api/v1/runs/{mapped}/tasks/each/items").json()["value"], [1, 2])
        pinned = server.get(f"{path}/definition").json()
        self.assertEqual((pinned["run_id"], pinned["definition"]), (run, FAILING))
        with_params = {**NOOP, "params": {"n": {"type": "integer", "default": 3}}}
        checked = server.post("/api/v1/definitions/check", {"definition": with_params}).json()
        self.assertEqual(checked["params"],
                         [{"name": "n", "schema": {"type": "integer"}, "default": 3}])
        self.assertEqual(checked["definition"], with_params)
        before = server.get("/api/v1/statistics").json()["runs"]
        self.assertEqual(server.post("/api/v1/definitions/check", {"definition": "x"}).status, 400)
        self.assertEqual(before, {"running": 0, "succeeded": 2, "failed": 0, "cancelled": 0})

        for name in ("executors", "queues", "limits", "circuits"):
            self.assertEqual(set(server.get(f"/api/v1/{name}").json()), {name})
        self.assertEqual(server.post("/api/v1/queues/default/pause").json(),
                         {"name": "default", "state": "paused"})
        waiting = self.submitted(server, NOOP)
        self.assertTrue(server.get("/api/v1/queues").json()["queues"][0]["paused"])
        self.assertEqual(server.post("/api/v1/queues/default/resume").json()["state"], "open")
        self.ended(server, waiting)
        calling = {"type": "http", "params": {"url": "http://127.0.0.1:1/"},
                   "retry_policy": {"maximum_attempts": 1},
                   "circuit_breaker": {"key": "api", "failure_threshold": 1},
                   "rate_limit": {"key": "api", "limit": 10, "burst": 20},
                   "concurrency": {"key": "api", "limit": 9, "adaptive": {
                       "minimum": 2, "target_latency": "1s"}}}
        self.ended(server, self.submitted(server, {
            "windlass": 1, "name": "calling", "tasks": {"call": calling}}))
        [circuit] = server.get("/api/v1/circuits").json()["circuits"]
        self.assertEqual((circuit["key"], circuit["state"]), ("api", "open"))
        limit, rate = server.get("/api/v1/limits").json()["limits"]
        self.assertEqual((rate["limit"], rate["period"], rate["burst"]), (10, "1s", 20))
        self.assertEqual((limit["key"], limit["limit"], limit["adaptive"]), (
            "api", 9, {"allowed": 2, "minimum": 2, "target_latency": "1s"}))
        self.assertEqual(server.post("/api/v1/circuits/api/reset").json()["state"], "closed")
        self.assertEqual(server.post("/api/v1/circuits/nobody/reset").status, 404)
        self.call_back(server)
        self.assertEqual(server.post("/api/v1/executors/worker/drain").json()["state"], "draining")
        self.assertEqual(self.wait_for_exit(self.started[-1]), 0)
        self.assertEqual(server.post("/api/v1/executors/nobody/drain").status, 404)
        stopped = self.submitted(server, NOOP)
        answer = server.post(f"/api/v1/runs/{stopped}/cancel", {"reason": "not needed"})
        self.assertEqual((answer.json()["state"], answer.json()["reason"]),
                         ("cancelled", "not needed"))

        daily = {**NOOP, "name": "daily", "schedule": {"cron": "30 6 * * *"}}
        put = server.ask("PUT", "/api/v1/schedules/daily", {"definition": daily})
        self.assertEqual((put.status, put.json()["state"]), (200, "active"), put)
        self.assertEqual(server.ask("PUT", "/api/v1/schedules/other", {"definition": daily}).status,
                         400)
        self.assertEqual(server.ask("PUT", "/api/v1/schedules/quick", {"definition": NOOP}).status,
                         400)
        server.post("/api/v1/schedules/daily/pause")
        self.assertEqual(server.get("/api/v1/schedules").json(),
                         self.windlass("schedules", "--output", "json").json())
        server.post("/api/v1/schedules/daily/resume")
        self.assertEqual(server.ask("DELETE", "/api/v1/schedules/daily").json()["state"], "removed")
        self.assertEqual(server.post("/api/v1/schedules/daily/pause").status, 404)

        server.ask("PUT", "/api/v1/workflows/quick", {"definition": NOOP})
        server.get("/api/v1/workflows")
        server.get("/api/v1/workflows/quick")
        server.get("/api/v1/workflows/quick/versions")
        server.ask("DELETE", "/api/v1/workflows/quick")

        described = {operation["operationId"]
                     for operations in server.description["paths"].values()
                     for operation in operations.values()}
        server.get("/api/v1/openapi.json")
        self.assertEqual(server.operations, described - {"streamEvents"})  # See below.

    def call_back(self, server):
        """As an outside system does; test_callbacks.py has the rest."""
        run = self.submitted(server, {"windlass": 1, "name": "asking", "tasks": {"ask": {
            "type": "shell", "callback": {}, "params": {"command":
                "echo ${{ callback.url }} ${{ callback.secret }} > asked.new; "
                "mv asked.new asked"}}}})
        url, secret = self.wait_for_file("asked").read_text().split()
        path = "/" + url.split("/", 3)[3]
        body = '{"answer": 42}'
        now = str(int(time.time()))
        headers = {"webhook-id": "m1", "webhook-timestamp": now,
                   "webhook-signature": sign(secret, "m1", now, body.encode())}
        self.assertEqual(server.post(path, body).status, 401)
        self.assertEqual(server.post(path, body, **headers).json(), {"state": "accepted"})
        self.assertEqual(server.post(path, body, **headers).json(), {"state": "repeated"})
        self.assertEqual(self.ended(server, run)["state"], "succeeded")
        run = self.submitted(server, {"windlass": 1, "name": "approval", "tasks": {"approve": {
            "type": "noop", "callback": {}}}})
        path = f"/api/v1/runs/{run}/tasks/approve"
        self.wait_until(lambda: "waiting_since" in server.get(path).json(), "it waits")
        self.assertEqual(server.post(path + "/callback", {"ok": True}).json(),
                         {"state": "accepted"})
        self.assertEqual(self.ended(server, run)["state"], "succeeded")
        self.assertEqual(server.post(path + "/callback").status, 409)

    def test_the_description_is_complete(self):
        description = self.serve().description
        self.assertEqual(description["openapi"], "3.1.0")
        schemas = description["components"]["schemas"]
        used = set(re.findall(r'"#/components/schemas/(\w+)"', json.dumps(description)))
        self.assertEqual(used, set(schemas))
        for schema in schemas.values():
            jsonschema.Draft202012Validator.check_schema(schema)
        for path, operations in description["paths"].items():
            for method, operation in operations.items():
                named = {p["name"] for p in operation["parameters"] if p["in"] == "path"}
                self.assertEqual(named, set(re.findall(r"{(\w+)}", path)))
                self.assertEqual("requestBody" in operation, method in ("post", "put"), path)

    # --- events

    def test_changes_are_told_as_they_happen(self):
        server = self.serve()
        everything = Stream(server, "/api/v1/events")
        self.assertEqual(everything.line(), "retry: 2000\n")  # It listens.
        run = self.submitted(server, FAILING)
        mine = Stream(server, f"/api/v1/events?run={run}")
        first = everything.until("run")
        self.assertEqual((first["data"]["run_id"], first["data"]["state"]), (run, "running"))
        self.validate_run(server, first["data"])
        self.executor()
        failed = everything.until("run", state="failed")
        self.assertEqual(failed["data"]["run_id"], run)
        self.assertEqual(mine.until("task", id="good", state="succeeded")["data"]["run_id"], run)
        mine.until("task", id="bad", state="failed")
        other = self.submitted(server, NOOP)
        everything.until("run", run_id=other, state="succeeded")
        self.assertFalse([event for event in everything.events if event["event"] == "task"])
        self.assertFalse([event for event in mine.events if event["data"].get("run_id") != run])
        # Who comes back is told what it has missed, and no more.
        again = Stream(server, "/api/v1/events", **{"Last-Event-ID": failed["id"]})
        self.assertEqual(again.until("run", run_id=other)["data"]["run_id"], other)
        self.assertNotIn("reset", [event["event"] for event in again.events])
        for unknown in ("x-7", failed["id"] + "000"):
            stranger = Stream(server, "/api/v1/events", **{"Last-Event-ID": unknown})
            stranger.until("reset")
            stranger.close()
        self.assertEqual(server.get("/api/v1/events?run=r999").status, 404)
        self.assertEqual(server.get("/api/v1/events?run=x").status, 400)
        server.stop()  # Which ends the streams.
        for stream in (everything, mine, again):
            stream.close()

    def validate_run(self, server, document):
        schema = {"allOf": [{"$ref": "#/components/schemas/RunSummary"}],
                  "components": server.description["components"]}
        jsonschema.Draft202012Validator(schema).validate(document)

    def test_listeners_are_bounded_and_leave_their_place(self):
        server = self.serve("--connections", "4")
        streams = [Stream(server, "/api/v1/events") for _ in range(2)]
        for stream in streams:
            stream.line()
        self.assertEqual(server.get("/api/v1/events").status, 503)
        self.assertEqual(server.get("/api/v1/runs").status, 200)
        streams[0].close()

        def free():
            streams.append(Stream(server, "/api/v1/events"))
            return streams[-1].head == 200
        self.wait_until(free, "the place of one who left is free")
        for stream in streams:
            stream.close()

    # --- health

    def test_a_server_tells_how_it_is(self):
        server = self.serve()
        self.assertEqual(server.get("/livez").body, b"ok\n")
        self.assertEqual(server.get("/readyz").body, b"ok\n")
        server.get("/api/v1/runs/r1")
        metrics = server.get("/metrics").body.decode()
        self.assertIn('windlass_http_requests_total{method="GET",route="/api/v1/runs/{run}",'
                      'status="404"} 1', metrics)
        self.assertIn('windlass_executors{state="running"} 0', metrics)
        self.assertIn("process_open_fds", metrics)
        found = {}
        for name, labels in re.findall(r"^(windlass_http_\w+?)(?:_bucket|_sum|_count)?{(.*)} ",
                                       metrics, re.M):
            found.setdefault(name, set()).update(re.findall(r"(\w+)=", labels))
        kinds = dict(re.findall(r"# TYPE (windlass_http_\w+) (\w+)", metrics))
        lines = [" ".join([name, kinds[name], *sorted(labels - {"le"})])
                 for name, labels in sorted(found.items())]
        golden = ROOT / "src/server/testdata/server_metrics.golden"
        self.assertEqual(lines, golden.read_text().splitlines())

    # --- who may ask

    def test_tokens_have_roles(self):
        secrets = self.write("tokens", f"# Of the test.\n{GOOD_TOKENS}\n")
        server = self.serve("--tokens-file", secrets)

        def status(method, path, token=None, body=None):
            headers = {"Authorization": f"Bearer {token}"} if token else {}
            return server.ask(method, path, body, headers).status
        reader, writer, admin = ("reader-0123456789", "writer-0123456789", "admin-01234567890")
        submit = ("POST", "/api/v1/runs")
        pause = ("POST", "/api/v1/queues/default/pause")
        self.assertEqual([status("GET", "/api/v1/runs", token)
                          for token in (None, "wrong-0123456789", reader, writer, admin)],
                         [401, 401, 200, 200, 200])
        self.assertEqual([status(*submit, token, {"definition": NOOP})
                          for token in (None, reader, writer, admin)], [401, 403, 201, 201])
        self.assertEqual([status(*pause, token) for token in (None, reader, writer, admin)],
                         [401, 403, 403, 200])
        stored = ("PUT", "/api/v1/workflows/quick")
        self.assertEqual([status(*stored, token, {"definition": NOOP})
                          for token in (None, reader, writer)], [401, 403, 200])
        self.assertEqual([status("DELETE", "/api/v1/workflows/quick", token)
                          for token in (None, reader, writer)], [401, 403, 200])
        self.assertEqual([status("GET", path) for path in ("/livez", "/readyz", "/metrics")],
                         [200, 200, 401])
        self.assertEqual(status("GET", "/metrics", reader), 200)
        refused = server.get("/api/v1/runs")
        self.assertEqual(refused.headers["WWW-Authenticate"], "Bearer")
        # Nothing is read of the body of a stranger.
        self.assertIn(b" 401 ", server.raw(
            b"POST /api/v1/runs HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
            b"Content-Length: 1000000\r\n\r\n").splitlines()[0])
        server.stop()
        log = server.stderr.read_text()
        self.assertIn("/api/v1/runs", log)
        for secret in (reader, writer, admin, "wrong-0123456789"):
            self.assertNotIn(secret, log)

    def test_tokens_come_from_the_environment_too(self):
        secrets = self.write("tokens", GOOD_TOKENS)
        for env in ({"WINDLASS_TOKENS": "read:abcdefghijklmnop"},
                    {"WINDLASS_TOKENS_FILE": str(secrets)}):
            server = self.serve(env=env)
            self.assertEqual(server.get("/api/v1/runs").status, 401)
            server.stop()

    def test_https_with_a_certificate(self):
        self.make_certificate()
        server = self.serve("--tls-cert", "cert.pem", "--tls-key", "key.pem", described=False)
        context = ssl.create_default_context(cafile=self.folder / "cert.pem")
        context.check_hostname = False

        def get(path, context=context):
            with urllib.request.urlopen(f"https://127.0.0.1:{server.port}{path}", timeout=30,
                                        context=context) as answer:
                return answer.read()
        self.assertEqual(get("/livez"), b"ok\n")
        self.assertEqual(json.loads(get("/api/v1/runs"))["runs"], [])
        self.assertEqual(get("/api/v1/openapi.json")[:1], b"{")
        body = json.dumps({"definition": "x" * 1_000_000}).encode()
        request = urllib.request.Request(
            f"https://127.0.0.1:{server.port}/api/v1/runs", body,
            {"Content-Type": "application/json"})
        with self.assertRaises(urllib.error.HTTPError) as refused:
            urllib.request.urlopen(request, timeout=30, context=context)
        self.assertEqual(refused.exception.code, 400)
        with self.assertRaises(urllib.error.URLError):  # Of nobody we know.
            get("/livez", ssl.create_default_context())
        old = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        old.check_hostname, old.verify_mode = False, ssl.CERT_NONE
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            old.maximum_version = ssl.TLSVersion.TLSv1_1
        with self.assertRaises(OSError):
            get("/livez", old)
        # Plain HTTP, and nothing at all, on the port of TLS.
        server.raw(b"GET /livez HTTP/1.1\r\nHost: localhost\r\n\r\n")
        with socket.create_connection((server.host, server.port), timeout=30):
            self.assertEqual(get("/livez"), b"ok\n")

    def make_certificate(self):
        subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2",
                        "-subj", "/CN=localhost", "-keyout", "key.pem", "-out", "cert.pem"],
                       cwd=self.folder, check=True, capture_output=True)

    def test_bad_certificates_are_errors_at_the_start(self):
        self.make_certificate()
        self.write("no.pem", "nothing\n")
        for arguments, culprit in ((("--tls-cert", "cert.pem"), "expected both"),
                                   (("--tls-cert", "no.pem", "--tls-key", "key.pem"), "no.pem"),
                                   (("--tls-cert", "cert.pem", "--tls-key", "no.pem"), "no.pem"),
                                   (("--tls-cert", "gone.pem", "--tls-key", "key.pem"), "gone.pem")):
            self.assertIn(culprit, self.windlass("server", "--listen", "127.0.0.1:0", *arguments,
                                                 code=2).stderr)

    def test_bad_tokens_and_addresses_are_errors_at_the_start(self):
        def error(*arguments, code=2):
            return self.windlass("server", *arguments, code=code).stderr
        refused = error("--listen", "0.0.0.0:0")
        self.assertIn("give tokens", refused)
        self.assertIn("give tokens", error("--listen", "[::]:0"))
        for text in ("guest:0123456789abcdef", "read:short", "0123456789abcdef",
                     "read:0123456789abcdef,write:with\x01control-character"):
            message = error("--tokens", text)
            self.assertIn("entry", message)
            self.assertNotIn("0123456789", message)
        empty = self.write("empty", "# nothing\n")
        self.assertIn("there is no token", error("--tokens-file", empty))
        error("--tokens-file", "missing")
        self.assertIn("--listen", error("--listen", "8080"))
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            taken.listen()
            address = f"127.0.0.1:{taken.getsockname()[1]}"
            self.assertIn("already in use", error("--listen", address, code=3))

    def test_web_sites_cannot_reach_a_server_without_tokens(self):
        server = self.serve()
        own = f"127.0.0.1:{server.port}"
        for headers in ({"Host": "evil.example"}, {"Host": "127.0.0.1.evil.example:80"},
                        {"Origin": "https://evil.example"}, {"Origin": "null"},
                        {"Sec-Fetch-Site": "cross-site"}):
            self.assertEqual(server.get("/api/v1/runs", **headers).status, 403, headers)
            self.assertEqual(server.post("/api/v1/runs", {"definition": NOOP}, **headers).status,
                             403, headers)
        self.assertEqual(server.get("/metrics", Host="evil.example").status, 403)
        # What a form or a script can send without asking first.
        for kind in ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"):
            answer = server.post("/api/v1/runs", {"definition": NOOP}, **{"Content-Type": kind})
            self.assertEqual(answer.status, 415, kind)
        for headers in ({"Host": f"localhost:{server.port}"}, {"Host": "[::1]:80"},
                        {"Origin": f"http://{own}"}, {"Sec-Fetch-Site": "same-origin"}):
            self.assertEqual(server.get("/api/v1/runs", **headers).status, 200, headers)
        self.assertEqual(server.get("/api/v1/runs").json()["runs"], [])
        self.assertNotIn("Access-Control-Allow-Origin",
                         server.get("/api/v1/runs", Origin=f"http://{own}").headers)

    # --- the page

    def test_the_page_and_its_files_are_served_compressed_and_kept(self):
        server = self.serve()
        page = server.get("/")
        self.assertEqual(page.headers["Content-Type"], "text/html; charset=utf-8")
        self.assertEqual(page.headers["Cache-Control"], "no-cache")
        self.assertIn("default-src 'self'", page.headers["Content-Security-Policy"])
        self.assertIn("frame-ancestors 'none'", page.headers["Content-Security-Policy"])
        self.assertEqual(page.headers["X-Content-Type-Options"], "nosniff")
        files = re.findall(r'(?:href|src)="(assets/[^"]+)"', page.body.decode())
        self.assertEqual(len(files), 3)
        for file in files:
            plain = server.get(f"/{file}")
            packed = server.get(f"/{file}", **{"Accept-Encoding": "br, gzip"})
            self.assertEqual(packed.headers["Content-Encoding"], "gzip")
            self.assertEqual(gzip.decompress(packed.body), plain.body)
            self.assertEqual(packed.headers.get_all("Cache-Control"),
                             ["public, max-age=31536000, immutable"])
            again = server.get(f"/{file}", **{"Accept-Encoding": "gzip",
                                              "If-None-Match": packed.headers["ETag"]})
            self.assertEqual((again.status, again.body), (304, b""))
        # Nothing that is asked of the API is kept.
        self.assertEqual(server.get("/api/v1/runs").headers.get_all("Cache-Control"), ["no-store"])

    def test_answers_are_not_compressed_by_brotli(self):
        server = self.serve(described=False)
        for accepted, expected in (("gzip, deflate, br", "gzip"), ("br", None), ("gzip", "gzip")):
            answer = server.get("/api/v1/openapi.json", **{"Accept-Encoding": accepted})
            self.assertEqual(answer.headers["Content-Encoding"], expected, accepted)

    # --- hostile and broken requests

    def test_paths_and_methods_that_are_none(self):
        server = self.serve()
        for path in ("/index.html", "/assets/", "/api/v1", "/api/v1/", "/api/v1/runs/", "/api/v1/runs/r1/", "/api/v1/run",
                     "/api/v1/runs/r1/tasks/a/b", "//livez", "/api/v1/../../livez", "/livez%00"):
            self.assertEqual(server.get(path).status, 404, path)
        wrong = server.ask("DELETE", "/api/v1/runs")
        self.assertEqual((wrong.status, wrong.headers["Allow"]), (405, "POST, HEAD, GET"))
        self.assertEqual(server.ask("OPTIONS", "/api/v1/runs").status, 405)
        self.assertEqual(server.get("/api/v1/runs?a=%zz").status, 400)

    def test_large_requests_are_refused(self):
        server = self.serve("--max-request", "100KiB")
        large = json.dumps({"definition": "x" * 200_000})
        self.assertEqual(server.post("/api/v1/runs", large).status, 413)
        # Without a length.
        chunk = b"10000\r\n" + b"x" * 65536 + b"\r\n"
        answer = server.raw(b"POST /api/v1/runs HTTP/1.1\r\nHost: localhost\r\nContent-Type: "
                            b"application/json\r\nTransfer-Encoding: chunked\r\n\r\n"
                            + chunk * 3 + b"0\r\n\r\n")
        self.assertIn(b" 413 ", answer.splitlines()[0])
        self.assertIn(b" 414 ", server.raw(
            b"GET /" + b"a" * 10_000 + b" HTTP/1.1\r\nHost: localhost\r\n\r\n").splitlines()[0])
        self.assertEqual(server.post("/api/v1/runs", {"definition": "x" * 50_000}).status, 400)
        many = b"".join(b"X-%d: y\r\n" % i for i in range(20_000))
        answer = server.raw(b"GET /livez HTTP/1.1\r\n" + many + b"\r\n")
        self.assertTrue(answer == b"" or b" 400 " in answer.splitlines()[0], answer[:100])
        self.assertEqual(server.get("/livez").status, 200)

    def test_what_is_no_request_is_answered_or_closed(self):
        server = self.serve()
        for text in (b"\r\n\r\n", b"GET\r\n\r\n", b"GET / HTTP/9.9\r\n\r\n", b"\x00\xff" * 100 + b"\r\n\r\n",
                     b"GET /livez HTTP/1.1\r\nno colon\r\n\r\n", b"BREW / HTTP/1.1\r\n\r\n",
                     b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n",
                     b"POST /api/v1/runs HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
                     b"Content-Length: -1\r\n\r\n",
                     b"POST /api/v1/runs HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
                     b"Content-Length: 99999999999999999999\r\n\r\n"):
            answer = server.raw(text)
            if answer:
                self.assertRegex(answer.splitlines()[0], rb"^HTTP/1.1 4\d\d ", text)
        deep = "[" * 100_000
        self.assertEqual(server.post("/api/v1/runs", deep).status, 400)
        self.assertEqual(server.post("/api/v1/runs", b'{"definition": "\xff\xfe"}').status, 400)
        self.assertEqual(server.get("/livez").status, 200)

    def test_slow_clients_do_not_keep_the_others_out(self):
        server = self.serve("--connections", "2")
        slow = []
        for _ in range(2):
            slow.append(socket.create_connection((server.host, server.port), timeout=30))
            slow[-1].sendall(b"GET /livez HTT")
        # They occupy both threads until their time is up.
        began = time.monotonic()
        self.assertEqual(server.get("/livez").status, 200)
        self.assertLess(time.monotonic() - began, 20)
        for connection in slow:
            connection.close()

    def test_too_many_connections_are_told_so(self):
        server = self.serve("--connections", "1")
        held = []
        try:
            for _ in range(4):
                held.append(socket.create_connection((server.host, server.port), timeout=30))
                held[-1].sendall(b"GET /livez HTTP/1.1\r\n")
            request = b"GET /livez HTTP/1.1\r\nHost: localhost\r\n\r\n"
            with concurrent.futures.ThreadPoolExecutor(6) as pool:
                answers = list(pool.map(server.raw, [request] * 6))
        finally:
            for connection in held:
                connection.close()
        self.assertTrue(any(b" 503 " in answer.partition(b"\r\n")[0] for answer in answers), answers)
        self.wait_until(lambda: server.raw(b"GET /livez HTTP/1.1\r\nHost: localhost\r\n\r\n")
                        .startswith(b"HTTP/1.1 200"), "it answers again")

    # --- many servers, and none

    def test_servers_side_by_side_agree(self):
        servers = [self.serve(), self.serve()]

        def submit(i):
            return servers[i % 2].post("/api/v1/runs", {"definition": NOOP},
                                       **{"Idempotency-Key": f"key-{i // 8}"})
        with concurrent.futures.ThreadPoolExecutor(8) as pool:
            answers = list(pool.map(submit, range(64)))
        self.assertLessEqual({answer.status for answer in answers}, {200, 201}, answers)
        runs = [answer.json()["run_id"] for answer in answers]
        for key in range(8):
            self.assertEqual(len(set(runs[key * 8:key * 8 + 8])), 1)
        first, second = (server.get("/api/v1/runs").json() for server in servers)
        self.assertEqual(first, second)
        self.assertEqual(len(first["runs"]), 8)

    def test_a_server_that_was_killed_has_lost_nothing(self):
        server = self.serve()
        runs = [self.submitted(server, NOOP) for _ in range(5)]
        server.process.kill()
        self.wait_for_exit(server.process)
        self.executor()
        again = self.serve()
        for run in runs:
            self.assertEqual(self.ended(again, run)["state"], "succeeded")
        # What was asked twice, since the answer was lost, is one run.
        again.stop()


if __name__ == "__main__":
    unittest.main()

"""Traces through the binary: what goes in, what is given on, and what a collector
is told, whatever it does."""

import json
import re
import socket
import time
import unittest
import urllib.request

from stand_in import StandIn
from support import EndToEndTest

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
PARENT = "00f067aa0ba902b7"
TRACEPARENT = f"00-{TRACE}-{PARENT}-01"

QUICK = "{windlass: 1, name: quick, tasks: {a: {type: noop}}}"
MANY = """
    windlass: 1
    name: many
    tasks:
      a: {type: noop, map: {items: [1, 2, 3, 4, 5]}}
"""
ALL = """
    windlass: 1
    name: all
    tasks:
      shell:
        type: shell
        params: {{command: 'echo $TRACEPARENT $TRACESTATE $OTEL_EXPORTER_OTLP_HEADERS'}}
      call:
        type: http
        params: {{url: "{url}/echo?token=hush", headers: {{X-Key: "${{{{ secrets.KEY }}}}"}}}}
      own:
        type: http
        params: {{url: "{url}/echo", headers: {{traceparent: mine}}}}
      python:
        type: python
        params:
          function: f
          code: |
            import os, windlass
            def f():
                return [windlass.traceparent(), os.environ["TRACEPARENT"]]
      failing:
        type: shell
        allow_failure: true
        params: {{command: "exit 3"}}
        retry_policy: {{maximum_attempts: 2, initial_interval: 10ms}}
      inner:
        type: workflow
        params:
          definition:
            windlass: 1
            name: inside
            tasks: {{deep: {{type: shell, params: {{command: 'echo $TRACEPARENT'}}}}}}
"""


class TracingTest(EndToEndTest):

    def collector(self):
        collector = StandIn("otlp")
        self.addCleanup(collector.close)
        return collector

    def told(self, collector):
        with urllib.request.urlopen(collector.url + "/_told") as answer:
            told = json.loads(answer.read())
        self.assertEqual(told["problems"], [])
        return told

    def wait_for_spans(self, collector, *names):
        def all_there():
            told = self.told(collector)
            return told if set(names) <= {span["name"] for span in told["spans"]} else None
        return self.wait_until(all_there, f"spans {names} are exported")

    def service(self):
        service = StandIn("http")
        self.addCleanup(service.close)
        return service

    def one(self, spans, name, **wanted):
        found = [span for span in spans if span["name"] == name and all(
            span["attributes"].get(key) == value for key, value in wanted.items())]
        self.assertEqual(len(found), 1, f"{name} {wanted} in {json.dumps(spans, indent=1)}")
        return found[0]

    def metric(self, executor, name):
        return float(re.search(rf"^{name} (\S+)$", self.metrics(executor), re.M).group(1))

    def metrics(self, url):
        with urllib.request.urlopen(url + "/metrics") as answer:
            return answer.read().decode()

    def observed_executor(self, *arguments, env=None):
        """Where it answers, and its log."""
        log = self.folder / "executor.log"
        with open(log, "w") as stderr:
            self.start("executor", "--log-format", "json", "--log-level", "debug", *arguments,
                       env=env, stderr=stderr)

        def started():
            for line in self.lines(log):
                if line["message"] == "started":
                    return f"http://{line['health']}"
            return None
        return self.wait_until(started, "the executor has started"), log

    def lines(self, log):
        return list(map(json.loads, log.read_text().rpartition("\n")[0].splitlines()))

    # --- the whole of it

    def test_a_run_is_part_of_the_trace_it_was_submitted_in(self):
        collector, service = self.collector(), self.service()
        run = self.run_workflow(ALL.format(url=service.url), env={
            "TRACEPARENT": TRACEPARENT, "TRACESTATE": "vendor=1",
            "WINDLASS_SECRET_KEY": "hush",
            "OTEL_EXPORTER_OTLP_ENDPOINT": collector.url,
            "OTEL_EXPORTER_OTLP_HEADERS": "authorization=Bearer%20abc",
            "OTEL_RESOURCE_ATTRIBUTES": "deployment.environment=test",
            "OTEL_SERVICE_NAME": "builds"})
        told = self.told(collector)
        spans = told["spans"]
        self.assertEqual({span["trace"] for span in spans}, {TRACE})
        self.assertEqual({span["service"] for span in spans}, {"builds"})
        self.assertEqual({span["state"] for span in spans}, {"vendor=1"})
        self.assertEqual(len({span["id"] for span in spans}), len(spans))
        self.assertEqual(told["resources"][0]["deployment.environment"], "test")
        self.assertEqual(told["headers"]["authorization"], "Bearer abc")

        whole = self.one(spans, "run all")
        self.assertEqual(whole["parent"], PARENT)
        self.assertEqual(whole["flags"], 0x301)
        self.assertEqual(whole["attributes"]["windlass.run.id"], run["run_id"])
        self.assertEqual(whole["attributes"]["windlass.run.state"], "succeeded")
        self.assertIsNone(whole["error"])
        for span in spans:
            if span["name"] not in ("run all", "run inside", "task deep", "GET"):
                self.assertEqual(span["parent"], whole["id"], span)
                self.assertGreaterEqual(span["start"], whole["start"])
                self.assertLessEqual(span["end"], whole["end"] + 1_000_000_000)

        def traceparent(span):
            return f"00-{TRACE}-{span['id']}-01"
        shell = self.one(spans, "task shell")
        self.assertEqual(self.value(run, "shell"), f"{traceparent(shell)} vendor=1")
        self.assertEqual(shell["attributes"]["windlass.task.type"], "shell")
        self.assertEqual(shell["attributes"]["windlass.task.outcome"], "succeeded")
        python = self.one(spans, "task python")
        self.assertEqual(self.value(run, "python"), [traceparent(python)] * 2)

        call = self.one(spans, "task call")
        get = self.one(spans, "GET", **{"url.full": f"{service.url}/echo?token=***"})
        self.assertEqual(get["parent"], call["id"])
        self.assertEqual(get["kind"], 3)
        self.assertEqual(get["attributes"]["http.response.status_code"], 200)
        self.assertEqual(get["attributes"]["server.address"], "127.0.0.1")
        sent = self.value(run, "call")["body"]["headers"]
        self.assertEqual(sent["traceparent"], traceparent(get))
        self.assertEqual(sent["tracestate"], "vendor=1")
        self.assertEqual(self.value(run, "own")["body"]["headers"]["traceparent"], "mine")

        first = self.one(spans, "task failing", **{"windlass.task.attempt": 1})
        self.assertEqual(first["error"], "exit code 3")
        self.assertEqual(first["attributes"]["error.type"], "ExitCode")
        self.assertEqual(first["attributes"]["windlass.error.category"], "application")
        self.one(spans, "task failing", **{"windlass.task.attempt": 2})

        inside = self.one(spans, "run inside")
        submitted = self.one(spans, "task inner", **{"windlass.task.outcome": "parked"})
        self.assertEqual(inside["parent"], submitted["id"])
        self.assertEqual(inside["attributes"]["windlass.run.parent"], run["run_id"])
        deep = self.one(spans, "task deep")
        self.assertEqual(deep["parent"], inside["id"])
        self.assertNotIn("hush", json.dumps(told))

    def test_without_a_context_a_run_is_a_trace_of_its_own(self):
        collector = self.collector()
        for _ in range(2):
            self.run_workflow(QUICK, "--otlp-endpoint", collector.url)
        spans = self.told(collector)["spans"]
        runs = [span for span in spans if span["name"] == "run quick"]
        self.assertEqual(len({span["trace"] for span in runs}), 2)
        for run in runs:
            self.assertIsNone(run["parent"])
            attempt = next(span for span in spans
                           if span["trace"] == run["trace"] and span["name"] == "task a")
            self.assertEqual(attempt["parent"], run["id"])

    def test_without_a_collector_a_context_is_passed_on_as_it_came(self):
        service = self.service()
        flow = ALL.format(url=service.url)
        run = self.run_workflow(flow, env={"TRACEPARENT": TRACEPARENT,
                                           "WINDLASS_SECRET_KEY": "hush"})
        self.assertEqual(self.value(run, "shell"), TRACEPARENT)
        self.assertEqual(self.value(run, "call")["body"]["headers"]["traceparent"], TRACEPARENT)
        for context in ({}, {"TRACEPARENT": "nonsense"}):
            run = self.run_workflow(flow.replace('os.environ["TRACEPARENT"]', '""'),
                                    env={**context, "WINDLASS_SECRET_KEY": "hush"})
            self.assertEqual(self.value(run, "shell"), "")
            self.assertNotIn("traceparent", self.value(run, "call")["body"]["headers"])

    def test_what_is_not_sampled_is_passed_on_and_not_told(self):
        collector = self.collector()
        say = "{windlass: 1, name: say, tasks: {a: {type: shell, params: {command: 'echo $TRACEPARENT'}}}}"
        unsampled = TRACEPARENT[:-2] + "00"
        run = self.run_workflow(say, "--otlp-endpoint", collector.url,
                                env={"TRACEPARENT": unsampled})
        self.assertRegex(self.value(run, "a"), rf"^00-{TRACE}-[0-9a-f]{{16}}-00$")
        run = self.run_workflow(say, "--otlp-endpoint", collector.url,
                                env={"OTEL_TRACES_SAMPLER": "parentbased_traceidratio",
                                     "OTEL_TRACES_SAMPLER_ARG": "0"})
        self.assertRegex(self.value(run, "a"), r"^00-[0-9a-f]{32}-[0-9a-f]{16}-00$")
        self.assertEqual(self.told(collector)["documents"], 0)

    # --- who ends a run tells of it

    def test_who_cancels_a_run_tells_of_it(self):
        collector = self.collector()
        run = self.submit(QUICK)
        self.windlass("cancel", run, "--otlp-endpoint", collector.url, code=0)
        span = self.one(self.told(collector)["spans"], "run quick")
        self.assertEqual(span["attributes"]["windlass.run.state"], "cancelled")

    def test_lines_of_the_log_name_the_span(self):
        collector = self.collector()
        _, log = self.observed_executor(env={"OTEL_EXPORTER_OTLP_ENDPOINT": collector.url})
        self.wait_for_end(self.submit(QUICK))
        span = self.one(self.wait_for_spans(collector, "task a", "run quick")["spans"], "task a")
        ended = [line for line in self.lines(log) if line["message"] == "attempt ended"]
        self.assertEqual([(line["trace_id"], line["span_id"]) for line in ended],
                         [(span["trace"], span["id"])])

    # --- collectors as they are

    def test_a_collector_that_is_busy_gets_it_later(self):
        collector = self.collector()
        collector.ask({"status": 503, "retry_after": 1}, {"status": 429}, {"reject": 2})
        executor, _ = self.observed_executor(env={"OTEL_EXPORTER_OTLP_ENDPOINT": collector.url,
                                                  "OTEL_BSP_SCHEDULE_DELAY": "500"})
        self.wait_for_end(self.submit(MANY))
        self.wait_until(lambda: self.metric(executor, "windlass_spans_exported_total") == 4,
                        "what was taken is counted")
        self.assertEqual(self.metric(executor, "windlass_spans_dropped_total"), 2)
        told = self.told(collector)
        self.assertEqual(len(told["spans"]), 4)
        self.assertEqual(told["documents"], 3)

    def test_what_a_collector_refuses_is_counted_and_said(self):
        collector = self.collector()
        collector.ask({"status": 400})
        executor, log = self.observed_executor(env={"OTEL_EXPORTER_OTLP_ENDPOINT": collector.url})
        self.wait_for_end(self.submit(QUICK))
        self.wait_until(lambda: self.metric(executor, "windlass_spans_dropped_total") >= 2,
                        "what was lost is counted")
        said = [line for line in self.lines(log) if line["message"] == "spans of traces were dropped"]
        self.assertEqual(said[0]["reason"], "the collector answered 400")

    def test_a_collector_that_is_away_changes_nothing(self):
        with socket.socket() as nobody:
            nobody.bind(("127.0.0.1", 0))  # Bound, and not listening.
            url = f"http://127.0.0.1:{nobody.getsockname()[1]}"
            began = time.monotonic()
            run = self.run_workflow(QUICK, "--otlp-endpoint", url)
            self.assertEqual(run["state"], "succeeded")
            # No pause between tries, and no wait for the end of them.
            self.assertLess(time.monotonic() - began, 10)

    def test_a_collector_that_says_nothing_costs_three_seconds_at_the_end(self):
        collector = self.collector()
        collector.ask(*[{"stall": True}] * 10)
        began = time.monotonic()
        run = self.run_workflow(QUICK, "--otlp-endpoint", collector.url)
        self.assertEqual(run["state"], "succeeded")
        self.assertLess(time.monotonic() - began, 15)

    # --- settings

    def test_an_endpoint_that_is_none_is_refused(self):
        self.write("flow.yaml", QUICK)
        refused = self.windlass("run", "flow.yaml", "--otlp-endpoint", "collector:4318", code=2)
        self.assertIn("--otlp-endpoint: expected http://HOST:PORT", refused.stderr)

    def test_what_cannot_be_used_in_the_environment_is_warned_of(self):
        self.write("flow.yaml", QUICK)
        warned = self.windlass("run", "flow.yaml", code=0, env={
            "OTEL_EXPORTER_OTLP_ENDPOINT": "collector:4318"})
        self.assertIn("OTEL_EXPORTER_OTLP_ENDPOINT: expected", warned.stderr)


if __name__ == "__main__":
    unittest.main()

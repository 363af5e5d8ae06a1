"""A collector of traces that holds every document against OTLP's JSON mapping.

It prints one line of JSON with its address on standard output and lives as long
as its standard input. POST /v1/traces takes documents; what is wrong with one is
kept, and answered with 400. `POST /_faults` takes a list of what to do with the
next documents, one each:

  {"status": 503, "retry_after": 1}   answers that and keeps nothing
  {"stall": true}                     says nothing, until the end
  {"reject": 3}                       partial success: so many were not kept

`GET /_told` gives {"spans", "resources", "problems", "documents", "headers"}.
"""

import http.server
import json
import re
import sys
import threading

SPAN_FIELDS = {"traceId", "spanId", "traceState", "parentSpanId", "flags", "name", "kind",
               "startTimeUnixNano", "endTimeUnixNano", "attributes", "droppedAttributesCount",
               "events", "links", "status"}
VALUES = {"stringValue": str, "boolValue": bool, "intValue": str, "doubleValue": float}


class Invalid(Exception):
    pass


def need(condition, what):
    if not condition:
        raise Invalid(what)


def fields(value, known, what):
    need(isinstance(value, dict), f"{what}: no object")
    need(not set(value) - known, f"{what}: unknown {sorted(set(value) - known)}")
    return value


def attributes(listed, what):
    read = {}
    need(isinstance(listed, list), f"{what}: no list")
    for one in listed:
        fields(one, {"key", "value"}, what)
        need(isinstance(one["key"], str) and one["key"], f"{what}: a key")
        need(one["key"] not in read, f"{what}: {one['key']} twice")
        need(len(one["value"]) == 1, f"{what}: {one['key']}: one value")
        (kind, value), = one["value"].items()
        need(type(value) is VALUES.get(kind), f"{what}: {one['key']}: {kind} {value!r}")
        if kind == "intValue":
            need(re.fullmatch(r"-?\d{1,19}", value), f"{what}: {one['key']}: {value!r}")
            value = int(value)
        read[one["key"]] = value
    return read


def is_id(text, digits):
    return isinstance(text, str) and re.fullmatch(f"[0-9a-f]{{{digits}}}", text) and int(text, 16)


def nanoseconds(span, name):
    text = span.get(name)
    need(isinstance(text, str) and re.fullmatch(r"\d{1,20}", text), f"{name}: {text!r}")
    return int(text)


def read_span(span, resource):
    fields(span, SPAN_FIELDS, "span")
    need(is_id(span.get("traceId"), 32), f"traceId: {span.get('traceId')!r}")
    need(is_id(span.get("spanId"), 16), f"spanId: {span.get('spanId')!r}")
    need("parentSpanId" not in span or is_id(span["parentSpanId"], 16), "parentSpanId")
    need(isinstance(span.get("name"), str) and span["name"], "name")
    need(type(span.get("kind")) is int and 1 <= span["kind"] <= 5, "kind")
    need(type(span.get("flags", 0)) is int, "flags")
    start, end = nanoseconds(span, "startTimeUnixNano"), nanoseconds(span, "endTimeUnixNano")
    need(start <= end, f"{span['name']} ends before it starts")
    status = fields(span.get("status", {}), {"code", "message"}, "status")
    need(status.get("code", 0) in (0, 1, 2), "status.code")
    return {"trace": span["traceId"], "id": span["spanId"], "parent": span.get("parentSpanId"),
            "state": span.get("traceState", ""), "flags": span.get("flags", 0),
            "name": span["name"], "kind": span["kind"], "start": start, "end": end,
            "attributes": attributes(span.get("attributes", []), span["name"]),
            "error": status.get("message", "") if status.get("code") == 2 else None,
            "service": resource.get("service.name")}


def read_document(text):
    document = fields(json.loads(text), {"resourceSpans"}, "document")
    spans, resources = [], []
    for group in document["resourceSpans"]:
        fields(group, {"resource", "scopeSpans", "schemaUrl"}, "resourceSpans")
        resource = attributes(group["resource"]["attributes"], "resource")
        resources.append(resource)
        for scope in group["scopeSpans"]:
            fields(scope, {"scope", "spans", "schemaUrl"}, "scopeSpans")
            need(scope["scope"]["name"] == "windlass", "scope")
            spans += [read_span(span, resource) for span in scope["spans"]]
    need(spans, "no span")
    return spans, resources


class Collector(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self):
        self.lock = threading.Lock()
        self.ended = threading.Event()
        self.faults = []
        self.told = {"spans": [], "resources": [], "problems": [], "documents": 0,
                     "headers": {}}
        super().__init__(("127.0.0.1", 0), Handler)


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *arguments):
        pass

    def answer(self, status, document, headers=()):
        body = json.dumps(document).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        for name, value in headers:
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self):
        with self.server.lock:
            self.answer(200, self.server.told)

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if self.path == "/_faults":
            with self.server.lock:
                self.server.faults = json.loads(body)
            return self.answer(200, {})
        with self.server.lock:
            self.server.told["documents"] += 1
            self.server.told["headers"] = {k.lower(): v for k, v in self.headers.items()}
            fault = self.server.faults.pop(0) if self.server.faults else {}
        if fault.get("stall"):
            self.server.ended.wait()
            return None
        if "status" in fault:
            asked = [("Retry-After", str(fault["retry_after"]))] if "retry_after" in fault else []
            return self.answer(fault["status"], {"message": "no"}, asked)
        return self.take(body, fault.get("reject", 0))

    def take(self, body, rejected):
        try:
            need(self.path == "/v1/traces", f"path {self.path}")
            need(self.headers["Content-Type"] == "application/json", "Content-Type")
            spans, resources = read_document(body)
        except (Invalid, ValueError, KeyError, TypeError) as problem:
            with self.server.lock:
                self.server.told["problems"].append(f"{problem!r} in {body[:500]!r}")
            return self.answer(400, {"message": str(problem)})
        with self.server.lock:
            self.server.told["spans"] += spans[rejected:]
            self.server.told["resources"] += resources
        if not rejected:
            return self.answer(200, {"partialSuccess": {}})
        return self.answer(200, {"partialSuccess": {"rejectedSpans": str(rejected),
                                                    "errorMessage": "too many"}})


def main():
    collector = Collector()
    threading.Thread(target=collector.serve_forever, daemon=True).start()
    print(json.dumps({"url": f"http://127.0.0.1:{collector.server_port}"}), flush=True)
    sys.stdin.read()
    collector.ended.set()


if __name__ == "__main__":
    main()

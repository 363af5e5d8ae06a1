"""A `windlass server` for tests: answers are held against what it says of itself."""

import http.client
import json
import re
import signal
import socket

import jsonschema

from support import EndToEndTest

NOOP = {"windlass": 1, "name": "quick", "tasks": {"a": {"type": "noop"}}}
FAILING = {"windlass": 1, "name": "failing", "tasks": {
    "good": {"type": "shell", "params": {"command": "echo fine"}},
    "bad": {"type": "shell", "depends_on": ["good"], "params": {"command": "[ -e fixed ] || exit 3"}}}}


class Answer:
    def __init__(self, response):
        self.status = response.status
        self.headers = response.headers
        self.body = response.read()

    def json(self):
        return json.loads(self.body)

    def __repr__(self):
        return f"{self.status} {self.body[:500]!r}"


class Server:
    """A server whose log is read as it comes; answers are held against what it
    says of itself."""

    def __init__(self, test, *arguments, env=None, described=True):
        self.test = test
        self.stderr = test.folder / f"server-{len(test.started)}"
        with open(self.stderr, "w") as stderr:
            self.process = test.start("server", "--listen", "127.0.0.1:0", "--log-format", "json",
                                      "--log-level", "debug", *arguments, env=env, stderr=stderr)
        started = test.wait_until(lambda: next(iter(self.lines("started")), None),
                                  "the server has started")
        self.host, port = started["listen"].rsplit(":", 1)
        self.port = int(port)
        self.operations = set()  # That have answered.
        self.description = None
        if described:
            self.description = self.get("/api/v1/openapi.json").json()

    def lines(self, message):
        complete = self.stderr.read_text().rpartition("\n")[0].splitlines()
        return [line for line in map(json.loads, complete) if line["message"] == message]

    def ask(self, method, path, body=None, headers=None):
        headers = dict(headers or {})
        if method in ("POST", "PUT"):
            headers.setdefault("Content-Type", "application/json")
        if body is not None and not isinstance(body, (bytes, str)):
            body = json.dumps(body)
        connection = http.client.HTTPConnection(self.host, self.port, timeout=30)
        try:
            connection.request(method, path, body, headers)
            answer = Answer(connection.getresponse())
        finally:
            connection.close()
        if self.description is not None and method != "HEAD":
            self.check(method, path.partition("?")[0], answer)
        return answer

    def get(self, path, **headers):
        return self.ask("GET", path, headers=headers)

    def post(self, path, body=None, **headers):
        return self.ask("POST", path, body, headers)

    def raw(self, request):
        """What comes back for these bytes, until the server closes."""
        with socket.create_connection((self.host, self.port), timeout=30) as connection:
            connection.sendall(request)
            answer = b""
            while True:
                try:
                    piece = connection.recv(65536)
                except ConnectionResetError:
                    return answer
                if not piece:
                    return answer
                answer += piece

    def check(self, method, path, answer):
        """Against the schema of the operation; errors are problems."""
        kind = answer.headers["Content-Type"]
        if answer.status >= 400:
            self.test.assertEqual(kind, "application/problem+json", answer)
            self.validate({"$ref": "#/components/schemas/Problem"}, answer)
            self.test.assertEqual(answer.json()["status"], answer.status)
            return
        for template, operations in self.description["paths"].items():
            pattern = re.sub(r"\\{\w+\\}", "[^/]+", re.escape(template))
            if not re.fullmatch(pattern, path) or method.lower() not in operations:
                continue
            operation = operations[method.lower()]
            responses = operation["responses"]
            self.test.assertIn(str(answer.status), responses, (method, path))
            self.operations.add(operation["operationId"])
            content = responses[str(answer.status)]["content"]
            if "*/*" not in content:
                self.test.assertIn(kind, content)
                self.validate(content[kind]["schema"], answer)
            return
        self.test.assertFalse(path.startswith("/api/"), f"{path} is not described")

    def validate(self, schema, answer):
        whole = {"$schema": "https://json-schema.org/draft/2020-12/schema", "allOf": [schema],
                 "components": self.description["components"]}
        jsonschema.Draft202012Validator(whole).validate(answer.json())

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        self.test.assertEqual(self.test.wait_for_exit(self.process), 0)


class Stream:
    """Server-sent events, read as they come."""

    def __init__(self, server, path, **headers):
        self.connection = http.client.HTTPConnection(server.host, server.port, timeout=60)
        self.connection.request("GET", path, headers=headers)
        self.response = self.connection.getresponse()
        self.head = self.response.status
        self.events = []

    def line(self):
        return self.response.readline().decode()

    def until(self, kind, **fields):
        """The next event of that kind with these fields in its data."""
        event = {}
        while True:
            line = self.line()
            assert line, f"the stream ended: {self.events}"
            name, _, value = line.rstrip("\n").partition(": ")
            if line != "\n":
                event[name] = value
                continue
            if "event" in event:
                event["data"] = json.loads(event["data"])
                self.events.append(event)
                if event["event"] == kind and fields.items() <= event["data"].items():
                    return event
            event = {}

    def close(self):
        self.response.close()
        self.connection.close()


class ServerCase(EndToEndTest):

    def serve(self, *arguments, env=None, described=True):
        return Server(self, *arguments, env=env, described=described)

    def submitted(self, server, definition, **fields):
        answer = server.post("/api/v1/runs", {"definition": definition, **fields})
        self.assertEqual(answer.status, 201, answer)
        return answer.json()["run_id"]

    def ended(self, server, run):
        def final():
            document = server.get(f"/api/v1/runs/{run}").json()
            return document if document["finished_at"] is not None else None
        return self.wait_until(final, f"{run} ends")

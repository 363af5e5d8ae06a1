"""Tasks that wait for signed messages from outside, and lose none."""

import base64
import json
import re
import signal
import subprocess
import sys
import time
import unittest
import urllib.error
import urllib.request

from support import ROOT, EndToEndTest
from webhook import Receiver, sign


def send(address, document, message="m1", age=0, **headers):
    """The status and the document that answer a message."""
    body = document if isinstance(document, bytes) else json.dumps(document).encode()
    timestamp = str(int(time.time()) - age)
    headers = {"Content-Type": "application/json", "webhook-id": message,
               "webhook-timestamp": timestamp,
               "webhook-signature": sign(address["secret"], message, timestamp, body),
               **{name.replace("_", "-"): value for name, value in headers.items()}}
    request = urllib.request.Request(address["url"], body, headers)
    try:
        with urllib.request.urlopen(request) as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as error:
        with error:
            return error.code, json.load(error)


class CallbacksTest(EndToEndTest):
    def setUp(self):
        super().setUp()
        self.service = Receiver(status=202)  # It is asked, and calls back.
        self.addCleanup(self.service.close)
        self.server = None
        self.serve()

    def serve(self):
        """A server on another port than any before."""
        log = self.folder / f"server-{len(self.started)}"
        with open(log, "w") as stderr:
            self.server = self.start("server", "--listen", "127.0.0.1:0", "--log-format", "json",
                                     "--log-level", "debug", stderr=stderr)

        def listens():
            found = re.search(r'"listen":"([^"]+)"', log.read_text())
            return found and found[1]
        self.url = "http://" + self.wait_until(listens, "the server listens")

    def flow(self, retries=1, **callback):
        film = {"type": "http", "callback": callback,
                "retry_policy": {"maximum_attempts": retries, "initial_interval": "10ms"},
                "params": {"method": "POST", "url": self.service.url, "json": {
                    "url": "${{ callback.url }}", "secret": "${{ callback.secret }}"}}}
        return json.dumps({"windlass": 1, "name": "render", "tasks": {
            "film": film,
            "publish": {"type": "shell", "depends_on": ["film"],
                        "params": {"command": "echo ${{ tasks.film.result.body.state }}"}}}})

    def executor(self, *arguments, **kwargs):
        return super().executor("--public-url", self.url, *arguments, **kwargs)

    def asked(self, number=1):
        """What the service was asked, once it has been so often: where to answer."""
        self.wait_until(lambda: len(self.service.messages) >= number, f"it is asked {number} times")
        address = json.loads(self.service.messages[number - 1][1])
        # Servers come and go with their ports.
        return {**address, "url": self.url + address["url"][address["url"].index("/api/"):]}

    def waiting(self, run):
        def waits():
            task = self.task(self.show(run), "film")
            return task if "waiting_since" in task else None
        return self.wait_until(waits, "the task waits")

    def kill(self, process):
        process.send_signal(signal.SIGKILL)
        process.wait()

    def test_the_message_is_the_result(self):
        run = self.submit(self.flow(schema={"type": "object", "required": ["state"]}))
        log = self.folder / "executor.log"
        with open(log, "w") as stderr:
            self.start("executor", "--public-url", self.url + "/", "--log-level", "debug",
                       stderr=stderr)
        address = self.asked()
        self.assertRegex(address["url"], self.url + r"/api/v1/callbacks/[0-9a-f]{64}$")
        self.assertRegex(address["secret"], r"^whsec_[A-Za-z0-9+/]+=*$")
        task = self.waiting(run)
        self.assertEqual((task["state"], task["attempt"], task["message"]),
                         ("scheduled", 1, "waits for its callback"))
        self.assertRegex(self.windlass("show", run).stdout,
                         r"film +http +scheduled +1 .*waits for its callback since \S+.*, until ")

        # --- what is not believed, or not what it waits for
        forged = {**address, "secret": "whsec_" + base64.b64encode(b"x" * 32).decode()}
        self.assertEqual(send(forged, {"state": "done"})[0], 401)
        self.assertEqual(send(address, {"state": "done"}, age=400)[0], 401)
        self.assertEqual(send(address, {"state": "done"}, webhook_id="other")[0], 401)
        self.assertEqual(send(address, {"state": "done"}, webhook_signature="")[0], 401)
        unknown = {**address, "url": address["url"][:-1] + "x"}
        self.assertEqual(send(unknown, {"state": "done"})[0], 404)
        self.assertEqual(send(address, {"state": "x" * 300_000})[0], 413)
        self.assertEqual(send(address, b"[1]")[0], 400)
        status, problem = send(address, {"stat": "done"})
        self.assertEqual(status, 400)
        self.assertIn("state", problem["detail"])
        self.assertEqual(self.task(self.show(run), "film")["state"], "scheduled")

        self.assertEqual(send(address, {"state": "done"}), (200, {"state": "accepted"}))
        document = self.wait_for_end(run)
        self.assertEqual(document["state"], "succeeded")
        result = self.value(document, "film")
        self.assertEqual((result["id"], result["body"]), ("m1", {"state": "done"}))
        self.assertEqual(self.value(document, "publish"), "done")
        self.assertEqual(self.task(document, "film")["attempt"], 1)
        self.assertNotIn("waiting_since", self.task(document, "film"))

        # --- the same again, and another
        self.assertEqual(send(address, {"state": "done"}), (200, {"state": "repeated"}))
        self.assertEqual(send(address, {"state": "done"}, "m2"), (200, {"state": "repeated"}))
        self.assertEqual(send(address, {"state": "other"}, "m2")[0], 409)
        self.assertEqual(len(self.service.messages), 1)
        # Nobody is told what would let him in.
        said = json.dumps(document) + log.read_text() + "".join(
            path.read_text() for path in self.folder.glob("server-*"))
        self.assertIn("/api/v1/callbacks/", said)
        for secret in (address["url"].rpartition("/")[2], address["secret"]):
            self.assertNotIn(secret, said)

    def test_kills_lose_nothing(self):
        self.service.may_answer.clear()
        early = self.submit(self.flow())
        first = self.executor()
        address = self.asked()
        # Before the service has answered the request that asks for it.
        self.assertEqual(send(address, {"state": "early"})[0], 200)
        self.kill(first)
        self.kill(self.server)
        self.serve()
        second = self.executor()
        self.assertEqual(self.value(self.wait_for_end(early), "publish"), "early")
        self.assertEqual(len(self.service.messages), 1)

        # Killed before any answer: it asks again, for a message to the same place.
        lost = self.submit(self.flow())
        address = self.asked(2)
        self.kill(second)
        self.service.may_answer.set()
        third = self.executor()
        self.assertEqual(self.asked(3), address)
        self.waiting(lost)
        # While it waits nobody need be there.
        self.kill(third)
        self.kill(self.server)
        self.serve()
        self.assertEqual(send(self.asked(3), {"state": "late"})[0], 200)
        self.kill(self.server)
        self.assertEqual(self.task(self.show(lost), "film")["state"], "ready")
        self.executor()
        document = self.wait_for_end(lost)
        self.assertEqual(self.value(document, "publish"), "late")
        self.assertEqual(len(self.service.messages), 3)
        self.assertEqual(self.windlass("doctor", "--deep", "--output", "json",
                                       code=0).json()["contradictions"], [])

    def test_what_the_message_calls_a_failure_is_retried_elsewhere(self):
        run = self.submit(self.flow(retries=2, fail="body.state == 'failed'"))
        self.executor()
        first = self.asked()
        self.waiting(run)
        self.assertEqual(send(first, {"state": "failed", "why": "no paper"})[0], 200)
        second = self.asked(2)
        self.assertNotEqual(first["url"], second["url"])
        self.assertEqual(send(first, {"state": "done"}, "m2")[0], 409)
        self.assertEqual(send(second, {"state": "done"}, "m2")[0], 200)
        document = self.wait_for_end(run)
        self.assertEqual(self.value(document, "publish"), "done")
        [failed] = document["attempts"]
        self.assertEqual((failed["error"]["type"], failed["error"]["details"]["body"]["why"]),
                         ("CallbackFailed", "no paper"))

    def test_a_wait_ends_by_time_and_by_cancel(self):
        run = self.submit(self.flow(timeout="300ms"))
        self.executor()
        document = self.wait_for_end(run)
        error = self.task(document, "film")["error"]
        self.assertEqual((document["state"], error["type"], error["category"]),
                         ("failed", "CallbackTimeout", "timeout"))
        self.assertEqual(send(self.asked(1), {"state": "done"})[0], 410)

        run = self.submit(self.flow())
        address = self.asked(2)
        self.waiting(run)
        self.windlass("cancel", run, code=0)
        self.assertEqual(send(address, {"state": "done"})[0], 410)
        self.assertEqual(self.wait_for_end(run)["state"], "cancelled")

    def test_who_may_steer_runs_needs_no_address(self):
        [flow] = re.findall(r"(?ms)^```yaml\n(# approval.yaml\n.*?)^```$",
                            (ROOT / "docs/guides/callbacks.md").read_text())
        self.start("executor")  # Which knows no public URL.
        for body, state in (('{"approved": true}', "succeeded"),
                            ('{"approved": false}', "failed")):
            run = self.submit(flow)
            self.wait_until(lambda: "waiting_since" in self.task(self.show(run), "approve"),
                            "it waits")
            for wrong in ("[1]", "{", "{}"):
                self.windlass("callback", run, "approve", wrong, code=2)
            said = self.windlass("callback", run, "approve", body, code=0).stdout
            self.assertEqual(said, "approve has its callback\n")
            self.assertEqual(self.wait_for_end(run)["state"], state)
            self.windlass("callback", run, "approve", body, code=2)

    def test_an_executor_must_know_the_servers_address(self):
        document = self.run_workflow(self.flow(), code=1)
        error = self.task(document, "film")["error"]
        self.assertEqual(error["type"], "TemplateError")
        self.assertIn("--public-url or WINDLASS_PUBLIC_URL", error["message"])
        self.assertEqual(self.service.messages, [])
        for url, why in (("windlass.example.org", "expected a URL"),
                         ("https://example.org/?x=1", "without query")):
            refused = self.windlass("executor", "--public-url", url, code=2)
            self.assertIn(why, refused.stderr)

    def test_the_examples_of_the_guide_sign_what_is_believed(self):
        guide = (ROOT / "docs/guides/callbacks.md").read_text()
        for language, name, program in (("python", "answer.py", sys.executable),
                                        ("bash", "answer.sh", "bash")):
            [text] = re.findall(rf"(?ms)^```{language}\n(# {name}\n.*?)^```$", guide)
            self.write(name, text)
        [flow] = re.findall(r"(?ms)^```yaml\n(# render.yaml\n.*?)^```$", guide)
        self.write("render.yaml", flow)
        self.executor()
        for number, (name, program) in enumerate((("answer.py", sys.executable),
                                                  ("answer.sh", "bash"))):
            run = self.windlass("submit", "render.yaml", "-p", f"service={self.service.url}",
                                code=0).stdout.strip()
            self.wait_until(lambda: len(self.service.messages) > number, "it is asked")
            asked = json.loads(self.service.messages[number][1])
            done = subprocess.run([program, name, asked["notify"], asked["secret"],
                                   '{"state": "größer"}'],
                                  cwd=self.folder, capture_output=True, text=True)
            self.assertEqual((done.returncode, json.loads(done.stdout)),
                             (0, {"state": "accepted"}), done)
            self.assertEqual(self.value(self.wait_for_end(run), "publish"), "größer")


if __name__ == "__main__":
    unittest.main()

"""http tasks through the binary: against httpbin, nginx, and a server that misbehaves."""

import json
import pathlib
import shutil
import socket
import subprocess
import tempfile
import unittest
import urllib.request

from stand_in import StandIn
from support import EndToEndTest

SERVE_HTTPBIN = """
import sys, threading
from werkzeug.serving import make_server
import httpbin
server = make_server("127.0.0.1", 0, httpbin.app, threaded=True)
print(server.server_port, flush=True)
threading.Thread(target=server.serve_forever, daemon=True).start()
sys.stdin.read()
"""

NGINX = """
daemon off;
worker_processes 1;
pid {folder}/nginx.pid;
error_log {folder}/error.log;
events {{ worker_connections 2048; }}
http {{
  access_log off;
  client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy;
  fastcgi_temp_path {folder}/fastcgi; uwsgi_temp_path {folder}/uwsgi;
  scgi_temp_path {folder}/scgi;
  server {{
    listen 127.0.0.1:{port} ssl http2;
    server_name localhost;
    ssl_certificate {folder}/server.pem; ssl_certificate_key {folder}/server.key;
    ssl_client_certificate {folder}/ca.pem; ssl_verify_client optional;
    location / {{
      default_type application/json;
      return 200 '{{"protocol": "$server_protocol", "client": "$ssl_client_s_dn"}}';
    }}
  }}
}}
"""


def free_port():
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


def listens(port):
    with socket.socket() as one:
        return one.connect_ex(("127.0.0.1", port)) == 0


def make_certificates(folder):
    """An authority, and certificates of it for `localhost` and for a client."""
    def openssl(*arguments):
        subprocess.run(["openssl", *arguments], cwd=folder, check=True,
                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    openssl("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj",
            "/CN=Tests", "-keyout", "ca.key", "-out", "ca.pem")
    for name, subject, extra in (("server", "/CN=localhost", "subjectAltName=DNS:localhost"),
                                 ("client", "/CN=me", "keyUsage=digitalSignature")):
        openssl("req", "-newkey", "rsa:2048", "-nodes", "-subj", subject, "-keyout",
                f"{name}.key", "-out", f"{name}.csr")
        (folder / f"{name}.ext").write_text(extra)
        openssl("x509", "-req", "-in", f"{name}.csr", "-CA", "ca.pem", "-CAkey", "ca.key",
                "-CAcreateserial", "-days", "2", "-extfile", f"{name}.ext", "-out", f"{name}.pem")


class HttpTest(EndToEndTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.bad = StandIn("http")
        cls.addClassCleanup(cls.bad.close)
        cls.httpbin_process = subprocess.Popen(
            ["/usr/bin/python3", "-c", SERVE_HTTPBIN], stdin=subprocess.PIPE,
            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        cls.addClassCleanup(cls.stop_httpbin)
        cls.httpbin = f"http://127.0.0.1:{int(cls.httpbin_process.stdout.readline())}"

    @classmethod
    def stop_httpbin(cls):
        cls.httpbin_process.communicate()

    def tasks(self, text, *arguments, code=0, env=None):
        """Of each task what is known, with the value of its result."""
        flow = self.write("flow.yaml", text)
        run = self.windlass("run", flow, "--output", "json", *arguments, code=code, env=env).json()
        tasks = {}
        for task in run["tasks"]:
            value = (task["result"] or {}).get("value")
            tasks.setdefault(task["id"], {**task, "value": value})
        return tasks

    def one(self, params, *arguments, code=0, env=None, **fields):
        task = {"type": "http", "params": params, **fields}
        flow = {"windlass": 1, "name": "one", "tasks": {"call": task}}
        return self.tasks(json.dumps(flow), *arguments, code=code, env=env)["call"]

    def requests(self):
        with urllib.request.urlopen(f"{self.bad.url}/_requests") as answer:
            return json.load(answer)

    # --- a service that works

    def test_httpbin_is_called_in_all_the_ways_it_offers(self):
        base = self.httpbin
        get = self.one({"url": f"{base}/get", "query": {"a": "x y"}})["value"]
        self.assertEqual((get["status"], get["body"]["args"]), (200, {"a": "x y"}))
        post = self.one({"url": f"{base}/post", "method": "POST", "json": {"n": [1]}})["value"]
        self.assertEqual(post["body"]["json"], {"n": [1]})
        form = self.one({"url": f"{base}/put", "method": "PUT", "form": {"a": "b&c"}})["value"]
        self.assertEqual(form["body"]["form"], {"a": "b&c"})
        self.assertTrue(self.one({"url": f"{base}/gzip"})["value"]["body"]["gzipped"])
        self.assertEqual(self.one({"url": f"{base}/redirect/3"})["value"]["status"], 200)
        basic = {"basic": {"username": "u", "password": "p"}}
        self.assertTrue(self.one({"url": f"{base}/basic-auth/u/p", "auth": basic})["value"]
                        ["body"]["authenticated"])
        self.assertEqual(self.one({"url": f"{base}/bearer", "auth": {"bearer": "t"}})["value"]
                         ["body"]["token"], "t")
        self.assertIn("</html>", self.one({"url": f"{base}/html"})["value"]["body"])
        png = self.one({"url": f"{base}/image/png"})
        self.assertEqual(png["result"]["media_type"], "image/png")
        failed = self.one({"url": f"{base}/status/404"}, code=1)
        self.assertEqual((failed["error"]["type"], failed["error"]["category"]),
                         ("HttpClientError", "client"))

    def test_a_call_that_is_too_slow_times_out_and_is_tried_again(self):
        failed = self.one({"url": f"{self.httpbin}/delay/5", "timeout": "200ms"}, code=1,
                          retry_policy={"maximum_attempts": 2, "initial_interval": "10ms"})
        self.assertEqual(failed["error"]["category"], "timeout")
        self.assertEqual(failed["attempt"], 2)

    def test_a_body_in_binary_is_a_result_that_other_tasks_read(self):
        tasks = self.tasks(f"""
            windlass: 1
            name: chain
            tasks:
              get: {{type: http, params: {{url: "{self.bad.url}/bytes/3000000"}}}}
              put:
                type: http
                depends_on: [get]
                params: {{url: "{self.bad.url}/length", method: PUT, body: "${{{{ tasks.get.result }}}}"}}
            """)
        self.assertEqual(tasks["get"]["result"]["size"], 3000000)
        self.assertEqual(tasks["put"]["value"]["body"],
                         {"length": 3000000, "sha256": tasks["get"]["result"]["sha256"]})

    def test_mapped_calls_wait_together_and_not_one_after_another(self):
        tasks = self.tasks(f"""
            windlass: 1
            name: many
            tasks:
              items: {{type: shell, params: {{command: "seq -s, 0 199 | sed 's/.*/[&]/'", result: json}}}}
              call:
                type: http
                depends_on: [items]
                map: {{items: "${{{{ tasks.items.result }}}}", as: i}}
                params: {{url: "{self.bad.url}/delay/0.5", query: {{i: "${{{{ i }}}}"}}}}
            """, "--slots", "2")
        self.assertEqual([one["body"]["query"]["i"] for one in tasks["call"]["value"]],
                         [str(i) for i in range(200)])

    def test_pages_become_a_table_that_sql_reads(self):
        tasks = self.tasks(f"""
            windlass: 1
            name: pages
            tasks:
              rows:
                type: http
                params:
                  url: "{self.bad.url}/pages/5000?wide=1000"
                  query: {{size: 500}}
                  paginate: {{by: link, items: body.items}}
              few: {{type: http, params: {{url: "{self.bad.url}/pages/7", paginate: {{by: link, items: body.items}}}}}}
              sum:
                type: sql
                depends_on: [rows, few]
                params:
                  inputs: {{t: "${{{{ tasks.rows.result }}}}", f: "${{{{ tasks.few.result.rows }}}}"}}
                  query: select count(*) as n, sum(n) as total, (select count(*) from f) as few from t
            """)
        self.assertEqual(tasks["sum"]["value"]["rows"],
                         [{"n": 5000, "total": sum(range(5000)), "few": 7}])

    def test_a_poll_is_one_attempt_however_often_it_asks(self):
        call = self.one({"url": f"{self.bad.url}/job/3/poll",
                         "poll": {"until": "body.state == 'done'", "interval": "20ms"}})
        self.assertEqual((call["value"]["body"]["state"], call["attempt"]), ("done", 1))
        self.assertEqual(self.requests().count("GET /job/3/poll"), 4)
        failed = self.one({"url": f"{self.bad.url}/job/1000/never", "poll": {
            "until": "body.state == 'done'", "interval": "20ms", "timeout": "100ms"}}, code=1)
        self.assertIn("poll.timeout", failed["error"]["message"])

    # --- tries

    def test_a_retry_waits_as_long_as_the_service_asks_for(self):
        call = self.one({"url": f"{self.bad.url}/times/1/429/later?retry_after=1"},
                        retry_policy={"maximum_attempts": 3, "initial_interval": "1ms"})
        self.assertEqual((call["state"], call["attempt"]), ("succeeded", 2))
        run = self.windlass("list", "--output", "json").json()["runs"][0]
        shown = self.windlass("show", run["run_id"], "--output", "json").json()
        first, = shown["attempts"]
        self.assertEqual((first["attempt"], first["outcome"]), (1, "failed"))
        self.assertEqual(first["error"]["type"], "HttpThrottled")
        self.assertEqual(first["error"]["details"]["response"]["status"], 429)

    def test_a_post_that_may_have_arrived_is_not_sent_twice(self):
        retry = {"maximum_attempts": 5, "initial_interval": "1ms"}
        failed = self.one({"url": f"{self.bad.url}/half?post", "method": "POST", "body": "x"},
                          code=1, retry_policy=retry)
        self.assertEqual(failed["error"]["category"], "network")
        self.assertEqual(self.requests().count("POST /half?post"), 1)
        called = self.one({"url": f"{self.bad.url}/times/1/500/key?key", "method": "POST",
                           "body": "x", "idempotency_key": "Idempotency-Key"},
                          retry_policy=retry)
        self.assertEqual(called["attempt"], 2)

    def test_whatever_a_server_does_the_call_ends_with_its_category(self):
        for path, category in (("reset", "network"), ("half", "network"), ("garbage", "protocol"),
                               ("headers/2000000", "resource"), ("unzip", "protocol"),
                               ("loop", "protocol"), ("drip", "timeout"), ("stall", "timeout")):
            failed = self.one({"url": f"{self.bad.url}/{path}", "timeout": "1s"}, code=1,
                              retry_policy={"maximum_attempts": 1})
            self.assertEqual(failed["error"]["category"], category, failed)

    def test_a_cancel_ends_a_call_at_once(self):
        self.executor()
        run = self.submit(f"""
            windlass: 1
            name: stall
            tasks: {{call: {{type: http, params: {{url: "{self.bad.url}/stall?cancel"}}}}}}
            """)
        self.wait_until(lambda: "GET /stall?cancel" in self.requests(), "it is called")
        self.windlass("cancel", run, code=0)
        self.wait_until(lambda: self.windlass("show", run, "--output", "json").json()["state"]
                        == "cancelled", "it is cancelled")

    # --- safety

    def test_a_call_leads_nowhere_it_may_not(self):
        for url in ("http://169.254.169.254/latest/meta-data/", "http://10.0.0.1/",
                    "http://[fd00:ec2::254]/", f"{self.bad.url}/redirect/1?to=http://192.168.0.1/"):
            failed = self.one({"url": url}, code=1)
            self.assertEqual(failed["error"]["type"], "HttpForbidden", url)
        failed = self.one({"url": f"{self.bad.url}/echo"}, code=1,
                          env={"WINDLASS_HTTP_ALLOW": "none"})
        self.assertEqual(failed["error"]["type"], "HttpForbidden")
        refused = self.windlass("run", "flow.yaml", "--http-allow", "everything", code=2)
        self.assertIn("--http-allow", refused.stderr)

    def test_values_cannot_change_where_a_url_leads(self):
        tasks = self.tasks(f"""
            windlass: 1
            name: url
            params: {{id: {{type: string, default: "../admin?x=1#"}}}}
            tasks: {{call: {{type: http, params: {{url: "{self.bad.url}/echo/${{{{ params.id }}}}"}}}}}}
            """)
        self.assertEqual(tasks["call"]["value"]["body"]["path"], "/echo/..%2Fadmin%3Fx%3D1%23")

    def test_a_secret_is_in_nothing_that_is_kept(self):
        call = {"url": f"{self.bad.url}/status/500", "auth": {"bearer": "${{ secrets.KEY }}"}}
        self.one(call, code=1, env={"WINDLASS_SECRET_KEY": "very-secret-value"},
                 retry_policy={"maximum_attempts": 1})
        run = self.windlass("list", "--output", "json").json()["runs"][0]["run_id"]
        for command in (("show", run, "--output", "json"), ("logs", run)):
            self.assertNotIn("very-secret-value", self.windlass(*command).stdout)

    def test_tls_is_verified_both_ways(self):
        folder = pathlib.Path(tempfile.mkdtemp())
        self.addCleanup(shutil.rmtree, folder)
        make_certificates(folder)
        port = free_port()
        (folder / "nginx.conf").write_text(NGINX.format(folder=folder, port=port))
        nginx = subprocess.Popen(["/usr/sbin/nginx", "-p", folder, "-e", folder / "error.log",
                                  "-c", folder / "nginx.conf"],
                                 stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.addCleanup(nginx.wait)
        self.addCleanup(nginx.terminate)
        self.wait_until(lambda: listens(port), "nginx listens")
        url = f"https://localhost:{port}/"
        unknown = self.one({"url": url}, code=1)
        self.assertEqual((unknown["error"]["type"], unknown["error"]["category"]),
                         ("HttpTls", "tls"))
        known = self.one({"url": url, "tls": {
            "ca": (folder / "ca.pem").read_text(), "certificate": str(folder / "client.pem"),
            "key": str(folder / "client.key")}})["value"]["body"]
        self.assertEqual(known, {"protocol": "HTTP/2.0", "client": "CN=me"})
        by_flag = self.one({"url": url}, "--http-ca", folder / "ca.pem")["value"]["body"]
        self.assertEqual(by_flag["client"], "")
        other_name = self.one({"url": f"https://127.0.0.1:{port}/",
                               "tls": {"ca": (folder / "ca.pem").read_text()}}, code=1)
        self.assertEqual(other_name["error"]["category"], "tls")

    # --- the executor for it

    def test_an_api_executor_has_more_calls_in_flight_than_slots(self):
        executor = self.start("executor", "--profile", "api", "--slots", "1", "--in-flight", "300",
                              "--exit-when-idle")
        run = self.submit(f"""
            windlass: 1
            name: many
            tasks:
              items: {{type: shell, params: {{command: "seq -s, 1 300 | sed 's/.*/[&]/'", result: json}}}}
              call:
                type: http
                depends_on: [items]
                map: {{items: "${{{{ tasks.items.result }}}}", as: i}}
                params: {{url: "{self.bad.url}/delay/1?api"}}
            """)
        self.wait_until(lambda: self.requests().count("GET /delay/1?api") == 300, "all are called")
        self.assertEqual(self.wait_for_exit(executor), 0)
        self.assertEqual(self.windlass("show", run, "--output", "json").json()["state"],
                         "succeeded")

    def test_a_map_in_batches_makes_one_call_for_many_items(self):
        tasks = self.tasks(json.dumps({
            "windlass": 1, "name": "batches", "params": {"skus": {"type": "array"}}, "tasks": {
                "prices": {
                    "type": "http",
                    "map": {"items": "${{ params.skus }}", "as": "skus", "batch": 50,
                            "item_results": "${{ result.body.json.skus }}"},
                    "params": {"url": f"{self.httpbin}/anything", "method": "POST",
                               "json": {"skus": "${{ skus }}"}}},
                "after": {"type": "noop", "depends_on": ["prices"],
                          "when": "tasks.prices.result == params.skus"}}}),
            "-p", f"skus={json.dumps(list(range(120)))}")
        self.assertEqual(tasks["after"]["state"], "succeeded")
        self.assertEqual((tasks["prices"]["items"], tasks["prices"]["value"]),
                         (3, list(range(120))))
        # The last batch has what is left.
        last = self.task(self.show("last"), "prices", 2)["result"]
        self.assertEqual(last["value"], list(range(100, 120)))
        self.assertEqual((last["metadata"]["batch_items"], last["metadata"]["response"]["status"]),
                         (20, 200))
        all_of_them = self.windlass("result", "last", "prices", "--output", "json", code=0)
        self.assertEqual(all_of_them.json(), list(range(120)))

    def test_an_answer_for_other_items_fails_the_call_of_its_batch(self):
        self.tasks(json.dumps({
            "windlass": 1, "name": "batches", "tasks": {"prices": {
                "type": "http",
                "map": {"items": [1, 2, 3], "batch": 3, "item_results": "result.body.json"},
                "params": {"url": f"{self.httpbin}/anything", "method": "POST",
                           "json": ["only one"]}}}}), code=1)
        error = self.task(self.show("last"), "prices", 0)["error"]
        self.assertEqual((error["type"], error["message"]), (
            "InvalidResult", "map.item_results: expected 3 results, one per item, got 1"))


if __name__ == "__main__":
    unittest.main()

"""SQL tasks through the binary: pipelines, other people's servers, bad intent."""

import functools
import http.server
import threading
import unittest

from postgres import Postgres
from support import EndToEndTest

PARQUET = "application/vnd.apache.parquet"


class FileServer(http.server.SimpleHTTPRequestHandler):
    def do_GET(self):
        if self.path == "/moved.csv":
            self.send_response(302)
            self.send_header("Location", "/data.csv?token=1")
            self.send_header("Content-Length", "0")
            self.end_headers()
        else:
            super().do_GET()

    def log_message(self, *_):
        pass


class SqlTest(EndToEndTest):
    def results(self, text, **params):
        flags = [f"-p{name}={value}" for name, value in params.items()]
        run = self.windlass("run", self.write("flow.yaml", text), "--output", "json",
                            *flags, code=0).json()
        return {task["id"]: task["result"] for task in run["tasks"]}

    def test_tables_pass_from_task_to_task_whatever_their_size(self):
        results = self.results("""
            windlass: 1
            name: chain
            tasks:
              text: {type: shell, params: {command: "printf 'i,s\\n1,é\\n2,\\n'", result: text}}
              json: {type: shell, params: {command: "echo '[{\\"i\\": 1, \\"day\\": \\"2024-02-29\\"}]'", result: json}}
              small:
                type: sql
                depends_on: [text, json]
                params:
                  inputs: {t: "${{ tasks.text.result }}", j: "${{ tasks.json.result }}"}
                  query: "select i, s, day + 1 as tomorrow, i::hugeint * 1000000000000000000000 as big from t left join j using (i) order by i"
              large:
                type: sql
                depends_on: [small]
                params:
                  inputs: {s: "${{ tasks.small.result }}"}
                  query: "select range as r, s.* from range(20000), s"
              files:
                type: sql
                depends_on: [large]
                params:
                  inputs: {large: "${{ tasks.large.result }}"}
                  query: "create table odd as from large where r % 2 = 1"
                  outputs: {odd: out/odd.parquet}
              sum:
                type: sql
                depends_on: [files]
                params:
                  inputs: {odd: "${{ tasks.files.result.outputs.odd }}"}
                  query: "select count(*) n, sum(r)::bigint r, max(big) big, max(tomorrow) tomorrow, count(s) s from odd"
            """)
        self.assertEqual(results["large"]["media_type"], PARQUET)
        self.assertEqual(results["large"]["metadata"]["rows"], 40000)
        self.assertEqual(results["sum"]["value"]["rows"], [
            {"n": 20000, "r": 200000000, "big": "2000000000000000000000",
             "tomorrow": "2024-03-01", "s": 10000}])

    def test_what_is_on_the_web_is_downloaded(self):
        (self.folder / "data.csv").write_text("a\n1\n2\n")
        server = http.server.ThreadingHTTPServer(
            ("127.0.0.1", 0), functools.partial(FileServer, directory=str(self.folder)))
        threading.Thread(target=server.serve_forever, daemon=True).start()
        self.addCleanup(server.server_close)
        self.addCleanup(server.shutdown)
        url = f"http://127.0.0.1:{server.server_port}"
        results = self.results("""
            windlass: 1
            name: web
            params: {url: {type: string}}
            tasks:
              sum:
                type: sql
                params:
                  inputs: {t: "${{ params.url }}/moved.csv"}
                  query: select sum(a)::int as n from t
              missing:
                type: sql
                allow_failure: true
                params: {inputs: {t: "${{ params.url }}/nothing.csv"}, query: from t}
            """, url=url)
        self.assertEqual(results["sum"]["value"]["rows"], [{"n": 3}])
        tasks = {task["id"]: task for task in self.show("last")["tasks"]}
        self.assertEqual(tasks["missing"]["error"]["type"], "NotFound")
        self.assertIn("404", tasks["missing"]["error"]["message"])

    def test_what_a_validation_lets_pass_goes_on(self):
        results = self.results("""
            windlass: 1
            name: validated
            params: {least: {type: integer}}
            tasks:
              orders:
                type: sql
                params: {query: "select range as id, range % 3 - 1 as n from range(20000)"}
              check:
                type: validate
                depends_on: [orders]
                params:
                  input: "${{ tasks.orders.result }}"
                  rules: [{column: n, minimum: "${{ params.least }}"}, {column: id, unique: true}]
                  on_failure: split
                  outputs: {valid: out/good.parquet, quarantine: out/bad.parquet}
              count:
                type: sql
                depends_on: [check]
                params:
                  inputs:
                    good: "${{ tasks.check.result.outputs.valid }}"
                    bad: "${{ tasks.check.result.outputs.quarantine }}"
                  query: "select (select count(*) from good) good, (select count(*) from bad) bad, (select any_value(failed_rules) from bad) why"
            """, least=0)
        self.assertEqual(results["check"]["value"]["failing_rows"], 6667)
        self.assertEqual(results["count"]["value"]["rows"],
                         [{"good": 13333, "bad": 6667, "why": ["n minimum"]}])

    def test_mistakes_are_found_before_anything_runs(self):
        flow = self.write("flow.yaml", """
            windlass: 1
            name: mistakes
            params: {name: {type: string}}
            tasks:
              splice: {type: sql, params: {query: "select '${{ params.name }}'"}}
              syntax: {type: sql, params: {query: "selec 1"}}
              unknown: {type: sql, params: {query: "select 1", imputs: {}}}
              rules: {type: validate, params: {input: t.csv, rules: [{column: a, minimun: 1}]}}
            """)
        said = self.windlass("validate", flow, code=2).stderr
        self.assertIn("write $name", said)
        self.assertIn('syntax error at or near "selec"', said)
        self.assertIn("did you mean inputs?", said)
        self.assertIn("did you mean minimum?", said)

    def test_a_timeout_interrupts_the_query(self):
        flow = self.write("flow.yaml", """
            windlass: 1
            name: slow
            tasks:
              slow:
                type: sql
                start_to_close_timeout: 300ms
                params: {query: "select sum(a.range * b.range) from range(10000000) a, range(10000000) b"}
            """)
        run = self.windlass("run", flow, "--output", "json", code=1).json()
        self.assertEqual(run["tasks"][0]["error"]["type"], "Timeout")


class PostgresTablesTest(EndToEndTest):
    def test_a_table_of_one_server_becomes_one_of_another(self):
        flow = self.write("flow.yaml", """
            windlass: 1
            name: totals
            params: {day: {type: string}}
            tasks:
              totals:
                type: sql
                params:
                  inputs:
                    orders:
                      postgres: "${{ secrets.SHOP }}"
                      query: select * from orders where day = current_setting('windlass.day')::date
                      params: {day: "${{ params.day }}"}
                  query: |
                    create table totals as select customer, sum(price) as total from orders group by all;
                    select count(*) as customers from totals
                  outputs:
                    totals: {postgres: "${{ secrets.REPORTS }}", table: totals, mode: upsert, key: [customer]}
        """)
        with Postgres() as server:
            shop, reports = server.create_database(), server.create_database()
            server.query("create table orders (customer text, price numeric(10, 2), day date);"
                         "insert into orders values ('a', 1.25, '2024-02-29'), ('a', 2, '2024-02-29'),"
                         " ('b', 9, '2024-02-29'), ('b', 100, '2024-03-01')", shop)
            server.query("create table totals (customer text primary key, total numeric);"
                         "insert into totals values ('b', 0), ('c', 1)", reports)
            env = {"WINDLASS_SECRET_SHOP": shop, "WINDLASS_SECRET_REPORTS": reports}
            run = self.windlass("run", flow, "-pday=2024-02-29", "--output", "json", env=env, code=0).json()
            self.assertEqual(server.query("select * from totals order by 1", reports),
                             [("a", "3.25"), ("b", "9.00"), ("c", "1")])
            self.assertEqual(run["tasks"][0]["result"]["value"]["outputs"],
                             {"totals": {"table": "totals", "mode": "upsert", "rows": 2}})
            server.query("alter table totals add check (total < 9) not valid", reports)
            failed = self.windlass("run", flow, "-pday=2024-02-29", "--output", "json", env=env, code=1)
            error = failed.json()["tasks"][0]["error"]
            self.assertEqual(error["type"], "DataError")
            self.assertIn("table totals: postgres: new row", error["message"])
            self.assertNotIn(reports, failed.stdout + failed.stderr)


if __name__ == "__main__":
    unittest.main()

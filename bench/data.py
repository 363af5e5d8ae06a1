#!/usr/bin/python3
"""Measures sql and python tasks against the engines they run on.

    bench/data.py [--quick] [--only overhead|queries|frames|memory] [--output json]

Windlass is the binary at build/release/windlass or $WINDLASS_BINARY: an executor of
profile data on a fresh SQLite file. DuckDB alone is the same library, called by its C
API from plain_duckdb.py with the same threads and memory limit. What is compared takes
turns; of the rounds the median is told. README.md says how to read the result.
"""

import argparse
import json
import pathlib
import statistics
import subprocess
import sys
import tempfile

from data_executor import run, seconds_of
from plain_duckdb import DuckDb

HERE = pathlib.Path(__file__).resolve().parent
THREADS = 2
MEMORY = "4GB"
SECTIONS = ("overhead", "queries", "frames", "memory")

GROUP = ("select customer % 1000 as g, count(*) as n, sum(price) as total, avg(quantity) as mean, max(day) as last "
         "from orders group by g order by g")
JOIN = ("select region, count(*) as n, sum(price * quantity) as total "
        "from orders join customers using (customer) group by region order by region")


def plain(statements, fresh=False):
    job = {"threads": THREADS, "memory": MEMORY, "statements": statements, "fresh": fresh}
    done = subprocess.run([sys.executable, HERE / "plain_duckdb.py"], input=json.dumps(job), text=True,
                          stdout=subprocess.PIPE, check=True)
    return json.loads(done.stdout)


def sql(query, depends_on=(), **params):
    return {"type": "sql", "depends_on": list(depends_on),
            "params": {"query": query, "threads": THREADS, "memory": MEMORY, **params}}


def python(function, depends_on=(), memory=MEMORY, **args):
    return {"type": "python", "depends_on": list(depends_on),
            "params": {"script": str(HERE / "data_functions.py"), "function": function, "memory": memory,
                       "args": args}}


class Bench:
    def __init__(self, chosen, folder):
        self.rounds = 3
        self.rows = 1_000_000 if chosen.quick else 10_000_000
        self.tasks = 100 if chosen.quick else 500
        self.folder = folder
        self.results = []
        self.quiet = chosen.output == "json"

    def tell(self, section, what, ours, other, unit, than):
        """One line: ours, the other's, and how they compare."""
        self.results.append({"section": section, "what": what, "unit": unit, "windlass": ours,
                             "other": other, "than": than})
        if not self.quiet:
            against = f"{other:11.3f}{ours / other:9.2f}" if other else " " * 20
            print(f"{section:9} {what:42}{ours:11.3f}{against}  {unit:4} {than}", flush=True)

    def interleaved(self, *works):
        """The median of each, having taken turns."""
        rounds = [[work() for work in works] for _ in range(self.rounds)]
        return [statistics.median(column) for column in zip(*rounds)]

    # ------------------------------------------------------------- overhead

    def small_tasks(self, task):
        """Milliseconds from one end to the next, of many one after another, once warm."""
        tasks = run(self.folder, {"small": {**task, "map": {"items": list(range(self.tasks)), "as": "n"}}},
                    "--slots", "1")
        ends = sorted(one["finished_at"] for one in tasks if one["index"] is not None)
        settled = len(ends) // 10
        return seconds_of(ends[settled], ends[-1]) / (len(ends) - 1 - settled) * 1000

    def task_after_a_pause(self, task):
        """Milliseconds of an attempt that comes when nothing else has come for a while."""
        tasks = {"pause0": {"type": "sleep", "params": {"duration": "300ms"}}}
        for i in range(10):
            tasks[f"task{i}"] = {**task, "depends_on": [f"pause{i}"]}
            tasks[f"pause{i + 1}"] = {"type": "sleep", "depends_on": [f"task{i}"], "params": {"duration": "200ms"}}
        ran = run(self.folder, tasks, "--slots", "1")
        return statistics.median(seconds_of(one["started_at"], one["finished_at"]) * 1000
                                 for one in ran if one["id"].startswith("task"))

    def overhead(self):
        statement = "select 41 + 1 as n"
        noop, back_to_back, paused, engine, fresh = self.interleaved(
            lambda: self.small_tasks({"type": "noop"}),
            lambda: self.small_tasks(sql(statement)),
            lambda: self.task_after_a_pause(sql(statement)),
            lambda: statistics.mean(plain([statement] * self.tasks)) * 1000,
            lambda: statistics.mean(plain([statement] * 10, fresh=True)) * 1000)
        self.tell("overhead", "noop task, back to back", noop, None, "ms", "")
        self.tell("overhead", "sql task, back to back", back_to_back, engine, "ms", "the query, database open")
        self.tell("overhead", "sql task, after a pause", paused, engine, "ms", "the query, database open")
        self.tell("overhead", "sql task, back to back", back_to_back, fresh, "ms", "the query, database of its own")
        back_to_back, paused, function = self.interleaved(
            lambda: self.small_tasks(python("add_one", n=1)),
            lambda: self.task_after_a_pause(python("add_one", n=1)),
            lambda: json.loads(subprocess.run([sys.executable, HERE / "data_functions.py", "add_one", "10000"],
                                              check=True, stdout=subprocess.PIPE).stdout) * 1000)
        self.tell("overhead", "python task, back to back", back_to_back, function, "ms", "calling the function")
        self.tell("overhead", "python task, after a pause", paused, function, "ms", "calling the function")

    # -------------------------------------------------------------- queries

    def make_orders(self):
        """Ten million orders of a million customers, as Parquet."""
        with DuckDb(threads=THREADS) as database:
            database.execute(f"""copy (
                select range as id, hash(range) % {self.rows // 10} as customer,
                       date '2024-01-01' + (range % 366)::int as day,
                       (hash(range * 7) % 10000) / 100.0::double as price,
                       (hash(range * 3) % 9 + 1)::int as quantity
                from range({self.rows})) to '{self.folder}/orders.parquet' (format parquet)""")
            database.execute(f"""copy (
                select range as customer, 'region ' || (hash(range) % 50) as region from range({self.rows // 10}))
                to '{self.folder}/customers.parquet' (format parquet)""")

    def query_seconds(self, query):
        """Of the second task: the first has loaded the library."""
        tables = {name: f"{name}.parquet" for name in ("orders", "customers") if f" {name} " in query}
        tasks = run(self.folder, {"warm": sql("select 1"), "query": sql(query, ["warm"], inputs=tables)},
                    "--slots", "1")
        return next(seconds_of(one["started_at"], one["finished_at"]) for one in tasks if one["id"] == "query")

    def queries(self):
        for what, query in (("group", GROUP), ("join", JOIN)):
            statement = query
            for name in ("orders", "customers"):
                statement = statement.replace(f" {name} ", f" read_parquet('{self.folder}/{name}.parquet') {name} ")
            ours, engine = self.interleaved(lambda: self.query_seconds(query),
                                            lambda: plain([statement])[0])
            self.tell("queries", f"{what} of {self.rows:,} rows", ours, engine, "s",
                      "the query, database open")

    # --------------------------------------------------------------- frames

    def frame_seconds(self, columns):
        """Of the task whose function sums a table that a sql task has left."""
        rows = self.rows // 10
        tasks = run(self.folder, {
            "warm": python("add_one", n=1),
            "table": sql(f"select {columns} from orders limit {rows}", ["warm"], result="parquet",
                         inputs={"orders": "orders.parquet"}),
            "frame": python("sums", ["table"], frame="${{ tasks.table.result }}")}, "--slots", "1")
        by_name = {one["id"]: one for one in tasks}
        return seconds_of(by_name["frame"]["started_at"], by_name["frame"]["finished_at"])

    def other_frames(self, columns):
        """By read_csv and by pickle, in a process that has pandas."""
        rows = self.rows // 10
        csv, pickle = self.folder / "frame.csv", self.folder / "frame.pickle"
        with DuckDb(threads=THREADS) as database:
            database.execute(f"copy (select {columns} from '{self.folder}/orders.parquet' limit {rows}) "
                             f"to '{csv}' (header)")
        done = subprocess.run([sys.executable, HERE / "data_functions.py", "frames", csv, pickle], check=True,
                              stdout=subprocess.PIPE)
        return json.loads(done.stdout)

    def frames(self):
        for what, columns in (("numbers", "id, customer, price, quantity"),
                              ("numbers and texts", "id, price, quantity, 'customer ' || customer as name")):
            rounds = [(self.frame_seconds(columns), *self.other_frames(columns)) for _ in range(self.rounds)]
            ours, csv, pickle = (statistics.median(column) for column in zip(*rounds))
            label = f"{self.rows // 10:,} rows of {what}"
            self.tell("frames", label, ours, csv, "s", "pandas.read_csv")
            self.tell("frames", label, ours, pickle, "s", "pickle, there and back")

    # --------------------------------------------------------------- memory

    def memory(self):
        """The peak of an executor and its workers, beside the memory its task was allowed."""
        allowed = 256
        spill = sql("select id, row_number() over (order by price, id) as place from orders "
                    "qualify place % 100000 = 0",
                    inputs={"orders": "orders.parquet"}, memory=f"{allowed}MiB")
        self.peak(f"sort of {self.rows:,} rows, spilled", {"sort": spill}, allowed)
        steps = {"step0": sql("from orders", inputs={"orders": "orders.parquet"}, result="parquet",
                              memory=f"{allowed}MiB")}
        for i in range(1, 10):
            steps[f"step{i}"] = sql("select * replace (price + 1 as price) from t", [f"step{i - 1}"],
                                    inputs={"t": f"${{{{ tasks.step{i - 1}.result }}}}"}, memory=f"{allowed}MiB",
                                    result="parquet")
        self.peak(f"ten steps over {self.rows:,} rows", steps, allowed)
        hoard = python("fill", memory=f"{allowed}MiB", mebibytes=allowed // 2)
        self.peak(f"python, {allowed // 2} MiB filled", {"fill": hoard}, allowed)
        hoard = {**python("fill", memory=f"{allowed}MiB", mebibytes=allowed * 8), "allow_failure": True,
                 "retry_policy": {"maximum_attempts": 1}}
        self.peak("python that wants eight times as much", {"fill": hoard}, allowed)

    def peak(self, what, tasks, allowed):
        peaks, idle = [], []
        run(self.folder, {"idle": {"type": "noop"}}, "--slots", "1", peaks=idle)
        run(self.folder, tasks, "--slots", "1", peaks=peaks)
        self.tell("memory", what, peaks[0] - idle[0], allowed, "MiB", "its limit, beyond an idle executor's")


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--quick", action="store_true", help="a tenth of the rows, fewer rounds")
    parser.add_argument("--only", choices=SECTIONS, help="one section")
    parser.add_argument("--output", choices=("text", "json"), default="text")
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="windlass-bench-") as name:
        bench = Bench(chosen, pathlib.Path(name))
        if not bench.quiet:
            print(f"{'':52}{'windlass':>11}{'other':>11}{'ratio':>9}")
        if chosen.only != "overhead":
            bench.make_orders()
        for section in SECTIONS:
            if chosen.only in (None, section):
                getattr(bench, section)()
    if bench.quiet:
        print(json.dumps({"results": bench.results}, indent=1))


if __name__ == "__main__":
    main()

"""Data as it comes: what sql, python and validate make of it, against plain Python."""

import collections
import csv
import datetime
import gzip
import io
import json
import random
import re
import unittest

from support import EndToEndTest

# What makes readers stumble.
AWKWARD = ["", " ", "a,b", 'say "hi"', "line one\nline two", "carriage\r\nreturn", "é", "日本語", "🛫",
           "e\u0301",
           "007", "1e3", "NaN", "null", "NULL", "None", "-", "'", "''", ";", "--", "/*", "$x", "\t", "\\", "\\n",
           "true", "2024-02-30", "${{ params.x }}", "<b>", "\x7f", "\u200b", "\u00a0", "x" * 5000]


def csv_text(rows, **options):
    text = io.StringIO(newline="")
    csv.writer(text, **options).writerows(rows)
    return text.getvalue()


class DirtyDataTest(EndToEndTest):
    def bytes(self, name, content):
        path = self.folder / name
        path.write_bytes(content)
        return path

    def run_tasks(self, tasks, code=0):
        """The values of tasks given as Python values."""
        return self.run_workflow(json.dumps({"windlass": 1, "name": "dirty", "tasks": tasks}),
                                 code=code, name="flow.json")

    def read(self, files):
        """The rows of tables by the name of the file, each with what it is read with."""
        tasks = {f"t{i}": {"type": "sql", "params": {"inputs": {"t": one}, "query": "from t"}}
                 for i, one in enumerate(files)}
        run = self.run_tasks(tasks)
        return [self.value(run, name)["rows"] for name in tasks]

    def test_csv_of_all_sorts_is_what_the_csv_module_reads(self):
        rows = [["id", "name", "note"], ["1", "Zoë", "a, b"], ["2", "Øre", 'he said "no"'],
                ["3", "ß", "two\nlines"]]
        unix, windows = csv_text(rows, lineterminator="\n"), csv_text(rows)
        self.bytes("bom.csv", b"\xef\xbb\xbf" + windows.encode())
        self.bytes("latin.csv", unix.encode("latin-1"))
        self.bytes("packed.csv.gz", gzip.compress(unix.encode()))
        self.bytes("tabs.tsv", csv_text(rows, delimiter="\t", lineterminator="\n").encode())
        self.bytes("semicolons.csv", csv_text(rows, delimiter=";", lineterminator="\n").encode())
        self.bytes("it's [1].csv", unix.encode())
        self.bytes("no end.csv", unix.rstrip("\n").encode())
        text = {"all_varchar": True}
        found = self.read([{"path": "bom.csv", "options": text},
                           {"path": "latin.csv", "options": {**text, "encoding": "latin-1"}},
                           {"path": "packed.csv.gz", "options": text}, {"path": "tabs.tsv", "options": text},
                           {"path": "semicolons.csv", "options": text}, {"path": "it's [1].csv", "options": text},
                           {"path": "no end.csv", "options": text}])
        expected = [dict(zip(rows[0], row)) for row in rows[1:]]
        self.assertEqual(found, [expected] * len(found))

    def test_files_with_nothing_in_them_are_tables_without_rows(self):
        for name, content in (("empty.csv", b""), ("heads.csv", b"a,b\n"), ("empty.json", b""),
                              ("list.json", b"[]"), ("empty.jsonl", b"")):
            self.bytes(name, content)
        names = ["empty.csv", "heads.csv", "empty.json", "list.json", "empty.jsonl"]
        self.assertEqual(self.read(names), [[]] * len(names))

    def test_json_keeps_what_it_holds(self):
        rows = [{"id": 9007199254740993, "deep": {"list": [1, {"a": None}], "text": "\u0000é\U0001f600"},
                 "mixed": 1},
                {"id": -9223372036854775808, "deep": None, "mixed": "two"},
                {"id": 9223372036854775807, "deep": {"list": [], "text": None}, "mixed": [3, {"x": 4.5}]},
                {"id": 4, "mixed": {"k": True}, "late": "2024-02-29 nonsense"}, {"id": 5, "mixed": None}]
        self.bytes("list.json", json.dumps(rows).encode())
        self.bytes("lines.jsonl", "\n\n".join(map(json.dumps, rows)).encode())
        expected = [{name: row.get(name) for name in ("id", "deep", "mixed", "late")} for row in rows]
        self.assertEqual(self.read(["list.json", "lines.jsonl"]), [expected, expected])

    def test_json_whose_types_change_late_is_read_whole(self):
        rows = [{"n": i} for i in range(30_000)] + [{"n": "n/a", "more": 1}]
        self.bytes("late.jsonl", "\n".join(map(json.dumps, rows)).encode())
        run = self.run_tasks({"t": {"type": "sql", "params": {
            "inputs": {"t": "late.jsonl"},
            "query": "select count(*) as n, sum(try_cast(n->>'$' as bigint))::bigint as total,"
                     " max(more) as more from t"}}})
        self.assertEqual(self.value(run, "t")["rows"], [{"n": 30_001, "total": sum(range(30_000)), "more": 1}])

    def test_broken_files_fail_with_the_place_and_for_good(self):
        self.bytes("cut.json", b'[{"a": 1}, {"a": 2')
        self.bytes("line.jsonl", b'{"a": 1}\nnot json\n')
        self.bytes("latin.csv", "a\ncafé\n".encode("latin-1"))
        self.bytes("fake.parquet", b"PAR1 but no more")
        names = ["cut.json", "line.jsonl", "latin.csv", "fake.parquet"]
        run = self.run_tasks({f"t{i}": {"type": "sql", "allow_failure": True,
                                        "params": {"inputs": {"t": name}, "query": "from t"}}
                              for i, name in enumerate(names)})
        for i, name in enumerate(names):
            with self.subTest(name):
                error = self.task(run, f"t{i}")["error"]
                self.assertFalse(error["retryable"], error)
                self.assertIn("Error", error["type"])
        self.assertRegex(self.task(run, "t1")["error"]["message"], r"line \d")
        self.assertIn("Line: 2", self.task(run, "t2")["error"]["message"])

    def test_awkward_texts_survive_every_hand_over(self):
        """CSV to SQL to Parquet to pandas to SQL to JSON lines."""
        chance = random.Random(42)
        rows = [{"i": str(i), "a": chance.choice(AWKWARD), "b": "".join(chance.choices("ab,\"'\n\r;\\é", k=9))}
                for i in range(3000)]
        rows += [{"i": str(3000 + i), "a": text, "b": text} for i, text in enumerate(AWKWARD)]
        # Quoted throughout, so that the csv module and DuckDB agree on what is empty.
        self.bytes("in.csv", csv_text([["i", "a", "b"], *(row.values() for row in rows)],
                                      quoting=csv.QUOTE_ALL).encode())
        self.write("same.py", """
            def same(t):
                assert list(t.columns) == ["i", "a", "b"], t.columns
                return t
            """)
        self.run_tasks({
            "read": {"type": "sql", "params": {
                "inputs": {"t": {"path": "in.csv", "options": {"all_varchar": True, "allow_quoted_nulls": False,
                                                               "delim": ",", "quote": '"', "escape": '"'}}},
                "query": "from t", "result": "parquet"}},
            "same": {"type": "python", "depends_on": ["read"], "params": {
                "script": "same.py", "function": "same", "args": {"t": "${{ tasks.read.result }}"}}},
            "write": {"type": "sql", "depends_on": ["same"], "params": {
                "inputs": {"t": "${{ tasks.same.result }}"},
                "query": "create table out as from t; select count(*) as n from out",
                "outputs": {"out": "out.jsonl"}}}})
        with open(self.folder / "out.jsonl") as file:
            found = {row["i"]: row for row in map(json.loads, file)}
        self.assertEqual(found, {row["i"]: row for row in rows})

    def test_dates_as_texts_become_what_datetime_makes_of_them(self):
        formats = ["%Y-%m-%d", "%d.%m.%Y", "%m/%d/%Y %H:%M"]
        chance = random.Random(7)
        texts = [(datetime.datetime(1970, 1, 1) + datetime.timedelta(minutes=chance.randrange(40_000_000)))
                 .strftime(chance.choice(formats)) for _ in range(500)]
        texts += ["2023-02-29", "31.04.2024", "13/01/2024 10:00", "soon", "", "2024-02-29"]

        def parsed(text):
            for one in formats:
                try:
                    return datetime.datetime.strptime(text, one).isoformat()
                except ValueError:
                    continue
            return None
        run = self.run_tasks({"t": {"type": "sql", "params": {
            "inputs": {"t": {"rows": [{"text": text} for text in texts]}},
            "query": f"select try_strptime(text, {formats}) as moment from t"}}})
        self.assertEqual([row["moment"] for row in self.value(run, "t")["rows"]], [parsed(text) for text in texts])

    def test_zones_are_moments_whatever_the_machine_thinks(self):
        texts = ["2024-03-31T01:30:00+01:00", "2024-03-31T03:30:00+02:00", "1900-01-01T00:00:00Z",
                 "2024-10-27 02:30:00-05"]
        self.write("zone.py", """
            def zone(t):
                return [str(t["moment"].dtype), [one.isoformat() for one in t["moment"]]]
            """)
        for zone in ("UTC", "America/New_York"):
            self.write("flow.json", json.dumps({"windlass": 1, "name": "zones", "tasks": {
                "t": {"type": "sql", "params": {
                    "inputs": {"t": {"rows": [{"text": text} for text in texts]}},
                    "query": "select text::timestamptz as moment from t"}},
                "p": {"type": "python", "depends_on": ["t"], "params": {
                    "script": "zone.py", "function": "zone", "args": {"t": "${{ tasks.t.result }}"}}}}}))
            run = self.windlass("run", "flow.json", "--output", "json", code=0, env={"TZ": zone}).json()
            moments = [datetime.datetime.fromisoformat(text + ":00" if text.endswith("-05") else text)
                       .astimezone(datetime.timezone.utc) for text in texts]
            self.assertEqual([row["moment"] for row in self.value(run, "t")["rows"]],
                             [moment.isoformat().replace("+00:00", "Z") for moment in moments])
            self.assertEqual(self.value(run, "p"),
                             ["datetime64[ns, UTC]", [moment.isoformat() for moment in moments]])


class RulesTest(EndToEndTest):
    CHECKS = ("integer", "least", "most", "pattern", "enum", "unique", "reference", "order")

    def broken(self, row, rows, known):
        """The checks that the row fails, by plain Python."""
        twins = collections.Counter(one["key"] for one in rows)
        number = row["n"]
        is_number = number is not None and re.fullmatch(r"-?\d+(\.\d+)?", number)
        fails = {"integer": number is not None and not re.fullmatch(r"-?\d+", number),
                 "least": number is not None and not (is_number and float(number) >= -50),
                 "most": number is not None and not (is_number and float(number) <= 50),
                 "pattern": row["code"] is not None and not re.fullmatch(r"[A-Z]{2}\d", row["code"]),
                 "enum": row["kind"] is not None and row["kind"] not in ("a", "b", "é"),
                 "unique": row["key"] is not None and twins[row["key"]] > 1,
                 "reference": row["ref"] is not None and row["ref"] not in known,
                 "order": None not in (row["first"], row["last"]) and row["first"] > row["last"]}
        return [name for name in self.CHECKS if fails[name]]

    def test_random_rows_are_judged_as_plain_python_judges_them(self):
        chance = random.Random(2024)
        known = [f"r{i}" for i in range(20)]

        def one_of(*values):
            return chance.choice([*values, None])
        rows = [{"i": i, "n": one_of(*(str(chance.randint(-60, 60)) for _ in range(8)), "x", "1.5", ""),
                 "code": one_of("AB1", "ZZ9", "ab1", "AB12", "AB1\n", "", "É11"),
                 "kind": one_of("a", "b", "é", "c", "A", ""),
                 "key": one_of(*(f"k{chance.randrange(3000)}" for _ in range(5))),
                 "ref": one_of(*chance.sample(known, 6), "r99", "R1"),
                 "first": one_of("2024-01-01", "2024-02-01"),
                 "last": one_of("2024-01-01", "2024-01-15", "2024-03-01")}
                for i in range(2000)]
        (self.folder / "rows.jsonl").write_text("\n".join(map(json.dumps, rows)))
        flow = {"windlass": 1, "name": "rules", "tasks": {"check": {"type": "validate", "params": {
            "input": "rows.jsonl", "tables": {"known": {"rows": [{"code": code} for code in known]}},
            "rules": [{"name": "n", "column": "n", "type": "integer", "minimum": -50, "maximum": 50},
                      {"name": "code", "column": "code", "pattern": "^[A-Z]{2}[0-9]$"},
                      {"name": "kind", "column": "kind", "enum": ["a", "b", "é"]},
                      {"name": "key", "column": "key", "unique": True},
                      {"name": "ref", "column": "ref", "references": {"table": "known", "column": "code"}},
                      {"name": "order", "expression": "first <= last"}],
            "on_failure": "split", "outputs": {"valid": "valid.jsonl", "quarantine": "bad.jsonl"}}}}}
        run = self.run_workflow(json.dumps(flow), name="flow.json")
        expected = {row["i"]: self.broken(row, rows, known) for row in rows}
        counts = collections.Counter(name for names in expected.values() for name in names)
        self.assertEqual(set(counts), set(self.CHECKS))
        report = self.value(run, "check")
        self.assertEqual([check["failing"] for check in report["rules"]], [counts[name] for name in self.CHECKS])
        self.assertEqual(report["failing_rows"], sum(bool(names) for names in expected.values()))
        with open(self.folder / "bad.jsonl") as file:
            self.assertEqual({row["i"]: len(row["failed_rules"]) for row in map(json.loads, file)},
                             {i: len(names) for i, names in expected.items() if names})
        with open(self.folder / "valid.jsonl") as file:
            self.assertEqual([row["i"] for row in map(json.loads, file)],
                             [row["i"] for row in rows if not expected[row["i"]]])


if __name__ == "__main__":
    unittest.main()

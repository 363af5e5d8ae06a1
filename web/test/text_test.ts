import assert from "node:assert/strict";
import { test } from "node:test";
import { between, brief, bytes, duration, plural, quantile, relative } from "../src/format";
import { fieldOf, readField } from "../src/params";
import { link, parseRoute, taskLink } from "../src/route";
import { EventParser } from "../src/sse";

test("durations have at most two units", () => {
  const texts: [number, string][] = [
    [-5, "0 ms"], [450, "450 ms"], [1_000, "1.0 s"], [9_949, "9.9 s"], [9_960, "10 s"],
    [59_940, "60 s"], [59_960, "1 min"], [65_000, "1 min 5 s"], [3_600_000, "1 h"],
    [3_605_000, "1 h"], [183_600_000, "2 d 3 h"],
  ];
  for (const [ms, text] of texts) assert.equal(duration(ms), text);
});

test("times are told from now", () => {
  assert.equal(relative(1_000, 2_500), "just now");
  assert.equal(relative(0, 12_000), "12 s ago");
  assert.equal(relative(200_000, 0), "in 3 min");
  assert.equal(relative(0, 86_400_000 * 3), "3 d ago");
  assert.equal(between("2026-11-28T10:00:00Z", null, Date.parse("2026-11-28T10:00:02Z")), 2_000);
});

test("counts and sizes", () => {
  assert.equal(bytes(1_023), "1023 B");
  assert.equal(bytes(1_536), "1.5 KiB");
  assert.equal(bytes(50 * 1024 * 1024), "50 MiB");
  assert.equal(plural(1, "run"), "1 run");
  assert.equal(plural(10_000, "run"), "10,000 runs");
  assert.equal(brief({ a: 1 }), '{"a":1}');
  assert.equal(brief("abcdef", 4), "abc…");
  assert.equal(quantile([1, 2, 3, 4], 0.5), 3);
  assert.equal(quantile([1], 0.95), 1);
});

test("events come whole, however the stream is cut", () => {
  const stream = "retry: 2000\n\nid: e-1\nevent: run\ndata: {\"a\":1}\n\n:\n\nid: e-2\ndata: x\ndata: y\n\n";
  for (let size = 1; size < stream.length; ++size) {
    const parser = new EventParser();
    const events = [];
    for (let at = 0; at < stream.length; at += size) {
      events.push(...parser.push(stream.slice(at, at + size)));
    }
    assert.deepEqual(events, [
      { id: "e-1", event: "run", data: '{"a":1}' }, { id: "e-2", event: "message", data: "x\ny" }]);
    assert.equal(parser.lastId, "e-2");
  }
});

test("a route is what its link says", () => {
  const name = "a/b[3]?#é";
  const route = parseRoute(taskLink("r1", name, { view: "tasks", of: "" }));
  assert.deepEqual(route.parts, ["runs", "r1", "tasks", name]);
  assert.equal(route.query.get("view"), "tasks");
  assert.equal(route.query.has("of"), false);
  assert.deepEqual(parseRoute("").parts, []);
  assert.deepEqual(parseRoute("#/a%zz").parts, ["a%zz"]);
  assert.equal(link(["runs"]), "#/runs");
});

test("a param has a field by its schema", () => {
  const text = fieldOf({ name: "s", schema: { type: "string" }, default: "x" });
  assert.deepEqual([text.initial, text.isRequired, text.isJson], ["x", false, false]);
  assert.equal(readField(text, ""), undefined);
  assert.equal(readField(text, "12"), "12");
  const count = fieldOf({ name: "n", schema: { type: "integer" } });
  assert.equal(count.isRequired, true);
  assert.equal(readField(count, "12"), 12);
  assert.throws(() => readField(count, "many"), /n: expected a integer|n: expected/);
  const list = fieldOf({ name: "l", schema: { type: "array" }, default: [1, 2] });
  assert.equal(list.initial, "[1,2]");
  assert.deepEqual(readField(list, "[3]"), [3]);
  assert.throws(() => readField(list, "[3"), /l: expected JSON/);
  assert.deepEqual(fieldOf({ name: "b", schema: { type: "boolean" } }).options, ["true", "false"]);
  assert.deepEqual(
    fieldOf({ name: "e", schema: { type: "string", enum: ["a", "b"] } }).options, ["a", "b"]);
});

// Takes the cases that concern JSON types out of the public CEL conformance
// suite, which is not part of this repository: the npm package
// @bufbuild/cel-spec (Apache-2.0) carries it.
//
//   node tools/cel_conformance.mjs PACKAGE_FOLDER > cases.json
//
// Prints {"cases": [...], "excluded": [...]}. A case has section, group, name,
// expr, bindings, and value or error: true; values stay in the suite's own form
// ({"int64Value": "1"}). What is excluded has the reason instead. Called by
// tools/cel_conformance.sh, read by src/model/cel/conformance_test.cc.

import path from "node:path";
import { pathToFileURL } from "node:url";

// What the language leaves out as a whole.
const SECTIONS = {
  block_ext: "cel.block() is for what optimisers write",
  dynamic: "protobuf's Any, Value, Struct and wrappers",
  enums: "enums",
  network_ext: "no network types",
  optionals: "no optional values",
  proto2: "messages",
  proto2_ext: "messages",
  proto3: "messages",
  type_deductions: "a static type checker",
  unknowns: "partial evaluation",
  wrappers: "protobuf's wrapper types",
};

const MESSAGES =
  /TestAllTypes|GlobalEnum|NestedEnum|NestedMessage|google\.protobuf\.\w+\s*\{|proto[23]\b/;
const WELL_KNOWN = /google\.protobuf\.(Duration|Timestamp)$/;

// Whether `value` and all in it is of a type that the language has.
function isOurs(value) {
  if (value === null || typeof value !== "object") return true;
  if ("enumValue" in value) return false;
  if ("@type" in value) return WELL_KNOWN.test(value["@type"]);
  return Object.values(value).every(isOurs);
}

// Why a test is not for us; nothing when it is.
function reason(section, test) {
  if (section in SECTIONS) return SECTIONS[section];
  if (test.checkOnly) return "a static type checker";
  if (MESSAGES.test(test.expr)) return "messages";
  if (!isOurs(test.value) || !isOurs(test.bindings)) return "messages";
  if (test.container) return "no container of names";
  return undefined;
}

function collect(suite, section, group, out) {
  for (const { original: test } of suite.tests ?? []) {
    const id = { section, group, name: test.name };
    const why = reason(section, test);
    if (why) {
      out.excluded.push({ ...id, expr: test.expr, reason: why });
      continue;
    }
    const bindings = {};
    for (const [name, bound] of Object.entries(test.bindings ?? {})) {
      bindings[name] = bound.value;
    }
    // A test that names no result expects true.
    const value = test.value ?? test.typedResult?.result ?? { boolValue: true };
    const expected = test.evalError ? { error: true } : { value };
    out.cases.push({ ...id, expr: test.expr, bindings, ...expected });
  }
  for (const inner of suite.suites ?? []) {
    collect(inner, section, inner.name, out);
  }
}

const folder = process.argv[2];
if (!folder) {
  console.error("usage: node tools/cel_conformance.mjs PACKAGE_FOLDER");
  process.exit(2);
}
const file = path.resolve(folder, "dist/esm/testdata/conformance.js");
const { tests } = await import(pathToFileURL(file).href);
const out = { cases: [], excluded: [] };
for (const section of tests.suites) {
  collect(section, section.name, section.name, out);
}
process.stdout.write(JSON.stringify(out, null, 1));

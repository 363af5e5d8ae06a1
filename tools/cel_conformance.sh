#!/usr/bin/env bash
# Runs the public CEL conformance suite against the expression language. The
# suite is fetched from npm once and kept under build/; it needs node and npm.
#
#   tools/cel_conformance.sh    after a release build of the tests
set -euo pipefail
cd "$(dirname "$0")/.."

version=0.6.1
suite=build/cel-spec-$version
tests=build/release/tests/windlass_tests

for command in node npm; do
  command -v "$command" >/dev/null || {
    echo "$0: $command is missing; install the package of that name" >&2
    exit 1
  }
done
[ -x "$tests" ] || {
  echo "$0: $tests is missing; run: make test-quick" >&2
  exit 1
}

if [ ! -d "$suite/package" ]; then
  mkdir -p "$suite"
  archive=$(cd "$suite" && npm pack --silent "@bufbuild/cel-spec@$version")
  tar -xzf "$suite/$archive" -C "$suite"
fi
node tools/cel_conformance.mjs "$suite/package" >"$suite/cases.json"
WINDLASS_CEL_CASES="$suite/cases.json" \
  "$tests" --gtest_filter='CelConformanceTest.*'

#!/usr/bin/env bash
# Runs the example and shows its report. `make demo` calls this.
set -euo pipefail
cd "$(dirname "$0")"
windlass=${WINDLASS:-../../build/release/windlass}
export WINDLASS_STORE=sqlite:.windlass/demo.db

"$windlass" run airports.yaml "$@"
report=$("$windlass" result last report --output json)
echo
python3 -c 'import json, sys
report = json.loads(sys.argv[1])
print(report["text"])
print()
print("The report: " + report["path"])' "$report"
echo "Look closer: cd examples/airports && WINDLASS_STORE=$WINDLASS_STORE $windlass show last"

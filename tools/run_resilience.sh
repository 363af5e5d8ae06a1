#!/usr/bin/env bash
# What dies, hangs or lies, and what is left then: the tests of label
# "resilience", over the release build.
#
#   tools/run_resilience.sh once       each of them
#   tools/run_resilience.sh MINUTES    again and again, until one fails or the
#                                      time is over
set -euo pipefail
cd "$(dirname "$0")/.."

cmake --preset release -DWINDLASS_BUILD_TESTS=ON >/dev/null
cmake --build --preset release -j "${JOBS:-$(nproc)}" --target windlass_cli

round() {
  ctest --test-dir build/release -L resilience --output-on-failure -j "${JOBS:-$(nproc)}"
}

if [ "${1:-once}" = once ]; then
  round
  exit
fi
end=$((SECONDS + $1 * 60))
rounds=0
while [ "$SECONDS" -lt "$end" ]; do
  round
  rounds=$((rounds + 1))
  echo "== round $rounds: nothing failed"
done

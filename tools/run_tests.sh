#!/usr/bin/env bash
# Builds and runs the tests: under clang with address and undefined sanitizers,
# then with the thread sanitizer, and the release build (g++) with everything, so
# that the last line is the summary of the whole suite.
#
#   tools/run_tests.sh [release|asan|tsan]...   default: all three
set -euo pipefail
cd "$(dirname "$0")/.."

jobs=${JOBS:-$(nproc)}
at_once=$((jobs + 1))  # Tests of servers wait for them more than they compute.
presets=("$@")
[ ${#presets[@]} -gt 0 ] || presets=(asan tsan release)

# The thread sanitizer needs address space layout as it was made for.
run() {
  local preset=$1
  shift
  if [ "$preset" = tsan ]; then
    TSAN_OPTIONS="suppressions=$PWD/tools/tsan.supp" setarch -R "$@"
  else
    "$@"
  fi
}

for preset in "${presets[@]}"; do
  echo "== $preset: build"
  cmake --preset "$preset" -DWINDLASS_BUILD_TESTS=ON >"/tmp/windlass-configure-$preset.$$" 2>&1 ||
    { cat "/tmp/windlass-configure-$preset.$$"; exit 1; }
  rm -f "/tmp/windlass-configure-$preset.$$"
  targets=(windlass_tests)
  [ "$preset" = release ] && targets=(all)
  cmake --build --preset "$preset" -j "$jobs" --target "${targets[@]}"
  echo "== $preset: test"
  labels=()
  [ "$preset" = release ] || labels=(-L unit)
  # cpp-httplib comes as a shared library that is not instrumented: what its
  # threads do looks unordered to the thread sanitizer.
  [ "$preset" = tsan ] && labels+=(-E '^(ExecutorEndpoints|HttpServer)')
  run "$preset" ctest --test-dir "build/$preset" --output-on-failure -j "$at_once" "${labels[@]}"
done

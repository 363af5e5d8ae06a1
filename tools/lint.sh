#!/usr/bin/env bash
# clang-tidy over every source of the library and the command line, plus the
# layering and format checks. Takes minutes; CI runs the two quick ones.
set -euo pipefail
cd "$(dirname "$0")/.."
tools/check_layers.py
tools/check_format.sh
cmake --preset clang -DWINDLASS_BUILD_TESTS=ON >/dev/null
# Sources include headers that the build writes.
cmake --build --preset clang --target windlass_embedded
git ls-files 'src/*.cc' | grep -v _test.cc |
  xargs -P "$(nproc)" -n 4 clang-tidy-14 -p build/clang --quiet

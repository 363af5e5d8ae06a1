#!/usr/bin/env bash
# Fails, naming the files, when a source is not as clang-format writes it.
set -euo pipefail
cd "$(dirname "$0")/.."
git ls-files '*.cc' '*.h' | xargs clang-format-14 --dry-run --Werror

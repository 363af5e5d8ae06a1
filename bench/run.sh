#!/usr/bin/env bash
# The benchmarks, as one table. Arguments go to `windlass bench`.
set -euo pipefail
cd "$(dirname "$0")/.."
echo "$(nproc) cores, $(sed -n 's/^model name[^:]*: //p' /proc/cpuinfo | head -1), $(date -u +%F)"
exec build/release/windlass bench "$@"

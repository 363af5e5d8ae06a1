#!/usr/bin/env bash
# The benchmarks. With arguments, only `windlass bench` with these.
set -euo pipefail
cd "$(dirname "$0")/.."
echo "$(nproc) cores, $(sed -n 's/^model name[^:]*: //p' /proc/cpuinfo | head -1), $(date -u +%F)"
build/release/windlass bench "$@"
[ $# -gt 0 ] && exit
bench/postgres.py
bench/broker.py
bench/results.py
bench/calls.py
bench/data.py
if node -e 'process.exit(parseInt(process.versions.node) < 20)' 2>/dev/null; then
  bench/peers/run.py
else
  echo "Peers: skipped, Node 20 or later is not installed"
fi

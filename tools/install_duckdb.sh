#!/usr/bin/env bash
# Fetches DuckDB 1.4.4 from npm, where it is missing: the library from the
# packages that cmake/duckdb/package-lock.json pins by hash, and its C header
# from the sources of the same version. Nothing of the packages is executed.
#
# With DuckDB_ROOT in the environment, a folder that has duckdb.h and
# libduckdb.so, that one is used and nothing is fetched.
set -euo pipefail
cd "$(dirname "$0")/../cmake/duckdb"

version=1.4.4
# The registry's integrity field of duckdb@1.4.4, in hex.
sha512=844249e61c9517454b8f776638ba6c5ab411d1bddde1892ab72826ea25178c72
sha512+=430e74aa83f5122b171be6abcdace84560f824b5ac94e9d5c2b603ea7269a9a2
include=node_modules/.include

if [ -n "${DuckDB_ROOT:-}" ]; then exit; fi
# The stamp is the lock file the folder was made from.
if cmp -s package-lock.json "$include/package-lock.json"; then exit; fi

fail() {
  echo "$0: $1; or set DuckDB_ROOT to a folder with duckdb.h and libduckdb.so" >&2
  exit 1
}
command -v npm >/dev/null || fail "npm is missing: tools/install_deps.sh installs it"
echo "Fetching DuckDB $version"
npm ci --ignore-scripts --no-audit --no-fund --silent || fail "npm ci failed"
# Packages for other machines are optional, so npm does not miss any.
compgen -G 'node_modules/@duckdb/node-bindings-linux-*/libduckdb.so' >/dev/null ||
  fail "npm got no DuckDB for $(uname -m): it has none, or its registry did not answer"

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
npm pack "duckdb@$version" --silent --ignore-scripts --pack-destination "$folder" >/dev/null ||
  fail "npm pack failed"
found=$(sha512sum < "$folder/duckdb-$version.tgz")
[ "${found%% *}" = "$sha512" ] ||
  fail "duckdb@$version has the SHA-512 ${found%% *}, expected $sha512"
mkdir -p "$include"
tar xzf "$folder/duckdb-$version.tgz" -C "$include" --strip-components=5 \
  package/src/duckdb/src/include/duckdb.h
cp package-lock.json "$include/"

#!/usr/bin/env bash
# Writes what the package has and the sources have not.
#
#   WINDLASS_BINARY=... deploy/debian/make_files.sh FOLDER
set -euo pipefail
folder=$1
sources=$(cd "$(dirname "$0")/../.." && pwd)

rm -rf "$folder/man"
"$sources/tools/make_man.py" "$folder/man"
gzip -9n "$folder"/man/*.1
gzip -9nc "$folder/changelog" > "$folder/changelog.gz"
# DuckDB's licence, indented as the format wants it.
sed -e 's/^$/./' -e 's/^/ /' "$folder/duckdb-license" |
  cat "$sources/deploy/debian/copyright.in" - > "$folder/copyright"

for shell in bash fish; do
  "$WINDLASS_BINARY" completion "$shell" > "$folder/windlass.$shell"
done
# zsh loads it when it is first needed, and then completes at once.
{
  echo '#compdef windlass'
  "$WINDLASS_BINARY" completion zsh
  echo '_bash_complete -F _windlass'
} > "$folder/windlass.zsh"

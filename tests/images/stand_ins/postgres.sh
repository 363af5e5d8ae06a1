#!/bin/sh
# As docker.io/library/postgres: a cluster at first, with a user and a database.
set -eu
data=/var/lib/postgresql/data
bin=$(echo /usr/lib/postgresql/*/bin)
as_postgres() { setpriv --reuid postgres --regid postgres --init-groups "$@"; }
chown postgres: "$data"
if [ ! -e "$data/PG_VERSION" ]; then
  echo "$POSTGRES_PASSWORD" > /tmp/password
  chown postgres: /tmp/password
  as_postgres "$bin/initdb" -U "$POSTGRES_USER" --pwfile /tmp/password -A scram-sha-256 \
    -E UTF8 --locale C.UTF-8 "$data"
  echo "CREATE DATABASE \"$POSTGRES_USER\";" |
    as_postgres "$bin/postgres" --single -D "$data" postgres
  echo "host all all all scram-sha-256" >> "$data/pg_hba.conf"
fi
exec setpriv --reuid postgres --regid postgres --init-groups \
  "$bin/postgres" -D "$data" -c 'listen_addresses=*'

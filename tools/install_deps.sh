#!/usr/bin/env bash
# Installs the Debian 12 packages Windlass needs, where they are missing.
#
#   tools/install_deps.sh build   what `make build` needs, with DuckDB and the parts
#                                 of the web page from npm
#   tools/install_deps.sh test    that, and what `make test` needs, with a client
#                                 of RabbitMQ and a driver of browsers from npm
#   tools/install_deps.sh images  both, and what `make test-images` needs
set -euo pipefail
cd "$(dirname "$0")/.."

build_packages=(
  g++ cmake ninja-build pkg-config ccache mold
  libabsl-dev libboost1.81-dev libboost-json1.81-dev libcli11-dev
  libcpp-httplib-dev libcurl4-openssl-dev libfmt-dev libfyaml-dev libpq-dev
  libpugixml-dev librabbitmq-dev libre2-dev libspdlog-dev libsqlite3-dev
  libssl-dev libzstd-dev prometheus-cpp-dev python3 tzdata zlib1g-dev
  dpkg-dev    # For `make package`.
)
test_packages=(
  clang-14 clang-format-14 clang-tidy-14 libclang-rt-14-dev
  libgtest-dev libgmock-dev libbenchmark-dev
  python3-jsonschema python3-pandas python3-pexpect python3-yaml perl sqlite3 git procps
  postgresql-15 postgresql-client-15 pgbouncer faketime
  json-schema-test-suite
  curl        # bench/results.py
  wrk         # bench/calls.py
  prometheus  # For promtool.
  rabbitmq-server amqp-tools python3-amqp
  nginx-light openssl python3-httpbin
  chromium fonts-inter  # web/test/browser; the font is that of its pictures.
  docker-compose yamllint systemd groff-base  # tests/deploy
)
image_packages=(
  buildah podman runc catatonit netavark aardvark-dns iptables mmdebstrap lintian
  zsh
)

case "${1:-build}" in
  build) packages=("${build_packages[@]}") ;;
  test) packages=("${build_packages[@]}" "${test_packages[@]}") ;;
  images)
    packages=("${build_packages[@]}" "${test_packages[@]}" "${image_packages[@]}")
    ;;
  *) echo "usage: $0 [build|test|images]" >&2; exit 2 ;;
esac

# For what is not in Debian. Where Node.js was installed in another way, that
# one will do.
if ! command -v npm >/dev/null; then
  packages+=(nodejs npm)
fi

# What npm has and Debian has not.
install_from_npm() {
  tools/install_duckdb.sh
  install_web "$@"
  install_for_tests "$@"
}

# What the web page is bundled with and of; for tests also TypeScript and a driver
# of browsers. The stamp is the lock file and what was asked for.
install_web() {
  local kind=${1:-build} omit=()
  [ "$kind" != images ] || kind=test
  [ "$kind" != build ] || omit=(--omit=dev)
  (
    cd web
    local stamp=node_modules/.windlass wanted
    wanted=$(cat package-lock.json)
    [ -e node_modules/esbuild ] && [ "$(cat "$stamp"-test 2>/dev/null)" = "$wanted" ] && exit
    [ -e node_modules/esbuild ] && [ "$(cat "$stamp-$kind" 2>/dev/null)" = "$wanted" ] && exit
    echo "Fetching what the web page is made of"
    npm ci "${omit[@]}" --ignore-scripts --no-audit --no-fund --silent ||
      { echo "$0: npm ci failed in web/" >&2; exit 1; }
    # Those for other machines are optional, so npm does not miss any.
    compgen -G 'node_modules/@esbuild/*/bin/esbuild' >/dev/null ||
      { echo "$0: npm got no esbuild for $(uname -m)" >&2; exit 1; }
    cp package-lock.json "$stamp-$kind"
  )
}

# For the tests: a client of RabbitMQ that is not ours, and the types of what
# Kubernetes accepts.
install_for_tests() {
  [ "${1:-build}" != build ] || return 0
  install_locked tests/e2e/amqplib amqplib
  install_locked tests/deploy/kubernetes_types kubernetes-models
}

# The packages of a folder's lock file, unless it has this one.
install_locked() {
  [ -e "$1/node_modules/$2" ] && return
  (cd "$1" && npm ci --ignore-scripts --no-audit --no-fund --silent) ||
    echo "$2 could not be installed: its tests will be skipped" >&2
}

missing=()
for package in "${packages[@]}"; do
  dpkg-query -W -f='${db:Status-Status}\n' "$package" 2>/dev/null |
    grep -qx installed || missing+=("$package")
done
if [ ${#missing[@]} -eq 0 ]; then
  install_from_npm "$@"
  exit
fi

if ! command -v apt-get >/dev/null; then
  echo "$0: this machine has no apt-get; install these yourself: ${missing[*]}" >&2
  exit 1
fi
sudo=()
if [ "$(id -u)" -ne 0 ]; then
  command -v sudo >/dev/null || {
    echo "$0: run as root, or install these yourself: ${missing[*]}" >&2
    exit 1
  }
  sudo=(sudo)
fi
echo "Installing ${#missing[@]} packages: ${missing[*]}"
export DEBIAN_FRONTEND=noninteractive
"${sudo[@]}" apt-get update -qq
install() {
  "${sudo[@]}" apt-get install -y -qq --no-install-recommends "$@" >/dev/null
}

# The tests start servers of their own. A machine that had none must not get
# running ones with the packages; one that had them keeps them as they are.
newly() { [[ " ${missing[*]} " == *" $1 "* ]]; }
clusters=/etc/postgresql-common/createcluster.conf
if newly postgresql-15 && [ ! -e "$clusters" ]; then
  install postgresql-common
  "${sudo[@]}" sed -i 's/^#\?create_main_cluster *=.*/create_main_cluster = false/' \
    "$clusters"
fi
# While this file says so, packages start no services (policy-rc.d(8)).
policy=/usr/sbin/policy-rc.d
if [ ! -e "$policy" ]; then
  trap '"${sudo[@]}" rm -f "$policy"' EXIT
  printf '#!/bin/sh\nexit 101\n' | "${sudo[@]}" tee "$policy" >/dev/null
  "${sudo[@]}" chmod +x "$policy"
fi
install "${missing[@]}"
for service in pgbouncer prometheus rabbitmq-server; do
  if newly "$service"; then "${sudo[@]}" update-rc.d "$service" disable; fi
done
install_from_npm "$@"

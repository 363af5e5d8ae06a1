#!/usr/bin/env bash
# Builds the images from the package that `make package` has made, and runs them
# and the package for real. No Docker is needed: buildah builds and podman runs.
#
# The base image is fetched from its registry; where there is none to be had, a
# stand-in of the same packages is made.
set -euo pipefail
cd "$(dirname "$0")/.."

folder=$PWD/build/images
mkdir -p "$folder/context"
cat > "$folder/storage.conf" <<END
[storage]
driver = "overlay"
graphroot = "$folder/store"
runroot = "$folder/run"
END
# Of systemd and of limits that only the machine's owner may raise, nothing is
# needed.
cat > "$folder/containers.conf" <<'END'
[engine]
cgroup_manager = "cgroupfs"
runtime = "runc"
[network]
network_backend = "netavark"
[containers]
default_ulimits = ["nofile=1024:1024", "nproc=1024:1024"]
END
export CONTAINERS_STORAGE_CONF=$folder/storage.conf
export CONTAINERS_CONF=$folder/containers.conf

date=$(sed -n 's/^ARG DEBIAN_DATE=//p' deploy/docker/Dockerfile)
base=docker.io/library/debian:bookworm-$date-slim
arguments=(--build-arg PACKAGE=prebuilt)
if ! podman image exists "$base" && ! timeout 60 podman pull -q "$base" 2>/dev/null; then
  echo "== $base cannot be had: making a stand-in"
  mmdebstrap --quiet --variant=apt --dpkgopt='path-exclude=/usr/share/man/*' \
    --dpkgopt='path-exclude=/usr/share/locale/*' bookworm "$folder/base.tar"
  podman import -q --change 'LABEL windlass.stand-in=yes' "$folder/base.tar" "$base"
  rm "$folder/base.tar"
fi
# Its packages are those of today, and so must be what is added to them: from
# where it has its own.
if podman image inspect "$base" | grep -q windlass.stand-in; then
  arguments+=(--build-arg DEBIAN_ARCHIVE=)
fi

# What the composition names beside ours. For Grafana there is no stand-in.
for image in postgres rabbitmq prometheus grafana; do
  name=$(sed -nE "s#^ *image: (docker.io/\S*$image:\S*)#\1#p" deploy/compose/compose.yaml | head -1)
  if ! podman image exists "$name" && ! timeout 60 podman pull -q "$name" 2>/dev/null; then
    [ "$image" != grafana ] || continue
    echo "== $name cannot be had: making a stand-in"
    buildah build --isolation chroot --layers --build-arg BASE="$base" --target "$image" \
      -t "$name" tests/images/stand_ins > "$folder/$image.log" 2>&1 ||
      { tail -50 "$folder/$image.log"; exit 1; }
  fi
done

rm -f "$folder"/context/*
cp build/release/windlass_*.deb "$folder/context/"
# Files have the time of that day of Debian: that of a commit would be another in
# what is cached of an earlier one.
build_image() {
  local target=$1 tag=$2
  shift 2
  echo "== image $target:$tag"
  buildah build --isolation chroot "$@" --format docker \
    --timestamp "$(date -ud "$date" +%s)" -f deploy/docker/Dockerfile \
    "${arguments[@]}" --target "$target" -t "localhost/windlass-$target:$tag" \
    "$folder/context" > "$folder/$target.log" 2>&1 ||
    { tail -50 "$folder/$target.log"; exit 1; }
}
layers() { podman image inspect --format '{{.RootFS.Layers}}' "localhost/windlass-$1"; }

for target in generic data api server; do
  build_image "$target" test --layers
done
# Of the same package and the same day of Debian come the same layers, whenever.
# This image has those of the others.
build_image data again --layers --no-cache
if [ "$(layers data:test)" != "$(layers data:again)" ]; then
  echo "The layers of the data image differ when it is built again:"
  layers data:test
  layers data:again
  exit 1
fi
podman images --filter reference='localhost/windlass-*'

cd tests/images
WINDLASS_PACKAGE=$(ls "$PWD"/../../build/release/windlass_*.deb)
export WINDLASS_PACKAGE
for test in test_images.py test_compose_up.py test_package.py; do
  echo "== $test"
  /usr/bin/python3 -B -m unittest -v "$test"
done

#!/bin/sh
# Makes base images out of this machine's own files, for where no registry can be reached:
#   docker/local-images.sh
#   docker build --build-arg BUILD_IMAGE=equipoise/local-build --build-arg RUNTIME_IMAGE=equipoise/local-runtime \
#     -f docker/proxy.Dockerfile -t equipoise/proxy .
# Wants a Debian with npm, and the Node that `npm ci` has put into node_modules. Where there is a geth, a prometheus or an haproxy,
# it makes an image of each as well: what compose.yaml needs, all but Grafana. PREFIX stands before the names (equipoise), PROGRAMS is
# the list of these programs.
set -eu
cd "$(dirname "$0")/.."
node=$PWD/node_modules/node/bin/node
[ -x "$node" ] || { echo "$0: no $node: run npm ci first" >&2; exit 1; }
prefix=${PREFIX:-equipoise}
made=$(mktemp -d)
trap 'rm -rf "$made"' EXIT

# Puts a file and the libraries that it needs below a root, each where it is here.
put() { # ROOT PROGRAM [PLACE]
  install -D "$2" "$1${3:-$2}"
  { ldd "$2" 2>/dev/null || true; } | grep -o '/[^ ]*' | while read -r library; do
    [ -e "$1$library" ] || install -D "$library" "$1$library"
  done
}

# What every root holds: names of users, certificates, name service, a place for temporary files.
begin() { # ROOT
  mkdir -p "$1/etc/ssl/certs" "$1/tmp" "$1/usr/bin" "$1/usr/lib" "$1/usr/local/bin" "$1/var/lib"
  chmod 1777 "$1/tmp"
  for directory in bin lib lib64 sbin; do
    mkdir -p "$1/usr/$directory"
    ln -s "usr/$directory" "$1/$directory"
  done
  printf 'root:x:0:0:root:/root:/usr/sbin/nologin\nnobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin\n' >"$1/etc/passwd"
  printf 'root:x:0:\nnogroup:x:65534:\n' >"$1/etc/group"
  echo 'hosts: files dns' >"$1/etc/nsswitch.conf"
  cp -L /etc/ssl/certs/ca-certificates.crt "$1/etc/ssl/certs/"
}

import() { # ROOT NAME [CHANGE...]
  root=$1 name=$2
  shift 2
  tar -C "$root" --numeric-owner --owner=0 --group=0 -c . | docker import "$@" - "$name" >/dev/null
  docker image ls --format '{{.Repository}}:{{.Tag}} {{.Size}}' "$name"
}

# To run on: the libraries of Node, no shell.
runtime=$made/runtime
begin "$runtime"
put "$runtime" "$node" /usr/local/bin/node
rm "$runtime/usr/local/bin/node"
import "$runtime" "$prefix/local-runtime" --change 'ENV PATH=/usr/local/bin:/usr/bin:/bin'

# To build on: the same with Node, npm, a shell and the tools that the Dockerfiles use.
build=$made/build
cp -a "$runtime" "$build"
put "$build" "$node" /usr/local/bin/node
for tool in sh cat chmod chown cp echo env find ln ls mkdir mv rm rmdir sed tar gzip uname; do
  put "$build" "$(readlink -f "$(which "$tool")")" "/usr/bin/$tool"
done
npm=$(dirname "$(dirname "$(readlink -f "$(command -v npm)")")")
mkdir -p "$build/usr/local/lib/node_modules"
cp -a "$npm" "$build/usr/local/lib/node_modules/npm"
ln -s ../lib/node_modules/npm/bin/npm-cli.js "$build/usr/local/bin/npm"
ln -s ../lib/node_modules/npm/bin/npx-cli.js "$build/usr/local/bin/npx"
import "$build" "$prefix/local-build" --change 'ENV PATH=/usr/local/bin:/usr/bin:/bin' \
  --change 'ENV NODE_EXTRA_CA_CERTS=/etc/ssl/certs/ca-certificates.crt'

# One program in a root of its own, started as the published image starts it.
program() { # NAME USER
  path=$(command -v "$1" || true)
  [ -n "$path" ] || { echo "no $1 here: no $prefix/local-$1" >&2; return 0; }
  root=$made/$1
  begin "$root"
  put "$root" "$(readlink -f "$path")" "/usr/local/bin/$1"
  mkdir -p "$root/$1"
  chmod 777 "$root/$1"
  import "$root" "$prefix/local-$1" --change 'ENV PATH=/usr/local/bin:/usr/bin:/bin' \
    --change "ENTRYPOINT [\"/usr/local/bin/$1\"]" --change "USER $2"
}
for each in ${PROGRAMS-geth prometheus haproxy}; do
  case $each in
    geth) program geth 65532:65532 ;;
    prometheus) program prometheus 65534:65534 ;;
    haproxy) program haproxy 99:99 ;;
    *) echo "$0: PROGRAMS: no $each is known" >&2 && exit 2 ;;
  esac
done

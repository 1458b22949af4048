#!/bin/sh
# Makes the two secrets that compose.yaml wants, each of 32 random bytes, where there are none yet. Programs in containers read
# them as users of their own, so the files are for all to read and the folder is not.
set -eu
cd "$(dirname "$0")"
mkdir -p secrets
chmod 711 secrets
for secret in token jwt; do
  [ -s "secrets/$secret" ] && continue
  od -An -v -tx1 -N32 /dev/urandom | tr -d ' \n' >"secrets/$secret"
  chmod 644 "secrets/$secret"
  echo "made $(pwd)/secrets/$secret"
done

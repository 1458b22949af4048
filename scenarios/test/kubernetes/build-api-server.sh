#!/usr/bin/env bash
# Builds kube-apiserver from the Go module proxy: build-api-server.sh FILE. Takes minutes and some 4 GB
# below the Go caches. `go install` refuses it because its go.mod points into its own source tree; a
# module of ours that names a published version in place of each such path does not.
set -euo pipefail

version=v1.33.4
to=$(realpath -m "$1")
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"

mod=$(go mod download -json "k8s.io/kubernetes@$version" | sed -n 's/.*"GoMod": "\(.*\)".*/\1/p')
{
  echo 'module apiserver'
  sed -n 's/^go /go /p' "$mod"
  echo "require k8s.io/kubernetes $version"
  sed -n "s#^\s*\(k8s.io/[a-z-]*\) => ./staging/.*#replace \1 => \1 ${version/v1/v0}#p" "$mod"
} > go.mod
cat > main.go <<'GO'
package main

import (
	"os"

	"k8s.io/component-base/cli"
	"k8s.io/kubernetes/cmd/kube-apiserver/app"
)

func main() { os.Exit(cli.Run(app.NewAPIServerCommand())) }
GO
go mod tidy
go build -ldflags='-s -w' -o "$to.part" .
mv "$to.part" "$to"

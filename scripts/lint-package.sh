#!/usr/bin/env bash
# Checks what a user of the published package would meet: publint and are-the-types-wrong on its tarball.
set -euo pipefail
cd "$(dirname "$0")/.."

directory=$(mktemp -d)
trap 'rm -rf "$directory"' EXIT
# Without scripts: the linters need dist/, but not the prebuilt binaries, which `prepack` takes long to make.
tarball=$directory/$(npm pack --silent --ignore-scripts --pack-destination "$directory")
publint --strict "$tarball"
attw --profile strict "$tarball"

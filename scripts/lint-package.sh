#!/usr/bin/env bash
# Checks what a user of the published package would meet: publint and are-the-types-wrong on its tarball, and the
# links of its pages.
set -euo pipefail
cd "$(dirname "$0")/.."

directory=$(mktemp -d)
trap 'rm -rf "$directory"' EXIT
# Without scripts: the linters need dist/ and types/, but not the prebuilt binary, which `prepack` takes long to make.
tarball=$directory/$(npm pack --silent --ignore-scripts --pack-destination "$directory")
publint --strict "$tarball"
# The profile leaves out the resolution of Node 10, which knows no `exports` and thus no `memcage/native`.
attw --profile node16 "$tarball"

rc=$PWD/scripts/links.remarkrc.mjs
tar -xzf "$tarball" -C "$directory"
cd "$directory/package"
remark --rc-path "$rc" --no-config --no-stdout --quiet --frail --ext md .

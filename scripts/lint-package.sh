#!/usr/bin/env bash
# What a consumer would meet in the published package: publint and are-the-types-wrong on its tarball.
set -euo pipefail
cd "$(dirname "$0")/.."

directory=$(mktemp -d)
trap 'rm -rf "$directory"' EXIT
# Without scripts: the linters need dist/ and types/, not the prebuilt binary that `prepack` takes its time for.
tarball=$directory/$(npm pack --silent --ignore-scripts --pack-destination "$directory")
publint --strict "$tarball"
# The profile leaves out the resolution of Node 10, which knows no `exports`, so no `memcage/native` either.
attw --profile node16 "$tarball"

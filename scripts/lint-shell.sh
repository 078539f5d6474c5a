#!/usr/bin/env bash
# Runs ShellCheck on every script. It checks the parts of test/guest/run as that includes them.
set -euo pipefail
cd "$(dirname "$0")/.."

scripts/ensure-packages.sh shellcheck
shellcheck --external-sources --check-sourced --source-path=SCRIPTDIR \
  .ci/run scripts/*.sh scripts/release/{root,prebuilds-in-root} test/{fuzz,guest,matrix}/run test/guest/uml/build test/roots/{make,enter,musl-libraries} \
  test/arm64/{musl,user-mode} test/guest/init/* test/guest/views/* test/fixtures/races/stranger.sh

#!/usr/bin/env bash
# Usage: lint-native.sh check|format
# clang-format and clang-tidy over native/. Their version is fixed, since each version formats and warns differently.
set -euo pipefail
cd "$(dirname "$0")/.."

version=19
scripts/ensure-packages.sh "clang-format-$version" "clang-tidy-$version"

if [[ $1 == format ]]; then
  exec "clang-format-$version" -i native/{,launcher/}*.{cc,h}
fi
"clang-format-$version" --dry-run -Werror native/{,launcher/}*.{cc,h}
node-gyp configure --loglevel error -- -f compile_commands_json
# Its count of the warnings that it suppressed in system headers is noise.
printf '%s\0' native/{,launcher/}*.cc |
  xargs -0 -n 1 -P "$(nproc)" "clang-tidy-$version" --quiet -p build/Release 2> >(grep -v 'warnings\? generated' >&2)

#!/usr/bin/env bash
# Usage: lint-native.sh check|analyze|format
# Runs clang-format and clang-tidy on native/ and on the fuzz targets. `check` is what the rooms include, clang-format, and
# clang-tidy without its analyzer; `analyze` is the analyzer, on native/ and test/native/, which takes longer than the whole
# lint. The version is fixed, because each version formats and warns differently.
set -euo pipefail
cd "$(dirname "$0")/.."

version=19
scripts/ensure-packages.sh "clang-format-$version" "clang-tidy-$version"

if [[ $1 == format ]]; then
  exec "clang-format-$version" -i {native/*,test/fuzz,test/overseer}/*.{cc,h} test/attacks/inside/*.{c,h}
fi
if [[ $1 == check ]]; then
  node scripts/native-rooms.mjs
  "clang-format-$version" --dry-run -Werror {native/*,test/fuzz,test/overseer}/*.{cc,h} test/attacks/inside/*.{c,h}
fi
# With the checks below, clang-tidy reports the compiler's own warnings only if they are errors.
MEMCAGE_WERROR=1 node-gyp configure --loglevel error -- -f compile_commands_json

# Most checks see all sources of a room as one, as the compiler does (native/units.mjs), because each file alone would spend
# seconds on its headers. So names must also differ between the anonymous namespaces of a room. The analyzer skips
# included files, so it gets each source alone, with the flags of its room.

# The count of warnings suppressed in system headers is noise.
quietly() {
  "$@" 2> >(grep -v 'warnings\? generated' >&2)
}
# tidy BUILD COMMANDS CHECKS SOURCE...
tidy() (
  # Paths in the flags are relative to that directory, where make runs.
  cd "$1"
  printf '%s\0' "${@:4}" |
    quietly xargs -0 -n 1 -P "$(nproc)" "clang-tidy-$version" --quiet -p "$2" --checks="$3"
)
# Each fuzz target is a program of its own. The flags are those of test/fuzz/Makefile.
tidy_targets() {
  local headers napi
  headers=$(grep -om 1 -- '-I[^ "]*/include/node' build/Release/compile_commands.json | head -n 1)
  napi=$(node -p "require('node:path').dirname(require.resolve('node-addon-api'))")
  printf '%s\0' test/fuzz/*.cc |
    quietly xargs -0 -P "$(nproc)" -I{} "clang-tidy-$version" --quiet "--checks=-clang-analyzer-*" {} -- -std=c++20 \
      -fno-exceptions -Wall -Wextra -DNAPI_VERSION=8 -DNODE_ADDON_API_DISABLE_CPP_EXCEPTIONS \
      -iquote native -iquote test/fuzz -isystem "$napi" -isystem "${headers#-I}"
}
if [[ $1 == check ]]; then
  tidy build Release '-clang-analyzer-*,-bugprone-suspicious-include' "$PWD"/build/units/{memcage/*,memcage-exec/launcher}.cc
  tidy_targets
else
  analyzer='-*,clang-analyzer-*,clang-diagnostic-*'
  sources=$(node scripts/analyzed-sources.mjs)
  mapfile -t analyzed <<<"$sources"
  node scripts/tidy-commands.mjs
  MEMCAGE_WERROR=1 node-gyp configure -C test/native --loglevel error -- -f compile_commands_json
  tidy build tidy "$analyzer" "${analyzed[@]/#/$PWD/}"
  tidy test/native/build Release "$analyzer" "$PWD"/test/native/*.cc
fi

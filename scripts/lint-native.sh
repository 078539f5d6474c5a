#!/usr/bin/env bash
# Usage: lint-native.sh check|analyze|format
# Runs clang-format and clang-tidy on native/ and on the fuzz targets. `check` is what the rooms include, clang-format, and
# clang-tidy without its analyzer; `analyze` is the analyzer, on native/ and test/native/, which takes twice as long as the
# whole lint. The version is fixed, because each version formats and warns differently.
set -euo pipefail
cd "$(dirname "$0")/.."

version=19
scripts/ensure-packages.sh "clang-format-$version" "clang-tidy-$version"

if [[ $1 == format ]]; then
  exec "clang-format-$version" -i {native/*,test/fuzz,test/overseer}/*.{cc,h}
fi
if [[ $1 == check ]]; then
  node scripts/native-rooms.mjs
  "clang-format-$version" --dry-run -Werror {native/*,test/fuzz,test/overseer}/*.{cc,h}
fi
# With the checks below, clang-tidy reports the compiler's own warnings only if they are errors.
MEMCAGE_WERROR=1 node-gyp configure --loglevel error -- -f compile_commands_json

# Most checks see all sources of a program as one, because each file alone would spend seconds on its headers. So
# names must also differ between the anonymous namespaces of the sources. As one, a name may seem to shadow one of
# another source, hence -Wno-shadow. The analyzer skips included files, so it gets each source alone.
all_of() {
  printf '#include "%s" // NOLINT(bugprone-suspicious-include)\n' "${@/#/$PWD/}"
}
shopt -s extglob
mkdir -p build/tidy/{binding,launcher}
# clang-tidy uses the flags of the source with the most similar name.
all_of native/!(launcher)/*.cc >build/tidy/binding/addon.cc
all_of native/launcher/*.cc >build/tidy/launcher/main.cc
# The count of warnings suppressed in system headers is noise.
quietly() {
  "$@" 2> >(grep -v 'warnings\? generated' >&2)
}
# tidy BUILD CHECKS FLAG SOURCE...
tidy() (
  # Paths in the flags are relative to that directory, where make runs.
  cd "$1"
  printf '%s\0' "${@:4}" |
    quietly xargs -0 -n 1 -P "$(nproc)" "clang-tidy-$version" --quiet -p Release --checks="$2" --extra-arg="$3"
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
  tidy build '-clang-analyzer-*' -Wno-shadow "$PWD"/build/tidy/{binding/addon,launcher/main}.cc
  tidy_targets
else
  analyzer='-*,clang-analyzer-*,clang-diagnostic-*'
  MEMCAGE_WERROR=1 node-gyp configure -C test/native --loglevel error -- -f compile_commands_json
  tidy build "$analyzer" -Wshadow "$PWD"/native/*/*.cc
  tidy test/native/build "$analyzer" -Wshadow "$PWD"/test/native/*.cc
fi

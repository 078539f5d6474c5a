#!/usr/bin/env bash
# Usage: lint-native.sh check|analyze|format
# check: what the rooms include, clang-format, and clang-tidy but for its analyzer; analyze: that, which takes twice as long as
# all of the lint.
# clang-format and clang-tidy over native/. Their version is fixed, since each version formats and warns differently.
set -euo pipefail
cd "$(dirname "$0")/.."

version=19
scripts/ensure-packages.sh "clang-format-$version" "clang-tidy-$version"

if [[ $1 == format ]]; then
  exec "clang-format-$version" -i native/*/*.{cc,h}
fi
if [[ $1 == check ]]; then
  node scripts/native-rooms.mjs
  "clang-format-$version" --dry-run -Werror native/*/*.{cc,h}
fi
node-gyp configure --loglevel error -- -f compile_commands_json

# Most checks take all sources of a program as one, since a file alone takes seconds for the headers that each includes. So
# names must differ between their anonymous namespaces as well. The analyzer passes over what is included, and a name of one
# source shadows none of another.
all_of() {
  printf '#include "%s" // NOLINT(bugprone-suspicious-include)\n' "${@/#/$PWD/}"
}
shopt -s extglob
mkdir -p build/tidy/{binding,launcher}
# Their flags are those of the source whose name is the most similar.
all_of native/!(launcher)/*.cc >build/tidy/binding/addon.cc
all_of native/launcher/*.cc >build/tidy/launcher/main.cc
if [[ $1 == check ]]; then
  checks='--checks=-clang-analyzer-*' sources=(build/tidy/{binding/addon,launcher/main}.cc) more=--extra-arg=-Wno-shadow
else
  checks='--checks=-*,clang-analyzer-*,clang-diagnostic-*' sources=(native/*/*.cc) more=
fi
# Its count of the warnings that it suppressed in system headers is noise.
printf '%s\0' "${sources[@]}" |
  xargs -0 -n 1 -P "$(nproc)" "clang-tidy-$version" --quiet -p build/Release "$checks" ${more:+"$more"} \
    2> >(grep -v 'warnings\? generated' >&2)

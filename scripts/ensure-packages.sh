#!/usr/bin/env bash
# Usage: ensure-packages.sh [--optional] COMMAND[:DEBIAN-PACKAGE]...
# Installs the Debian packages of missing commands if it may, and otherwise says what is missing. In place of a
# command it also takes the absolute path of any file.
set -euo pipefail

optional=false
if [[ ${1:-} == --optional ]]; then
  optional=true
  shift
fi

is_there() {
  case $1 in
    /*) [[ -e $1 ]] ;;
    *) command -v "$1" >/dev/null ;;
  esac
}

missing_packages() {
  local entry
  for entry in "$@"; do
    is_there "${entry%%:*}" || printf '%s ' "${entry#*:}"
  done
}

missing=$(missing_packages "$@")
[[ -z $missing ]] && exit 0

# One at a time, because apt does not wait for the lists of another apt.
exec {lock}<"${BASH_SOURCE[0]}"
flock "$lock" 2>/dev/null || true
missing=$(missing_packages "$@")
[[ -z $missing ]] && exit 0

if [[ $(id -u) == 0 ]] && command -v apt-get >/dev/null; then
  echo "Installing Debian packages: $missing" >&2
  export DEBIAN_FRONTEND=noninteractive
  (
    # A package may start a service, which would keep the lock.
    exec {lock}<&-
    # shellcheck disable=SC2086 # one word per package
    apt-get update -qq && apt-get install -y -qq --no-install-recommends $missing
  ) </dev/null >&2 || true
  hash -r
  missing=$(missing_packages "$@")
  [[ -z $missing ]] && exit 0
fi

if $optional; then
  echo "Not installed: ${missing}(optional; on Debian and Ubuntu: sudo apt-get install ${missing% })" >&2
else
  echo "Missing: ${missing}(on Debian and Ubuntu: sudo apt-get install ${missing% })" >&2
  exit 1
fi

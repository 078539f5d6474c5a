# shellcheck shell=bash
# A root file system of a Debian. For scripts that have say, die, checkout and archive.sh.

# Usage: make_debian_root SUITE DIRECTORY [PACKAGE,...]
# Beside the directory first, so that an interrupted making does not count. debootstrap mounts /proc there: in a mount
# namespace, since one that is ended leaves it mounted.
make_debian_root() {
  local suite=$1 directory=$2 include=${3:-} archive
  "$checkout/scripts/ensure-packages.sh" debootstrap \
    /usr/share/keyrings/debian-archive-keyring.gpg:debian-archive-keyring || return
  archive=${MEMCAGE_GUEST_DEBIAN_ARCHIVE:-$(main_archive)}
  [[ -n $archive ]] || die 'apt knows no Debian archive here: name one in MEMCAGE_GUEST_DEBIAN_ARCHIVE'
  say "making a root file system of $suite"
  rm -rf "$directory.partial"
  unshare --mount --propagation private debootstrap --variant=minbase --include="$include" \
    "$suite" "$directory.partial" "$archive" </dev/null >&2 || return
  mv "$directory.partial" "$directory"
}

# shellcheck shell=bash
# A root file system of a Debian. For scripts that have say, die, checkout and archive.sh.

# Usage: make_debian_root SUITE DIRECTORY [PACKAGE,... [FOREIGN-ARCHITECTURE]]
# Beside the directory first, so that an interrupted making does not count. debootstrap mounts /proc there: in a mount
# namespace, since one that is ended leaves it mounted.
make_debian_root() {
  local suite=$1 directory=$2 include=${3:-} foreign=${4:-} archive
  local -a options=(--variant=minbase --include="$include")
  [[ -z $foreign ]] || options+=(--foreign --arch "$foreign")
  "$checkout/scripts/ensure-packages.sh" debootstrap \
    /usr/share/keyrings/debian-archive-keyring.gpg:debian-archive-keyring || return
  archive=$(main_archive)
  [[ -n $archive ]] || die 'apt knows no Debian archive here: name one in MEMCAGE_GUEST_DEBIAN_ARCHIVE'
  say "making a root file system of $suite${foreign:+ for $foreign}"
  rm -rf "$directory.partial"
  unshare --mount --propagation private debootstrap "${options[@]}" "$suite" "$directory.partial" "$archive" </dev/null >&2 || return
  [[ -z $foreign ]] || unpack_packages "$directory.partial" || return
  mv "$directory.partial" "$directory"
}

# Packages for another processor: their scripts can't run here, and what the tests need works without.
unpack_packages() {
  local directory=$1 package
  for package in "$directory"/var/cache/apt/archives/*.deb; do
    dpkg -x "$package" "$directory" || return
    rm "$package"
  done
  # What the scripts would have done, as far as someone needs it.
  ln -s mawk "$directory/usr/bin/awk"
  cp "$directory/usr/share/base-passwd/passwd.master" "$directory/etc/passwd"
  cp "$directory/usr/share/base-passwd/group.master" "$directory/etc/group"
}

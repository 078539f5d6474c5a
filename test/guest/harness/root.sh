# shellcheck shell=bash
# The root file system: this machine's, that of a directory, or another Debian's, which is made once. Sets
# root_directory.

# The packages that memcage's tests need on a machine with systemd.
root_packages=systemd,systemd-sysv,dbus,dbus-user-session,libpam-systemd,procps,stress,uidmap

# What Node, memcage's smoke tests and init need.
foreign_packages='busybox-static,libatomic1,libstdc++6,procps,stress'

ensure_root() {
  case $root in
    '') root_directory=/ ;;
    */*) root_directory=$(cd "$root" && pwd -P) || die "there is no directory $root" ;;
    *)
      root_directory=$cache/root-$root$arch_suffix
      # The directory is complete once it has this name.
      [[ -d $root_directory ]] || make_root "$root" "$root_directory" || die "no root file system of '$root' could be made"
      ;;
  esac
}

make_root() {
  local suite=$1 directory=$2 archive
  "$checkout/scripts/ensure-packages.sh" debootstrap \
    /usr/share/keyrings/debian-archive-keyring.gpg:debian-archive-keyring || return
  archive=${MEMCAGE_GUEST_DEBIAN_ARCHIVE:-$(main_archive)}
  [[ -n $archive ]] || die 'apt knows no Debian archive here: name one in MEMCAGE_GUEST_DEBIAN_ARCHIVE'
  say "making a root file system of $suite"
  rm -rf "$directory.partial"
  if [[ $arch == x64 ]]; then
    debootstrap --variant=minbase --include="$root_packages" "$suite" "$directory.partial" "$archive" >&2 || return
  else
    unpack_root "$suite" "$directory.partial" "$archive" || return
  fi
  mv "$directory.partial" "$directory"
}

# Packages for another processor: their scripts can't run here, and what the tests need works without.
unpack_root() {
  local suite=$1 directory=$2 archive=$3 package
  debootstrap --foreign --arch "$arch" --variant=minbase --include="$foreign_packages" "$suite" "$directory" "$archive" >&2 || return
  for package in "$directory"/var/cache/apt/archives/*.deb; do
    dpkg -x "$package" "$directory" || return
    rm "$package"
  done
  # What the scripts would have done, as far as someone needs it.
  ln -s mawk "$directory/usr/bin/awk"
  cp "$directory/usr/share/base-passwd/passwd.master" "$directory/etc/passwd"
  cp "$directory/usr/share/base-passwd/group.master" "$directory/etc/group"
}

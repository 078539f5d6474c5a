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
      local -a contents=("$root_packages")
      [[ $arch == x64 ]] || contents=("$foreign_packages" "$arch")
      # The directory is complete once it has this name.
      [[ -d $root_directory ]] || make_debian_root "$root" "$root_directory" "${contents[@]}" ||
        die "no root file system of '$root' could be made"
      ;;
  esac
}

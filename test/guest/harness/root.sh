# shellcheck shell=bash
# The root file system: this machine's, that of a directory, or another Debian's, which is made once. Sets
# root_directory.

# The packages that memcage's tests need on a machine with systemd.
root_packages=systemd,systemd-sysv,dbus,dbus-user-session,libpam-systemd,procps,stress,uidmap

ensure_root() {
  case $root in
    '') root_directory=/ ;;
    */*) root_directory=$(cd "$root" && pwd -P) || die "there is no directory $root" ;;
    *)
      root_directory=$cache/root-$root
      # The directory is complete once it has this name.
      [[ -d $root_directory ]] || make_debian_root "$root" "$root_directory" "$root_packages" ||
        die "no root file system of '$root' could be made"
      ;;
  esac
}

# shellcheck shell=bash
# What must be installed on this machine. The guest sees it too.

# In the format of scripts/ensure-packages.sh.
declare -A qemu_programs=([x64]=qemu-system-x86_64:qemu-system-x86 [arm64]=qemu-system-aarch64:qemu-system-arm)

ensure_packages() {
  [[ $(uname -m) == x86_64 ]] || die 'a guest needs an x86-64 machine'
  [[ $(id -u) == 0 ]] || die 'a guest sees the whole root file system, which only root can share: use sudo'

  local needed=("$(command -v busybox || echo /bin/busybox):busybox-static" cpio xz:xz-utils flock:util-linux)
  if [[ $acceleration != uml ]]; then
    needed+=("${qemu_programs[$arch]}" depmod:kmod zstd)
    virtiofsd=/usr/lib/qemu/virtiofsd
    [[ -x $virtiofsd ]] || virtiofsd=/usr/libexec/virtiofsd
    needed+=("$virtiofsd:virtiofsd")
  fi
  if [[ $systemd == 1 && -z $root ]]; then
    needed+=(/lib/systemd/systemd:systemd /usr/bin/dbus-daemon:dbus /usr/share/pam-configs/systemd:libpam-systemd
      /usr/lib/systemd/user/dbus.socket:dbus-user-session)
  fi
  "$checkout/scripts/ensure-packages.sh" "${needed[@]}" || exit "$EXIT_HARNESS"
  # Ubuntu also has a dynamic busybox, but the initramfs has no libraries.
  ! ldd "$(command -v busybox)" &>/dev/null || die 'busybox is dynamically linked: install busybox-static'
}

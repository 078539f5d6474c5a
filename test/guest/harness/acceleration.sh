# shellcheck shell=bash
# Chooses between a kernel that is a process, KVM and emulation. That /dev/kvm opens proves nothing: with nested
# virtualisation it may fail at the first boot.

probe_timeout_s=20

# Decides whether the kernel is a process, and which kernel it is. This needs no kernel yet.
choose_machine() {
  [[ $arch == x64 ]] || choose_arm64
  [[ $clock == real || $clock == instructions ]] || die "there is no clock '$clock'"
  [[ $cgroup_version == 1 || $cgroup_version == 2 ]] || die "there is no cgroup version '$cgroup_version'"
  if [[ $clock == instructions ]]; then
    [[ $acceleration == auto || $acceleration == tcg ]] || die 'only emulation has a clock that counts instructions'
    acceleration=tcg
  fi
  if [[ $acceleration == auto && (-z $kernel || -e $kernel/linux) ]]; then acceleration=uml; fi
  case $acceleration in
    uml) [[ -z $kernel || -e $kernel/linux ]] || die "the kernel $kernel can't be a process: leave out --kernel or --accel" ;;
    # Debian 13's kernels have no v1 memory controller.
    auto | kvm | tcg) kernel=${kernel:-$([[ $cgroup_version == 1 ]] && echo bookworm || echo cloud)} ;;
    *) die "there is no acceleration '$acceleration'" ;;
  esac
}

# Everything of this machine's is for another processor.
choose_arm64() {
  [[ $arch == arm64 ]] || die "there is no architecture '$arch'"
  [[ $acceleration == auto || $acceleration == tcg ]] || die 'arm64 is emulated: leave out --accel'
  [[ -z $kernel || $kernel =~ ^(cloud|16k|bookworm)$ ]] || die 'a --kernel for arm64 is cloud, 16k or bookworm'
  [[ $systemd == 0 ]] || die "arm64's root file system has no systemd"
  acceleration=tcg
  arch_suffix=-arm64 root=${root:-$(codename)}
}

choose_acceleration() {
  [[ $acceleration == auto ]] || return 0
  acceleration=tcg
  [[ -r /dev/kvm && -w /dev/kvm ]] || return 0
  local answer
  answer=$kernel_directory/kvm-$(</proc/sys/kernel/random/boot_id)
  if [[ ! -e $answer ]]; then
    rm -f "$kernel_directory"/kvm-*
    if boots_with_kvm; then echo kvm; else echo tcg; fi >"$answer"
    say "this machine's guests run with $(<"$answer")"
  fi
  acceleration=$(<"$answer")
}

boots_with_kvm() {
  local console
  console=$(mktemp)
  timeout -k 1 "$probe_timeout_s" qemu-system-x86_64 "${qemu_base[@]}" "${qemu_kvm[@]}" -M q35 -m 256 \
    -serial "file:$console" -kernel "$kernel_directory/vmlinux" -initrd "$initramfs" \
    -append "console=${consoles[$arch]} $kernel_words guest.probe" </dev/null >/dev/null 2>&1 || true
  local booted=false
  grep -q 'guest: booted' "$console" && booted=true
  rm -f "$console"
  $booted
}

# shellcheck shell=bash
# The machine that the guest runs on: the parts that QEMU's and the kernel as a process share.

# For the kernel and for systemd.
declare -A hierarchy_words=([1]='systemd.unified_cgroup_hierarchy=0 SYSTEMD_CGROUP_ENABLE_LEGACY_FORCE=1'
  [2]='cgroup_no_v1=all systemd.unified_cgroup_hierarchy=1')

# Sets swap_disk to the guest's name for it.
make_swap_disk() {
  swap_disk=
  [[ $swap_disk_mib != 0 ]] || return 0
  truncate -s "${swap_disk_mib}M" "$work/swap"
  if [[ $acceleration == uml ]]; then swap_disk=/dev/ubda; else swap_disk=/dev/vda; fi
}

boot() {
  if [[ $acceleration == uml ]]; then
    boot_uml
  else
    serve_shares
    boot_qemu
  fi
}

# Usage: finish FILE-WITH-THE-COMMAND'S-EXIT-CODE EXIT-CODE-OF-THE-MACHINE
finish() {
  local result=$1 status=$2
  if [[ -s $result ]]; then exit "$(<"$result")"; fi
  tail -n 30 "$work"/{*.log,console} >&2 2>/dev/null || true
  if [[ $status == 124 || $status == 137 ]]; then
    say "killed after $timeout_s s"
    exit "$EXIT_TIMEOUT"
  fi
  die "the guest ended without a result (the machine's exit code: $status); -v shows its console"
}

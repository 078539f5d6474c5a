# shellcheck shell=bash
# The command line.

usage() {
  cat >&2 <<'U'
Usage: test/guest/run [OPTION...] [--] COMMAND [ARGUMENT...]

  --arch ARCH        x64 (default), or arm64: the distribution's kernel and programs for it, emulated
  --kernel KERNEL    the distribution's, in a virtual machine: cloud, generic, bookworm, bullseye, 16k (arm64
                     only), or a directory with an unpacked kernel package; default: one of our own, which runs as a process
  --root ROOT        the root file system, with which the guest starts: a directory, or a suite of Debian, such as sid;
                     default: this machine's
  --cgroup VERSION   2 (default), or 1: the hybrid layout
  --systemd          systemd is PID 1, and user 1000 has a session; otherwise COMMAND runs below a bare init
  --swap MIB         swap on zram
  --swap-disk MIB    swap on a disk
  --zswap            a compressed cache before the swap; needs --swap-disk, and no other --kernel than generic
  --share DIRECTORY  what the command may change, beside this checkout (repeatable)
  --env NAME[=VALUE] a variable for the command, beside PATH, HOME, LANG, CI and NODE_OPTIONS (repeatable)
  --memory MIB       of the guest (default 1024)
  --cpus N           of the guest (default 2)
  --accel HOW        auto (default): a kernel that is a process, or where --kernel or --clock names a machine: KVM where a
                     guest boots with it, else emulation; or uml, kvm, tcg
  --clock WHAT       real (default), or instructions: each takes 2 ns, however long emulation takes; for benchmarks
  --append TEXT      more words for the kernel's command line
  --timeout SECONDS  after which the guest is killed (default 600)
  -v, --verbose      the guest's console on stderr
U
  exit "$EXIT_HARNESS"
}

parse_options() {
  arch=x64 arch_suffix='' kernel='' root='' cgroup_version=2 systemd=0 swap_mib=0 swap_disk_mib=0 zswap=0
  memory_mib=1024 cpus=2 acceleration=auto clock=real append='' timeout_s=600 verbose=false
  shares=("$checkout") variables=(PATH HOME LANG CI NODE_OPTIONS) command=()

  while [[ $# -gt 0 ]]; do
    case $1 in
      --systemd) systemd=1 ;;
      --zswap) zswap=1 ;;
      -v | --verbose) verbose=true ;;
      --)
        shift
        break
        ;;
      -*)
        [[ $# -gt 1 ]] || usage
        parse_valued "$1" "$2"
        shift
        ;;
      *) break ;;
    esac
    shift
  done
  [[ $# -gt 0 ]] || usage
  command=("$@")
}

parse_valued() {
  case $1 in
    --arch) arch=$2 ;;
    --kernel) kernel=$2 ;;
    --root) root=$2 ;;
    --cgroup) cgroup_version=$2 ;;
    --swap) swap_mib=$2 ;;
    --swap-disk) swap_disk_mib=$2 ;;
    --share) shares+=("$(cd "$2" && pwd -P)") || die "there is no directory $2" ;;
    --env) variables+=("$2") ;;
    --memory) memory_mib=$2 ;;
    --cpus) cpus=$2 ;;
    --accel) acceleration=$2 ;;
    --clock) clock=$2 ;;
    --append) append=$2 ;;
    --timeout) timeout_s=$2 ;;
    *) usage ;;
  esac
}

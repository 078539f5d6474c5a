# shellcheck shell=bash
# Starts the virtual machine, waits for it, and passes on the command's output and exit code.

qemu_base=(-nodefaults -no-user-config -display none -no-reboot)
qemu_kvm=(-accel kvm -cpu 'host,-arch-capabilities')
declare -A qemu_processors=([x64]=max [arm64]=neoverse-n1)
# A clock that counts instructions can't run on two threads. While the guest waits, it advances in real time.
declare -A qemu_clocks=([real]='tcg,thread=multi' [instructions]='tcg,thread=single -icount shift=1,sleep=on')
declare -A qemu_machines=([x64]='q35,usb=off,vmport=off' [arm64]=virt)
declare -A consoles=([x64]=ttyS0 [arm64]=ttyAMA0)
kernel_words='quiet panic=-1 nokaslr mitigations=off audit=0 random.trust_cpu=on'
qemu_pid=

boot_qemu() {
  local arguments status=0 result="$work/status" passed_on=()
  collect_arguments "$result"

  # QEMU gets pipes of our own, because it would set the caller's stdout to non-blocking.
  exec 3> >(exec cat)
  passed_on+=($!)
  exec 4> >(exec cat >&2)
  passed_on+=($!)
  setpriv --pdeathsig TERM timeout -k 5 "$timeout_s" "${qemu_programs[$arch]%%:*}" "${arguments[@]}" </dev/null 2>"$work/qemu.log" &
  qemu_pid=$!
  wait "$qemu_pid" || status=$?
  qemu_pid=
  exec 3>&- 4>&-
  wait "${passed_on[@]}" || true
  finish "$result" "$status"
}

collect_arguments() {
  local result=$1 words="console=${consoles[$arch]} $kernel_words ${hierarchy_words[$cgroup_version]} $append"
  arguments=("${qemu_base[@]}" -m "$memory_mib" -smp "$cpus"
    -M "${qemu_machines[$arch]},memory-backend=memory"
    # Shared, because the virtiofs daemons work in the guest's memory.
    -object "memory-backend-memfd,id=memory,size=${memory_mib}M,share=on"
    "${share_devices[@]}" -device virtio-rng-pci -device virtio-serial-pci
    -add-fd 'fd=3,set=1' -chardev 'file,id=stdout,path=/dev/fdset/1,append=on'
    -add-fd 'fd=4,set=2' -chardev 'file,id=stderr,path=/dev/fdset/2,append=on'
    -chardev "file,id=status,path=$result")
  local port
  for port in stdout stderr status; do
    arguments+=(-device "virtserialport,chardev=$port,name=$port")
  done
  if [[ $acceleration == kvm ]]; then
    arguments+=("${qemu_kvm[@]}")
  else
    # shellcheck disable=SC2206 # words
    arguments+=(-cpu "${qemu_processors[$arch]}" -accel ${qemu_clocks[$clock]})
  fi
  if $verbose; then
    arguments+=(-chardev 'file,id=console,path=/dev/fdset/2,append=on' -serial chardev:console)
  else
    arguments+=(-serial "file:$work/console")
  fi
  if [[ -n $swap_disk ]]; then
    arguments+=(-drive "file=$work/swap,if=none,id=swap,format=raw,cache=unsafe" -device 'virtio-blk-pci,drive=swap')
  fi
  arguments+=(-kernel "$kernel_directory/vmlinux" -initrd "$work/initrd" -append "$words")
}

end_qemu() {
  [[ -n $qemu_pid ]] || return 0
  kill "$qemu_pid" 2>/dev/null || true
  wait "$qemu_pid" || true
}

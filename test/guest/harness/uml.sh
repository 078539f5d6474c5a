# shellcheck shell=bash
# Starts the kernel as a process of this machine (User Mode Linux), waits for it, and passes on the command's output
# and exit code.

uml_words='quiet panic=-1 seccomp=auto'
uml_pid=

# Each page of a guest's process is a mapping here, unless it continues the page before. A process that can't get more
# mappings faults on the same page for ever.
maps_needed=1048576

ensure_enough_maps() {
  local file=/proc/sys/vm/max_map_count
  [[ $(<"$file") -lt $maps_needed ]] || return 0
  say "raising vm.max_map_count to $maps_needed, until this machine restarts"
  echo "$maps_needed" 2>/dev/null >"$file" ||
    die "vm.max_map_count is $(<"$file"), which is too few: sysctl -w vm.max_map_count=$maps_needed"
}

boot_uml() {
  local arguments status=0 console tails=() following=(-s 0.1 -c +1 -f)
  ensure_enough_maps
  collect_uml_arguments
  touch "$work"/output/{stdout,stderr}
  if $verbose; then exec {console}>&2; else exec {console}>"$work/console"; fi

  # In its own process group, which timeout(1) ends with its children, one for each address space of the guest.
  setpriv --pdeathsig TERM timeout -k 5 "$timeout_s" "${bare_root[@]}" \
    "$kernel_directory/linux" "${arguments[@]}" </dev/null >&"$console" 2>&1 &
  uml_pid=$!
  tail "${following[@]}" --pid "$uml_pid" "$work/output/stdout" &
  tails+=($!)
  tail "${following[@]}" --pid "$uml_pid" "$work/output/stderr" >&2 &
  tails+=($!)
  wait "$uml_pid" || status=$?
  uml_pid=
  wait "${tails[@]}" || true
  finish "$work/output/status" "$status"
}

collect_uml_arguments() {
  arguments=("mem=${memory_mib}M" "ncpus=$cpus" "initrd=$work/initrd" "uml_dir=$work/uml" con=null 'con0=null,fd:1')
  # shellcheck disable=SC2206 # words
  arguments+=($uml_words ${hierarchy_words[$cgroup_version]} $append)
  if [[ -n $swap_disk ]]; then arguments+=("ubd0=$work/swap"); fi
}

end_uml() {
  [[ -n $uml_pid ]] || return 0
  kill "$uml_pid" 2>/dev/null || true
  wait "$uml_pid" || true
}

# shellcheck shell=bash
# What the guest sees of this machine: the root file system and the shares. A virtual machine gets each from a
# virtiofs daemon and knows it by a tag. A kernel that is a process opens the host's files itself.

share_devices=()
daemons=()

# Sets what init needs: share_type, root_source, and share_lines, each with a source and a mount point. Sets
# bare_root, the beginning of a command that finds the root file system in $work/root.
plan_shares() {
  local number
  mkdir "$work/root"
  # Without the file systems mounted in it: virtiofs makes automount points of them, which overlayfs refuses to cover.
  # shellcheck disable=SC2016 # for the inner shell
  bare_root=(unshare -m sh -c 'mount --bind "$0" "$1" && shift && exec "$@"' "$root_directory" "$work/root")
  # Other files are in a tmpfs, whose pages can't be dropped as page cache can.
  mkdir -m 1777 "$work/var-tmp"
  if [[ $acceleration == uml ]]; then
    share_type=hostfs root_source=$work/root
    mkdir "$work/output"
    # First, because a share may be inside it.
    share_lines=("$work/var-tmp /var/tmp" "$work/output /run/guest/output")
    for number in "${!shares[@]}"; do share_lines+=("${shares[number]} ${shares[number]}"); done
  else
    share_type=virtiofs root_source=root
    share_lines=('var-tmp /var/tmp')
    for number in "${!shares[@]}"; do share_lines+=("share$number ${shares[number]}"); done
  fi
}

serve_shares() {
  local number
  serve root "$work/root" "${bare_root[@]}"
  serve var-tmp "$work/var-tmp"
  for number in "${!shares[@]}"; do
    serve "share$number" "${shares[number]}"
  done
}

# Usage: serve TAG DIRECTORY [PREFIX...]
serve() {
  local tag=$1 directory=$2 socket=$work/$1.sock
  shift 2
  # Nothing outside changes the files while the guest runs, so it may cache them for ever.
  setpriv --pdeathsig TERM "$@" "$virtiofsd" --socket-path "$socket" --shared-dir "$directory" --sandbox none \
    --cache always --log-level error 2>"$work/$tag.log" &
  daemons+=($!)
  until [[ -S $socket ]]; do
    kill -0 $! 2>/dev/null || die "virtiofsd: $(<"$work/$tag.log")"
    sleep 0.01
  done
  share_devices+=(-chardev "socket,id=$tag,path=$socket"
    -device "vhost-user-fs-pci,chardev=$tag,tag=$tag,queue-size=1024")
}

end_shares() {
  [[ ${#daemons[@]} == 0 ]] || kill "${daemons[@]}" 2>/dev/null || true
  wait
}

# shellcheck shell=bash
# What the guest sees of this machine: a virtiofs daemon each for the root file system and the shares. Sets share_devices.

share_devices=()
daemons=()

serve_shares() {
  local number
  serve_root
  for number in "${!shares[@]}"; do
    serve "share$number" "${shares[number]}"
  done
  # Elsewhere files are in a tmpfs, whose pages are no cache: they can't be dropped.
  mkdir -m 1777 "$work/var-tmp"
  serve var-tmp "$work/var-tmp"
}

# Without what is mounted in it: overlayfs refuses to lie over the automount points that virtiofs makes of mounts.
serve_root() {
  mkdir "$work/root"
  # shellcheck disable=SC2016 # for the inner shell
  serve root "$work/root" unshare -m sh -c 'mount --bind / "$0" && exec "$@"' "$work/root"
}

# Usage: serve TAG DIRECTORY [PREFIX...]
serve() {
  local tag=$1 directory=$2 socket=$work/$1.sock
  shift 2
  # Nothing outside changes the files while the guest runs, so it may cache for ever.
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

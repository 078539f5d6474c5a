# shellcheck shell=bash
# Makes the initramfs from busybox, test/guest/init and the modules, once per kernel and version of these. Sets
# initramfs.

# The modules that init loads, by group.
module_groups=(
  'base virtio_pci virtio_console virtio_rng overlay virtiofs'
  'zram lzo_rle zram'
  'disk virtio_blk'
  'systemd autofs4'
)

ensure_initramfs() {
  local version busybox
  if [[ $arch == x64 ]]; then busybox=$(command -v busybox); else busybox=$root_directory/usr/bin/busybox; fi
  version=$(cat "$guest"/init/* "$guest/harness/initramfs.sh" "$busybox" | sha256sum | cut -c 1-12)
  initramfs=$kernel_directory/initramfs-$version.cpio
  [[ -e $initramfs ]] || (build_initramfs "$initramfs" "$busybox") || die 'the initramfs could not be made'
}

build_initramfs() {
  set -euo pipefail
  local target=$1 busybox=$2 tree
  tree=$(mktemp -d)
  # shellcheck disable=SC2064 # now: the function's variable will be gone
  trap "rm -rf '$tree'" EXIT
  mkdir "$tree"/{bin,dev,proc,sys,host,new,modules}
  cp "$busybox" "$tree/bin/busybox"
  cp "$guest"/init/* "$tree"
  [[ $acceleration == uml ]] || add_modules "$tree/modules"
  rm -f "$kernel_directory"/initramfs-*
  pack "$tree" >"$target.partial"
  mv "$target.partial" "$target"
}

pack() { (cd "$1" && find . | cpio -o -H newc --quiet); }

# Adds the decompressed modules, with a list for each group in dependency order.
add_modules() {
  local directory=$1 base=$kernel_directory version group name module file
  if [[ -d $base/usr/lib/modules ]]; then base+=/usr; fi
  version=$(basename "$base"/lib/modules/*)
  depmod -b "$base" "$version"
  for group in "${module_groups[@]}"; do
    read -r name group <<<"$group"
    : >"$directory/$name"
    for module in $group; do
      # A module that is built in has no file.
      modprobe -d "$base" -S "$version" -C /dev/null --show-depends "$module" 2>/dev/null |
        awk '$1 == "insmod" { print $2 }' || true
    done | while read -r file; do
      module=$(basename "$file")
      module=${module%%.ko*}
      echo "$module" >>"$directory/$name"
      [[ -e $directory/$module.ko ]] || decompress "$file" >"$directory/$module.ko"
    done
  done
}

decompress() {
  case $1 in
    *.xz) xz -dc "$1" ;;
    *.zst) zstd -dcq "$1" ;;
    *.gz) gzip -dc "$1" ;;
    *) cat "$1" ;;
  esac
}

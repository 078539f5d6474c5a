# shellcheck shell=bash
# The kernel, from a Debian or Ubuntu package, unpacked and decompressed once. Sets kernel_directory.

ensure_kernel() {
  case $kernel in
    '') ensure_uml_kernel ;;
    cloud | generic | bookworm | bullseye | 16k)
      [[ $kernel != 16k || $arch == arm64 ]] || die 'only arm64 has a kernel with pages of 16 KiB'
      kernel_directory=$cache/$kernel$arch_suffix
      # The directory is complete once it has this name.
      [[ -d $kernel_directory ]] || (download_kernel "$kernel_directory") || die "no kernel '$kernel' is to be had"
      ;;
    *) kernel_directory=$(cd "$kernel" && pwd -P) || die "there is no kernel directory $kernel" ;;
  esac
  [[ $acceleration != uml ]] || return 0
  if [[ ! -e $kernel_directory/vmlinux ]]; then
    extract_kernel "$kernel_directory"/boot/vmlinuz-* "$kernel_directory/vmlinux.partial"
    mv "$kernel_directory/vmlinux.partial" "$kernel_directory/vmlinux"
  fi
}

# The package that depends on the newest kernel of this kind.
kernel_package() {
  case $(distribution):$kernel$arch_suffix in
    *:16k-arm64) echo linux-image-arm64-16k ;;
    *-arm64) echo linux-image-cloud-arm64 ;;
    *:bookworm | *:bullseye | debian:cloud) echo linux-image-cloud-amd64 ;;
    debian:*) echo linux-image-amd64 ;;
    *:cloud) echo linux-image-virtual ;;
    *) echo linux-image-generic ;;
  esac
}

download_kernel() {
  set -euo pipefail
  local directory=$1 apt_options=() image packages package
  if [[ $kernel == bookworm || $kernel == bullseye ]]; then
    use_suites "$kernel$arch_suffix" "$kernel" "$kernel-security"
  elif [[ $arch == arm64 ]]; then
    use_suites "$(codename)-arm64" "$(codename)" "$(codename)-security"
  fi
  image=$(current_image) || {
    say 'updating the package lists'
    apt update
    image=$(current_image)
  } || {
    say "apt knows no package $(kernel_package)"
    exit 1
  }
  say "downloading $image"
  rm -rf "$directory.partial"
  mkdir -p "$directory.partial"
  cd "$directory.partial"
  # Ubuntu has the modules in separate packages.
  mapfile -t packages < <(known_packages "linux-modules-${image#linux-image-}" "linux-modules-extra-${image#linux-image-}")
  apt download "$image" "${packages[@]}"
  for package in *.deb; do
    dpkg -x "$package" .
    rm "$package"
  done
  mv "$directory.partial" "$directory"
}

current_image() {
  apt-cache "${apt_options[@]}" depends "$(kernel_package)" 2>/dev/null |
    awk '$1 == "Depends:" && $2 ~ /^linux-image-[0-9]/ { print $2; found = 1; exit } END { exit !found }'
}

known_packages() {
  local package
  for package in "$@"; do
    if apt-cache "${apt_options[@]}" show "$package" >/dev/null 2>&1; then echo "$package"; fi
  done
}

# Debian's for arm64 is not compressed.
extract_kernel() {
  if [[ $arch == arm64 ]]; then cp "$@"; else extract_vmlinux "$@"; fi
}

# An uncompressed kernel starts through PVH, without a decompressor to emulate.
extract_vmlinux() {
  local image=$1 result=$2 magic decompress offset
  while read -r magic decompress; do
    for offset in $(LC_ALL=C grep -abo -m3 -P "$magic" "$image" | head -n 3 | cut -d: -f1); do
      # It complains about the data after the compressed part.
      tail -c "+$((offset + 1))" "$image" | $decompress >"$result" 2>/dev/null || true
      [[ $(head -c 4 "$result" | tail -c 3) == ELF ]] && return
    done
  done <<'M'
\x28\xb5\x2f\xfd zstd -dcq
\x1f\x8b\x08 gzip -dcq
\xfd7zXZ\x00 xz -dcq
\x02\x21\x4c\x18 lz4 -dcq
M
  cp "$image" "$result"
}

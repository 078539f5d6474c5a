# shellcheck shell=bash
# A root file system without a file of glibc's: musl and a static BusyBox, both Debian's, and what builds of Node and
# Bun for musl need.

make_musl_root() {
  local directory=$1 partial=$1.partial
  "$checkout/scripts/ensure-packages.sh" busybox:busybox-static musl-gcc:musl-tools g++-14 make >&2 || return
  rm -rf "$partial"
  mkdir -p "$partial"/{bin,lib,proc,sys,dev,tmp,mnt,etc} &&
    cp "$(command -v busybox)" "$partial/bin/busybox" &&
    chroot "$partial" /bin/busybox --install -s /bin &&
    cp -L "/lib/ld-musl-$(uname -m).so.1" "$partial/lib" &&
    say 'building libstdc++ for musl' &&
    build_musl_libraries "$partial/lib" &&
    mv "$partial" "$directory"
}

build_musl_libraries() {
  local log=$cache/musl-libraries.log
  "$here/musl-libraries" "$1" >"$log" 2>&1 || {
    tail -n 20 "$log" >&2
    say "building libstdc++ for musl failed: the whole log is $log"
    return 1
  }
}

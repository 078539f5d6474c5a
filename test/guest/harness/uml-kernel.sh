# shellcheck shell=bash
# The kernel that runs as a process (User Mode Linux), built once for each version of its sources. Sets
# kernel_directory.

ensure_uml_kernel() {
  local key
  key=$(cat "$guest"/uml/* | sha256sum | cut -c 1-12)
  kernel_directory=$cache/uml-$key
  # It is complete once it has this name.
  [[ ! -e $kernel_directory ]] || return 0
  # With the lock, so nobody builds there: a build that was killed has left it.
  rm -rf "$cache"/building-*
  "$guest/uml/build" "$kernel_directory" || die 'the kernel of User Mode Linux could not be built'
}

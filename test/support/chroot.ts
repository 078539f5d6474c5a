/**
 * The start of a command line that runs a command in a chroot. Its root is a directory that is not a mount itself, with
 * everything that Node needs mounted below it. Needs root.
 *
 * @param directory an empty one, outside of the checkout
 * @param checkout what the command needs besides the system
 */
export function inChroot(directory: string, checkout: string): [string, ...string[]] {
  const script = `
    mount -t tmpfs memcage-chroot "$1" && mkdir "$1/root" && root="$1/root" && shift
    for each in usr bin lib lib64 proc sys dev etc work tmp "$1"; do
      [ -e "/$each" ] || continue
      mkdir -p "$root/$each" && mount --rbind "/$each" "$root/$each" || exit 1
    done
    shift
    exec chroot "$root" "$@"`;
  return ['unshare', '-m', '--propagation=private', 'sh', '-c', script, 'sh', directory, checkout.replace(/^\//, '')];
}

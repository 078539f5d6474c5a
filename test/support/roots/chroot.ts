export interface Chroot {
  /** Whether its root is a mount itself. */
  isMount?: boolean;
  /** Whether the mounts around it are shared, as systemd has them. */
  isShared?: boolean;
}

/**
 * The start of a command line that runs a command in a chroot, with everything that Node needs mounted below it. Needs
 * root.
 *
 * @param directory an empty one, outside of the checkout
 * @param checkout what the command needs besides the system
 */
export function inChroot(
  directory: string,
  checkout: string,
  { isMount = false, isShared = false }: Chroot = {},
): [string, ...string[]] {
  const script = `
    ${isShared ? 'mount --make-rshared /' : ':'} || exit 1
    mount -t tmpfs memcage-chroot "$1" && mkdir "$1/root" && root="$1${isMount ? '' : '/root'}" && shift
    for each in usr bin lib lib64 proc sys dev etc work tmp "$1"; do
      [ -e "/$each" ] || continue
      mkdir -p "$root/$each" && mount --rbind "/$each" "$root/$each" || exit 1
    done
    shift
    exec chroot "$root" "$@"`;
  return ['unshare', '-m', '--propagation=private', 'sh', '-c', script, 'sh', directory, checkout.replace(/^\//, '')];
}

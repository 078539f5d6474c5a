import { constants } from 'node:os';
import { basename, isAbsolute } from 'node:path';
import { getSystemErrorName } from 'node:util';
import type { CloneFailure, Stage } from '../../../types/native';
import { ErrorCode } from '../../common/errors/errors';
import { mention, words } from '../../common/errors/words';
import type { NamespaceFacts } from '../../process/namespaces/namespace-facts';
import type { Explanation } from './explanation';

const { EACCES, EINVAL, ENOSPC, EPERM } = constants.errno;
// What ENOSPC was before Linux 4.9. Node's list lacks it on some platforms.
const EUSERS = 87;

/** The stages that make the namespaces: the addon by clone3(2), the launcher by unshare(2). */
export const MAKING_STAGES: ReadonlySet<Stage> = new Set(['clone', 'unshare']);

/**
 * Explains why the kernel, or newuidmap, refused the child's namespaces, and what helps. The errno alone says little:
 * EPERM has many reasons, and the facts about the machine narrow them down.
 *
 * @param wanted the kinds of namespaces that were asked for
 */
export function explainNamespaceRefusal(
  failure: Pick<CloneFailure, 'stage' | 'errno' | 'path' | 'output'>,
  wanted: readonly string[],
  facts: NamespaceFacts,
): Explanation {
  const { stage, errno, path } = failure;
  const name = getSystemErrorName(errno);
  if (stage === 'id-maps' && isAbsolute(path) && !path.startsWith('/proc/')) return explainProgram(failure, facts);
  // The clone itself makes no cgroup namespace.
  if (errno === -ENOSPC || errno === -EUSERS) {
    return explainLimit(stage === 'cgroup-namespace' ? ['cgroup'] : wanted, facts);
  }
  const isDenied = errno === -EPERM || errno === -EACCES;
  const code = ErrorCode.NAMESPACE;
  if (isDenied && wanted.includes('user')) {
    const why = explainDenial(stage, facts);
    if (why !== undefined) {
      const message = `The system does not let this process have a user namespace: ${why}`;
      return { code: ErrorCode.USER_NAMESPACE, message, option: 'namespaces.user' };
    }
    if (stage === 'proc') return { code, message: HIDDEN_PROC };
  }
  const option = OPTIONS[stage] ?? onlyOf(wanted);
  if (!MAKING_STAGES.has(stage)) {
    return { code, message: `The child's namespaces could not be set up (${stage}): ${name}`, option };
  }
  const kinds = wanted.join(', ');
  if (isDenied) {
    const message = words`The kernel does not let this user make namespaces (${kinds}): CAP_SYS_ADMIN is needed, or a user namespace (\`${mention('namespaces.user')}\`) where the system allows it`;
    return { code, message, option };
  }
  if (errno === -EINVAL && wanted.length > 0) {
    return { code, message: `This kernel lacks one of the namespaces ${kinds}, or their combination`, option };
  }
  return { code: ErrorCode.SPAWN, message: `The kernel refused to start the child: ${name}` };
}

/** The option that a step is about, where it is one alone. */
const OPTIONS: Readonly<Partial<Record<Stage, string>>> = {
  'cgroup-namespace': 'namespaces.cgroup',
  'id-maps': 'namespaces.user',
  hostname: 'namespaces.uts.hostname',
  loopback: 'namespaces.net',
};

/** Several kinds may be there because of one of them, or of `root`. */
function onlyOf(kinds: readonly string[]): string | undefined {
  return kinds.length === 1 ? `namespaces.${kinds[0]}` : undefined;
}

const HIDDEN_PROC = words`The kernel does not mount a /proc in a user namespace where mounts hide parts of the one outside, as in containers: let the container show all of it (docker: \`--security-opt systempaths=unconfined\`), or leave out \`${mention('namespaces.mount', 'mount')}\` or \`${mention('namespaces.pid', 'pid')}\``;

/** Each user namespace limits each kind, and the limits of all outer user namespaces count too: namespaces(7). */
function explainLimit(wanted: readonly string[], { forbidding, isNested }: NamespaceFacts): Explanation {
  const known = { code: ErrorCode.NAMESPACE_LIMIT, option: onlyOf(wanted) };
  const files = wanted.flatMap((kind) => forbidding[kind] ?? []);
  const raise = ': root can write a higher number to it';
  if (files.length > 0) {
    return { ...known, message: `No more namespaces can be made: ${files.join(', ')} is 0${raise}` };
  }
  const nested =
    ', of this user namespace or of one around it (whose root can raise it), or namespaces of this kind are as deep ' +
    'within each other as the kernel lets them be (32)';
  const reached = 'No more namespaces can be made: a limit in /proc/sys/user/max_*_namespaces is reached';
  return { ...known, message: `${reached}${isNested ? nested : raise}` };
}

/** Undefined if no known fact forbids it. */
function explainDenial(stage: CloneFailure['stage'], facts: NamespaceFacts): string | undefined {
  const isMaking = MAKING_STAGES.has(stage);
  if (!facts.isPrivileged) {
    if (isMaking && facts.sysctlForbids)
      return 'kernel.unprivileged_userns_clone is 0: `sysctl kernel.unprivileged_userns_clone=1`, as root';
    // AppArmor allows the namespace but removes the rights in it, or, without its stand-in profile, refuses the clone.
    if (facts.apparmorRestricts)
      return (
        'AppArmor takes away the rights in it (kernel.apparmor_restrict_unprivileged_userns): an AppArmor profile with ' +
        `\`userns,\` for ${process.execPath} gives them back, or, for all programs, ` +
        '`sysctl kernel.apparmor_restrict_unprivileged_userns=0`, as root'
      );
  }
  if (!isMaking) return undefined;
  if (facts.isChrooted) return 'it was started by chroot, where the kernel allows none: use pivot_root, or a container';
  if (facts.hasSeccompFilter)
    return (
      'a seccomp filter is in force, as in containers, and may refuse it: run the container with a profile that allows ' +
      'CLONE_NEWUSER (docker: `--security-opt seccomp=unconfined`), or with CAP_SYS_ADMIN'
    );
  return (
    'a security module or a chroot forbids it, or its own user has no number in the user namespace that it is in ' +
    '(/proc/self/uid_map)'
  );
}

function explainProgram(
  { errno, path, output }: Pick<CloneFailure, 'errno' | 'path' | 'output'>,
  facts: NamespaceFacts,
): Explanation {
  const said = output ?? getSystemErrorName(errno);
  return {
    code: ErrorCode.ID_MAP_REFUSED,
    message: `${basename(path)} did not map the ids (${said}): ${cureOfProgram(path, facts)}`,
    option: 'namespaces.user.subordinate',
  };
}

function cureOfProgram(path: string, facts: NamespaceFacts): string {
  if (facts.hasNoNewPrivileges) {
    return 'this process has no_new_privs set, so that no setuid program has its rights: start Node without it';
  }
  if (facts.apparmorRestricts && !facts.isPrivileged) {
    return (
      'AppArmor may be what restricts user namespaces (kernel.apparmor_restrict_unprivileged_userns): a profile with ' +
      `\`userns,\` for ${process.execPath} helps`
    );
  }
  return (
    `${path} must be setuid root or have the capability to map ids, on a file system that is not mounted nosuid, and the ` +
    'caller must have a name and its primary group in /etc/passwd'
  );
}

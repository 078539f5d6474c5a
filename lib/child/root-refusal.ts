import { constants } from 'node:os';
import { getSystemErrorName } from 'node:util';
import type { CloneFailure, Stage } from '../../types/native';
import { ErrorCode, MemcageError } from '../errors/errors';
import type { NamespaceFacts } from '../namespaces/namespace-facts';
import type { Root } from '../root/root';
import { foundInRoot, type RootPart } from './root-part';

const { EACCES, EBUSY, EINVAL, EISDIR, ELOOP, ENAMETOOLONG, ENOENT, ENOSPC, ENOSYS, ENOTDIR, EPERM, EROFS } =
  constants.errno;

/** The steps of a root directory, the system call of most, and the Linux that brought it. */
const STEPS = {
  root: { syscall: 'open_tree', since: '5.2' },
  'root-pivot': { syscall: 'pivot_root', since: '5.2' },
  'root-source': { syscall: 'open_tree', since: '5.2' },
  'root-target': { syscall: 'openat2', since: '5.6' },
  'root-mount': { syscall: 'move_mount', since: '5.2' },
  'root-proc': { syscall: 'fsmount', since: '5.2' },
  'root-dev': { syscall: 'fsmount', since: '5.2' },
  'root-hide': { syscall: 'move_mount', since: '5.2' },
  'root-read-only': { syscall: 'mount_setattr', since: '5.12' },
} as const satisfies Partial<Record<Stage, { syscall: string; since: string }>>;

export type RootStage = keyof typeof STEPS;

interface Reason {
  why: string;
  /** '' if nothing is known to help. */
  cure: string;
}

export function isRootStage(stage: Stage): stage is RootStage {
  return Object.hasOwn(STEPS, stage);
}

export function rootCall(stage: RootStage): string {
  return STEPS[stage].syscall;
}

/** The error for a working directory that is not in the child's root. Node's would look as if the program were missing. */
export function noDirectoryInside({ errno, path }: Pick<CloneFailure, 'errno' | 'path'>): MemcageError {
  const name = getSystemErrorName(errno);
  const cure = "the option cwd, with a directory that the child's root has";
  const message = `The child can't begin in ${path} (${name}), which is looked up in its own root (option root). Cure: ${cure}`;
  return new MemcageError(ErrorCode.MOUNT, message, { errno, stage: 'cwd', syscall: 'chdir', path, cure });
}

/** The error for a root directory that could not be made: which entry of the option, why, and what helps. */
export function failedRoot(
  failure: Pick<CloneFailure, 'errno' | 'path'> & { stage: RootStage },
  root: Root | undefined,
  facts: NamespaceFacts,
): MemcageError {
  const { stage, errno, path } = failure;
  const part = foundInRoot(root, stage, path);
  const { why, cure } = explain(failure, part, facts);
  const name = getSystemErrorName(errno);
  const message = `${part.name} could not be ${DONE[stage]} (${name}): ${why}${cure === '' ? '' : `. Cure: ${cure}`}`;
  const code = errno === -ENOSYS ? ErrorCode.UNSUPPORTED : ErrorCode.MOUNT;
  const syscall = rootCall(stage);
  return new MemcageError(code, message, {
    errno,
    stage,
    syscall,
    ...(path !== '' && { path }),
    ...(cure !== '' && { cure }),
  });
}

const DONE: Readonly<Record<RootStage, string>> = {
  root: 'taken as the root directory',
  'root-pivot': 'made the root directory',
  'root-source': 'opened',
  'root-target': 'given its place',
  'root-mount': 'mounted',
  'root-proc': 'mounted',
  'root-dev': 'made',
  'root-hide': 'hidden',
  'root-read-only': 'made read-only',
};

function explain(
  { stage, errno, path }: Pick<CloneFailure, 'errno' | 'path'> & { stage: RootStage },
  part: RootPart,
  facts: NamespaceFacts,
): Reason {
  if (errno === -ENOSYS) {
    const { syscall, since } = STEPS[stage];
    const less = stage === 'root-read-only' ? ', or leave out readOnly' : '';
    return {
      why: `${syscall} is missing (this Linux is older than ${since}, or a seccomp filter hides it)`,
      cure: `Linux ${since} or newer, without such a filter${less}`,
    };
  }
  if (errno === -EPERM || (errno === -EACCES && stage !== 'root-source' && stage !== 'root')) {
    return stage === 'root-proc' ? HIDDEN_PROC : explainDenial(facts);
  }
  if (errno === -EACCES)
    return { why: `this user may not reach ${path}`, cure: 'give it the right to search each directory above' };
  if (errno === -ELOOP) {
    return {
      why: 'symbolic links lead in a circle, or it goes through one of /proc that leads anywhere (such as /proc/self/root)',
      cure: 'name the place itself',
    };
  }
  if (errno === -ENOSPC) {
    return {
      why: 'there are as many mounts as one mount namespace may have (the sysctl fs.mount-max), or the tmpfs around is full',
      cure: 'sysctl fs.mount-max=NUMBER, as root, or a larger size of that tmpfs',
    };
  }
  if (errno === -ENAMETOOLONG)
    return { why: 'the path, or a name in it, is too long for the kernel', cure: 'a shorter path' };
  if (stage === 'root-pivot' && errno === -EINVAL) return NO_PIVOT;
  if (MISSING.has(errno)) return explainMissing(stage, part, errno);
  if (errno === -EINVAL) return UNBINDABLE;
  if (errno === -EBUSY) return { why: 'it leads to / itself', cure: 'another target' };

  return { why: 'the kernel refused it', cure: '' };
}

const MISSING: ReadonlySet<number> = new Set([-ENOENT, -ENOTDIR, -EISDIR, -EROFS]);

function explainMissing(stage: RootStage, { source, target, inRoot }: RootPart, errno: number): Reason {
  if (stage === 'root' || stage === 'root-source') {
    return errno === -ENOENT
      ? { why: `there is no ${source ?? 'such directory'}`, cure: 'make it, or name another' }
      : {
          why: `${source ?? 'it'} is not a directory, or something on the way there is none`,
          cure: 'name a directory',
        };
  }
  if (stage === 'root-hide') {
    return { why: 'this machine shows no /dev/null', cure: 'start this process where it has a complete /dev' };
  }
  if (stage === 'root-dev' && target !== '/dev') {
    return {
      why: `this machine shows no ${target} of its own`,
      cure: 'start this process where it has a complete /dev',
    };
  }
  const there = inRoot(target);
  if (errno === -ENOENT || errno === -EROFS) {
    const own =
      stage === 'root-dev' || stage === 'root-proc'
        ? ''
        : ', or put it below a tmpfs of root.tmpfs, where memcage makes it';
    return { why: `there is no ${target} in the root`, cure: `mkdir -p ${there} (touch for a file)${own}` };
  }
  if (source === undefined) {
    return {
      why: `${target} in the root is not a directory, or something on the way there is none`,
      cure: 'another target',
    };
  }
  return {
    why: `one of ${source} and ${target} in the root is a directory, and the other is not`,
    cure: `a target of the same kind: mkdir ${there} for a directory, touch ${there} for a file`,
  };
}

const NO_PIVOT: Reason = {
  why: 'this process was started by chroot, or its root is that of an initramfs, where the kernel lets no root be changed',
  cure: 'start it by pivot_root or in a container, or on a machine that has left its initramfs (switch_root)',
};

const HIDDEN_PROC: Reason = {
  why: 'the kernel mounts no /proc in a user namespace where mounts hide parts of the one outside, as in containers',
  cure: 'let the container show all of it (docker: `--security-opt systempaths=unconfined`), or namespaces: { pid: false }',
};

const UNBINDABLE: Reason = {
  why: 'it is a mount that the kernel does not copy (mount --make-unbindable), or one that this user namespace may not change',
  cure: 'name what is below that mount, or start this process with CAP_SYS_ADMIN',
};

function explainDenial({ apparmorRestricts, isPrivileged, hasSeccompFilter }: NamespaceFacts): Reason {
  if (apparmorRestricts && !isPrivileged) {
    return {
      why: 'AppArmor takes away the rights in a user namespace (kernel.apparmor_restrict_unprivileged_userns)',
      cure:
        `an AppArmor profile with \`userns,\` for ${process.execPath}, or, for all programs, ` +
        '`sysctl kernel.apparmor_restrict_unprivileged_userns=0`, as root',
    };
  }
  if (hasSeccompFilter) {
    return {
      why: 'a seccomp filter or a security module is in force, as in containers, and may forbid mounts',
      cure: 'run the container with CAP_SYS_ADMIN, or with `--security-opt seccomp=unconfined --security-opt apparmor=unconfined`',
    };
  }
  return {
    why: 'the kernel or a security module does not let this process change its mounts',
    cure: 'start it with CAP_SYS_ADMIN, or let it have a user namespace (namespaces.user)',
  };
}

import { constants } from 'node:os';
import type { CloneFailure, Stage } from '../../../types/native';
import type { NamespaceFacts } from '../../process/namespaces/namespace-facts';
import type { RootPart } from './root-part';

const { EACCES, EBUSY, EINVAL, EISDIR, ELOOP, ENAMETOOLONG, ENOENT, ENOSPC, ENOSYS, ENOTDIR, EPERM, EROFS } =
  constants.errno;

/** The steps of a root directory. */
const STAGES = [
  'root',
  'root-pivot',
  'root-source',
  'root-target',
  'root-mount',
  'root-proc',
  'root-dev',
  'root-hide',
  'root-read-only',
] as const satisfies Stage[];

export type RootStage = (typeof STAGES)[number];
export const ROOT_STAGES: ReadonlySet<string> = new Set(STAGES);

/** The Linux that brought a system call that they need. */
const SINCE: Readonly<Record<string, string>> = {
  fsconfig: '5.2',
  fsmount: '5.2',
  fsopen: '5.2',
  mount_setattr: '5.12',
  move_mount: '5.2',
  open_tree: '5.2',
  openat2: '5.6',
};

interface Reason {
  why: string;
  /** '' if nothing is known to help. */
  cure: string;
}

/** Why a step of a root failed, and what helps. */
export function explainRootStep(
  { stage, errno, path, syscall = 'a system call' }: CloneFailure & { stage: RootStage },
  part: RootPart,
  facts: NamespaceFacts,
): Reason {
  if (errno === -ENOSYS) {
    const since = SINCE[syscall];
    const less = stage === 'root-read-only' ? ', or leave out readOnly' : '';
    return {
      why: `${syscall} is missing (${since === undefined ? '' : `this Linux is older than ${since}, or `}a seccomp filter hides it)`,
      cure: `${since === undefined ? 'a process' : `Linux ${since} or newer,`} without such a filter${less}`,
    };
  }
  if (stage === 'root-pivot' && errno === -ENOENT) return NO_OWN_PROC;
  if (stage === 'root-pivot' && errno === -EPERM && facts.isPrivileged) return NO_CHROOT_RIGHT;
  if (errno === -EACCES && LOOKING.has(stage)) return explainSearch(stage, path);
  if (errno === -EPERM || errno === -EACCES) {
    return stage === 'root-proc' && path === '/proc' ? HIDDEN_PROC : explainDenial(facts);
  }
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
  if (errno === -EBUSY) {
    return {
      why: 'it leads to / itself, or a symbolic link in the root leads another entry there, which would cover it',
      cure: 'name the places themselves, without symbolic links',
    };
  }

  return { why: 'the kernel refused it', cure: '' };
}

/** The steps that look up a path, each part of which may be forbidden. */
const LOOKING: ReadonlySet<RootStage> = new Set(['root', 'root-source', 'root-target', 'root-hide']);

function explainSearch(stage: RootStage, path: string): Reason {
  const why = `this user may not search one of the directories above ${path}`;
  const right = 'give it the right to search them';
  // While it makes its root the child has more rights than its program will have.
  return {
    why,
    cure: stage === 'root-hide' ? `leave it out: the child can't look in there either. Or ${right}` : right,
  };
}

const MISSING: ReadonlySet<number> = new Set([-ENOENT, -ENOTDIR, -EISDIR, -EROFS]);

function explainMissing(stage: RootStage, { source, target, inRoot }: RootPart, errno: number): Reason {
  if (stage === 'root' || stage === 'root-source') {
    if (errno === -ENOENT)
      return { why: `there is no ${source ?? 'such directory'}`, cure: 'make it, or name another' };
    return stage === 'root'
      ? { why: `${source} is not a directory, or something on the way there is none`, cure: 'name a directory' }
      : {
          why: `something on the way to ${source} is not a directory`,
          cure: 'name a file or a directory that is there',
        };
  }
  if (stage === 'root-hide' || (stage === 'root-proc' && target !== '/proc')) {
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
  why: 'the root of this machine or container is an initramfs, where the kernel lets no root be changed',
  cure: 'start it on a machine that has left its initramfs (switch_root), or in a container whose root is a mount of its own',
};

const NO_CHROOT_RIGHT: Reason = {
  why: 'this process has CAP_SYS_ADMIN, but not CAP_SYS_CHROOT, which the way out of its own root takes, or a seccomp filter forbids setns',
  cure: 'give it CAP_SYS_CHROOT, or the child a user namespace (namespaces: { user: true })',
};

const NO_OWN_PROC: Reason = {
  why: 'this process does not see itself in /proc, which the way out of its own root takes',
  cure: 'mount a /proc of its PID namespace: mount -t proc proc /proc',
};

const HIDDEN_PROC: Reason = {
  why: 'the kernel mounts no /proc in a user namespace where mounts hide parts of the one outside, as in containers and in a root of memcage',
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

import { getSystemErrorName } from 'node:util';
import type { CloneFailure, Stage } from '../../../types/native';
import { ErrorCode } from '../../common/errors/errors';
import { type Mention, mention, mentionSet, ONLY_IN_CODE, words } from '../../common/errors/words';
import type { NamespaceFacts } from '../../process/namespaces/namespace-facts';
import { withoutExcess } from '../../process/root/paths';
import type { Root } from '../../process/root/root';
import type { Explanation, Reason } from './explanation';

/** The steps of a root directory, and what could not be done to its part there. */
const DONE = {
  root: 'taken as the root directory',
  'root-pivot': 'made the root directory',
  'root-source': 'opened',
  'root-target': 'given its place',
  'root-mount': 'mounted',
  'root-proc': 'mounted',
  'root-dev': 'made',
  'root-hide': 'hidden',
  'root-read-only': 'made read-only',
} as const satisfies Partial<Record<Stage, string>>;

export type RootStage = keyof typeof DONE;
export type RootFailure = CloneFailure & { stage: RootStage };

export function isOfRoot(failure: CloneFailure): failure is RootFailure {
  return failure.stage in DONE;
}

/** Why a root directory could not be made: which entry of the option, why, and what helps. */
export function explainRoot(failure: RootFailure, root: Root, facts: NamespaceFacts): Explanation {
  const { stage, errno, path } = failure;
  const part = partOf(root, failure);
  const code = getSystemErrorName(errno);
  const { why, cure } = explainStep(failure, code, { root, ...part }, facts);
  return {
    code: code === 'ENOSYS' ? ErrorCode.UNSUPPORTED : ErrorCode.MOUNT,
    message: words`${IN_WHOLE.has(stage) ? `${path} of ` : ''}${part.what} could not be ${DONE[stage]} (${code}): ${why}`,
    option: part.what.name,
    cure,
  };
}

/** A working directory that is not in the child's root. Node's error would look as if the program were missing. */
export function noDirectoryInside({ errno, path }: CloneFailure): Explanation {
  const onlyInCode = mention(ONLY_IN_CODE, ' (option root)');
  return {
    code: ErrorCode.MOUNT,
    message: words`The child can't begin in ${path} (${getSystemErrorName(errno)}), which is looked up in its own root${onlyInCode}`,
    option: 'cwd',
    cure: words`${mention('cwd', 'the option cwd')}, with a directory that the child's root has`,
  };
}

/** An init that does not find its own executable in `/proc`, though the root and its `/proc` were made. */
export function noProcInside({ errno, path }: CloneFailure, root: Root): Explanation {
  const whole = wholeOf(root);
  const pid = mention('namespaces.pid', 'namespaces: { pid: true }');
  return {
    code: ErrorCode.MOUNT,
    message: words`The init finds no /proc in ${whole} (${getSystemErrorName(errno)}, ${path}): an entry of root covers it, or / can't be searched`,
    option: whole.name,
    cure: words`let no entry lead to /proc by a symbolic link, and give a tmpfs at / a mode that lets this user search it; or ${pid}, without an init`,
  };
}

/** The part of the option `root` that a step of the child was about. */
interface Part {
  what: Mention;
  /** A path of this process's. */
  source?: string | undefined;
  /** A path inside the root. */
  target: string;
}

function wholeOf({ path }: Root): Mention {
  return path === undefined ? mention('root') : mentionSet('root.path', path);
}

function partOf(root: Root, { stage, path: subject }: RootFailure): Part {
  if (IN_WHOLE.has(stage)) return { what: wholeOf(root), target: subject };
  const hidden = stage === 'root-hide' ? root.hide.find(({ path }) => path === subject) : undefined;
  if (hidden !== undefined) return { what: mentionSet(hidden.option, subject), target: subject };
  const found = root.mounts.find(({ mount }) =>
    stage === 'root-source' ? mount.kind === 'bind' && mount.from === subject : mount.to === subject,
  );
  if (stage === 'root' || stage === 'root-pivot' || found === undefined)
    return { what: wholeOf(root), source: root.path, target: '/' };
  const { option, mount } = found;
  if (mount.kind === 'tmpfs') return { what: mentionSet(option, mount.to), target: mount.to };
  return { what: mentionSet(option, `${mount.from} on ${mount.to}`), source: mount.from, target: mount.to };
}

/** The steps that make something that no entry of the option asks for. */
const IN_WHOLE: ReadonlySet<RootStage> = new Set(['root-dev', 'root-proc']);

function explainStep(
  { stage, path, syscall }: RootFailure,
  code: string,
  part: Part & { root: Root },
  facts: NamespaceFacts,
): Reason {
  if (code === 'ENOSYS') return explainMissingCall(stage, syscall);
  if (stage === 'root-pivot' && code in NO_WAY) return NO_WAY[code as keyof typeof NO_WAY];
  if (stage === 'root-pivot' && code === 'EPERM' && facts.isPrivileged) return NO_CHROOT_RIGHT;
  if (code === 'EACCES' && LOOKING.has(stage)) return explainSearch(stage, path);
  if (code === 'EPERM' || code === 'EACCES') {
    return stage === 'root-proc' && path === '/proc' ? HIDDEN_PROC : explainDenial(facts);
  }
  if (MISSING.has(code)) return explainMissing(stage, code, part);
  return REASONS[code] ?? { why: 'the kernel refused it' };
}

/** What an errno means at any step. */
const REASONS: Readonly<Record<string, Reason>> = {
  ELOOP: {
    why: 'symbolic links lead in a circle, or it goes through one of /proc that leads anywhere (such as /proc/self/root)',
    cure: 'name the place itself',
  },
  ENOSPC: {
    why: 'there are as many mounts as one mount namespace may have (the sysctl fs.mount-max), or the tmpfs around is full',
    cure: 'sysctl fs.mount-max=NUMBER, as root, or a larger size of that tmpfs',
  },
  ENAMETOOLONG: { why: 'the path, or a name in it, is too long for the kernel', cure: 'a shorter path' },
  EINVAL: {
    why: 'it is a mount that the kernel does not copy (mount --make-unbindable), or one that this user namespace may not change',
    cure: 'name what is below that mount, or start this process with CAP_SYS_ADMIN',
  },
  EBUSY: {
    why: 'it leads to / itself, or a symbolic link in the root leads another entry there, which would cover it',
    cure: 'name the places themselves, without symbolic links',
  },
};

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

function explainMissingCall(stage: RootStage, syscall = 'a system call'): Reason {
  const since = SINCE[syscall];
  const less = stage === 'root-read-only' ? words`, or leave out ${mention('root.readOnly', 'readOnly')}` : '';
  return {
    why: `${syscall} is missing (${since === undefined ? '' : `this Linux is older than ${since}, or `}a seccomp filter hides it)`,
    cure: words`${since === undefined ? 'a process' : `Linux ${since} or newer,`} without such a filter${less}`,
  };
}

/** The steps that look up a path, each part of which may be forbidden. */
const LOOKING: ReadonlySet<RootStage> = new Set(['root', 'root-source', 'root-target', 'root-hide']);

function explainSearch(stage: RootStage, path: string): Reason {
  const right = 'give it the right to search them';
  return {
    why: `this user may not search one of the directories above ${path}`,
    // While it makes its root the child has more rights than its program will have.
    cure: stage === 'root-hide' ? `leave it out: the child can't look in there either. Or ${right}` : right,
  };
}

const MISSING: ReadonlySet<string> = new Set(['ENOENT', 'ENOTDIR', 'EISDIR', 'EROFS']);

function explainMissing(stage: RootStage, code: string, { root, source, target }: Part & { root: Root }): Reason {
  if (stage === 'root' || stage === 'root-source') {
    if (code === 'ENOENT')
      return { why: `there is no ${source ?? 'such directory'}`, cure: 'make it, or name another' };
    return stage === 'root'
      ? { why: `${source} is not a directory, or something on the way there is none`, cure: 'name a directory' }
      : {
          why: `something on the way to ${source} is not a directory`,
          cure: 'name a file or a directory that is there',
        };
  }
  const lacksNull = stage === 'root-hide' || (stage === 'root-proc' && target !== '/proc');
  if (lacksNull || (stage === 'root-dev' && target !== '/dev')) {
    const what = lacksNull ? '/dev/null' : `${target} of its own`;
    return { why: `this machine shows no ${what}`, cure: 'start this process where it has a complete /dev' };
  }
  const there = withoutExcess(`${root.path ?? ''}/${target}`);
  if (code === 'ENOENT' || code === 'EROFS') {
    const own = IN_WHOLE.has(stage)
      ? ''
      : words`, or put it below ${mention('root.tmpfs', 'a tmpfs of root.tmpfs')}, where memcage makes it`;
    return { why: `there is no ${target} in the root`, cure: words`mkdir -p ${there} (touch for a file)${own}` };
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

/** Why the root can't become that of the child. */
const NO_WAY = {
  ENOENT: {
    why: 'this process does not see itself in /proc, which the way out of its own root takes',
    cure: 'mount a /proc of its PID namespace: mount -t proc proc /proc',
  },
  EINVAL: {
    why: 'the root of this machine or container is an initramfs, where the kernel lets no root be changed',
    cure: 'start it on a machine that has left its initramfs (switch_root), or in a container whose root is a mount of its own',
  },
} as const satisfies Record<string, Reason>;

const NO_CHROOT_RIGHT: Reason = {
  why: 'this process has CAP_SYS_ADMIN, but not CAP_SYS_CHROOT, which the way out of its own root takes, or a seccomp filter forbids setns',
  cure: words`give it CAP_SYS_CHROOT, or the child a user namespace (${mention('namespaces.user', 'namespaces: { user: true }')})`,
};

const HIDDEN_PROC: Reason = {
  why: 'the kernel mounts no /proc in a user namespace where mounts hide parts of the one outside, as in containers and in a root of memcage',
  cure: words`let the container show all of it (docker: \`--security-opt systempaths=unconfined\`)${mention(ONLY_IN_CODE, ', or namespaces: { pid: false }')}`,
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
    cure: words`start it with CAP_SYS_ADMIN, or let it have a user namespace (${mention('namespaces.user')})`,
  };
}

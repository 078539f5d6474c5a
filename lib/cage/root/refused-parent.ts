import { constants } from 'node:os';
import type { ParentCandidate } from '../../../types/parent';
import { isNativeError } from '../../cgroup/directory/refusal';
import { type Host, host } from '../../cgroup/hierarchy/host';
import { isNamed, OR_POLLED } from '../../cgroup/placement/candidates';
import { sourceOf } from '../../cgroup/placement/default-parent';
import { explainRefused, type WhyNoParent } from '../../cgroup/placement/given-parent';
import { ErrorCode, MemcageError } from '../../common/errors/errors';
import { CURE, words } from '../../common/errors/words';

/** What says something about the parent. Running out of fds or of cgroups (ENOSPC, ERR_MEMCAGE_CGROUP_LIMIT) does not. */
const CODES: Readonly<Record<string, ErrorCode>> = {
  EACCES: ErrorCode.NO_PERMISSION,
  EPERM: ErrorCode.NO_PERMISSION,
  EROFS: ErrorCode.NO_PERMISSION,
  ENOENT: ErrorCode.NO_PARENT,
  ENODEV: ErrorCode.NO_PARENT,
  ENOTDIR: ErrorCode.NO_PARENT,
};

/** The error for a parent in which the kernel refused to make a cgroup, or a different one if that is not the reason. */
export function refusedParent(path: string, error: unknown, current?: Host): unknown {
  const cause = error instanceof MemcageError ? error.cause : error;
  return isNativeError(cause) && cause.code in CODES ? asError(path, cause, current ?? host()) : error;
}

/** The error that a start would get from {@link refusedParent}. */
export function foreseenRefusal(path: string, code: string, syscall: string, host: Host): MemcageError {
  const errno = -constants.errno[code as keyof typeof constants.errno];
  return asError(path, { code, errno, syscall }, host);
}

/** For `candidates`: what says that a place can't be used, when no other one was considered. */
export function onlyCandidate(path: string, refusal: WhyNoParent, host: Host): readonly [ParentCandidate] {
  return [{ source: sourceOf(path, host), path, cure: null, ...refusal }];
}

/** Why a child may not join a cgroup of v2: "Delegation Containment" in the kernel's cgroup-v2 document. */
export function explainDelegation(path: string): string {
  return (
    `This user may not put a process into ${path}: that takes the right to write to ` +
    'cgroup.procs there and in the nearest cgroup above both that and the one this process is in, which delegation gives ' +
    'to processes within the delegated cgroup only'
  );
}

interface KernelRefusal {
  code: string;
  errno: number;
  syscall: string;
}

function asError(path: string, cause: KernelRefusal, host: Host): MemcageError {
  const { code, errno, syscall } = cause;
  const why = explainRefused(code, path, host);
  const { refusal, cure } = why;
  const polled = isNamed(sourceOf(path, host)) ? '' : words`. ${OR_POLLED}`;
  const known = CODES[code] ?? ErrorCode.NO_PERMISSION;
  return new MemcageError(
    known,
    words`Cages can't be made in ${path}: ${refusal} (${code}, ${syscall})${polled}${cure === undefined ? '' : words`${CURE}${cure}`}`,
    {
      errno,
      syscall,
      path,
      ...(known === ErrorCode.NO_PARENT && { candidates: onlyCandidate(path, why, host) }),
      ...(cause instanceof Error && { cause }),
    },
  );
}

import { constants } from 'node:os';
import type { CloneFailure } from '../../../types/native';
import {
  CAP_SETPCAP,
  type CapabilitySets,
  hasCapability,
  knownCapabilities,
  readCapabilities,
} from '../../common/machine/capabilities';
import type { ChildSettings } from '../../process/settings/child-settings';
import { capabilitiesIn, type Privileges } from '../../process/settings/privileges';

const { EACCES, EDQUOT, EINVAL, ENOMEM, EPERM } = constants.errno;

/** What is said of a setting that the kernel refused. */
export interface RefusedSetting {
  what: string;
  why: string;
  /** Empty if nothing is known to help. */
  cure: string;
}

/** Why this process can't leave a child just these capabilities, which then fails at that step; undefined if it can. */
export function foreseeRefusedCapabilities({ capabilities }: Privileges): CloneFailure | undefined {
  if (capabilities === undefined) return undefined;
  const refusal = refusalBy(knownCapabilities(), capabilities);
  // This process may have got capabilities since the last look.
  return refusal && refusalBy(readCapabilities(), capabilities);
}

function refusalBy(sets: CapabilitySets, kept: bigint): CloneFailure | undefined {
  const refused = (stage: 'bounding-set' | 'capabilities', syscall: string, path: string): CloneFailure => ({
    stage,
    syscall,
    path,
    errno: -EPERM,
  });
  if (lackingOf(sets, kept) !== 0n) return refused('capabilities', 'capset', 'capset');
  const drops = (sets.bounding & ~kept) !== 0n;
  return drops && !hasCapability(sets, CAP_SETPCAP) ? refused('bounding-set', 'prctl', 'PR_CAPBSET_DROP') : undefined;
}

function lackingOf({ permitted, bounding }: CapabilitySets, kept: bigint): bigint {
  return kept & ~(permitted & bounding);
}

/** Explains the stages of the child's privileges. */
export function explainPrivilege({ stage, errno, path }: CloneFailure, privileges: Privileges): RefusedSetting {
  if (stage === 'no-new-privs') return { what: 'privileges.noNew', why: 'it knows no PR_SET_NO_NEW_PRIVS', cure: '' };
  if (stage === 'seccomp') return explainFilter(errno);
  if (stage === 'session-keyring') return explainKeyring(errno);
  return explainCapabilities(errno, path, privileges.capabilities ?? 0n);
}

function explainKeyring(errno: number): RefusedSetting {
  const what = 'a session keyring of its own, which a child with uid or privileges.noNew gets';
  if (errno === -EDQUOT) {
    return {
      what,
      why: 'the user of this process has as many keys as the sysctl kernel.keys.maxkeys allows (for root kernel.keys.root_maxkeys)',
      cure: 'sysctl kernel.keys.maxkeys=2000 kernel.keys.maxbytes=200000, or run fewer of them at a time',
    };
  }
  return {
    what,
    why: 'a seccomp filter or a security module forbids KEYCTL_JOIN_SESSION_KEYRING, and would let the child read the one that it inherits',
    cure: 'let it be allowed, or keyctl(2) be forbidden altogether',
  };
}

function explainCapabilities(errno: number, step: string, kept: bigint): RefusedSetting {
  const what = `privileges.capabilities: ${kept === 0n ? 'none' : capabilitiesIn(kept)}`;
  if (step === 'PR_CAPBSET_DROP') {
    return {
      what,
      why: 'only CAP_SETPCAP may take capabilities out of the bounding set, of what set-user-ID programs can give',
      cure: 'start this process with the capability, ask for a user namespace (namespaces.user), or use privileges.noNew instead',
    };
  }
  if (step === 'PR_SET_KEEPCAPS') {
    return { what, why: 'the securebits of this process lock SECBIT_KEEP_CAPS', cure: 'leave out uid, or keep none' };
  }
  if (step === 'PR_CAP_AMBIENT_RAISE') {
    const why =
      errno === -EINVAL
        ? 'it has no such capability, or no ambient set (before Linux 4.3)'
        : 'the securebits of this process have SECBIT_NO_CAP_AMBIENT_RAISE';
    return { what, why, cure: 'keep none' };
  }
  const lacking = capabilitiesIn(lackingOf(knownCapabilities(), kept));
  return {
    what,
    why: `a child keeps only what this process has${lacking === '' ? '' : `, which lacks ${lacking}`}`,
    cure: 'leave out what it lacks, or start this process with it',
  };
}

/** What a child does with its filter already there, if that is installed before the child gives up its rights. */
const AFTER_EARLY_FILTER: ReadonlySet<string> = new Set([
  'bounding-set',
  'groups',
  'gid',
  'uid',
  'capabilities',
  'parent-death',
]);

/** Whether the child has its filter when it takes that step. */
export function isFiltered({ stage, path }: CloneFailure, { privileges, rlimits }: ChildSettings): boolean {
  if (privileges.seccomp === undefined || privileges.noNew === true) return false;
  // A limit of no open files is set last.
  return AFTER_EARLY_FILTER.has(stage) || (path === 'nofile' && stage === 'rlimits' && rlimits.nofile?.soft === 0);
}

/** @param other the explanation without a filter, if there is one */
export function explainFiltered(
  { stage, syscall: call = stage }: CloneFailure,
  other: RefusedSetting | undefined,
): RefusedSetting {
  const orElse = (text: string | undefined): string => (text === undefined || text === '' ? '' : `; or else ${text}`);
  return {
    what: other?.what ?? `the step ${stage}`,
    why: `its seccomp filter, which with noNew: false is there before, may forbid ${call}${orElse(other?.why)}`,
    cure: `let the filter allow ${call}, or leave out noNew: false${orElse(other?.cure)}`,
  };
}

function explainFilter(errno: number): RefusedSetting {
  const what = 'privileges.seccomp';
  if (errno === -EACCES) {
    return { what, why: 'with noNew: false only CAP_SYS_ADMIN may install a filter', cure: 'leave out noNew: false' };
  }
  if (errno === -ENOMEM) {
    return {
      what,
      why: 'with the filters that this process has, there are too many instructions',
      cure: 'a shorter filter',
    };
  }
  return { what, why: 'it has no filters (CONFIG_SECCOMP_FILTER), or another filter forbids it', cure: '' };
}

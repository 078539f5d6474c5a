import { constants } from 'node:os';
import { getSystemErrorName } from 'node:util';
import type { CloneFailure, Stage } from '../../../types/native';
import type { NamespaceOptions } from '../../../types/options';
import { ErrorCode } from '../../common/errors/errors';
import { mention, mentionSet, type Words, words } from '../../common/errors/words';
import {
  CAP_SYS_RESOURCE,
  type CapabilitySets,
  hasCapability,
  isInFirstUserNamespace,
  knownCapabilities,
  readCapabilities,
} from '../../common/machine/capabilities';
import { readIfAllowed } from '../../common/machine/proc';
import { hasUserNamespace } from '../../process/namespaces/namespaces';
import type { ChildSettings } from '../../process/settings/child-settings';
import { capabilitiesIn } from '../../process/settings/privileges';
import { ownLimits, type ResourceName, type Rlimits } from '../../process/settings/resource-limits';
import type { Explanation, Reason } from './explanation';

const { EACCES, EDQUOT, EINVAL, ENOMEM, EPERM } = constants.errno;

/** What decides whether the kernel accepts a setting. */
export interface SettingFacts {
  /** Whether the child has CAP_SYS_RESOURCE where it counts: in the machine's first user namespace. */
  mayRaise: boolean;
  /** Whether it lacks that only because of the user namespace that it is born in. */
  losesRights: boolean;
  /** The limits of this process. */
  own: Rlimits;
  /** The sysctl fs.nr_open; undefined if it can't be read. */
  mostFiles: number | undefined;
}

/** Looks anew: another process may change the limits of this one. */
export function readSettingFacts(namespaces: NamespaceOptions): SettingFacts {
  const can = hasCapability(readCapabilities(), CAP_SYS_RESOURCE) && isInFirstUserNamespace();
  const isApart = hasUserNamespace(namespaces);
  const most = readIfAllowed('/proc/sys/fs/nr_open');
  return {
    mayRaise: can && !isApart,
    losesRights: can && isApart,
    own: ownLimits(),
    mostFiles: most === undefined ? undefined : Number(most),
  };
}

/** A setting that the kernel refused. */
interface RefusedSetting extends Reason {
  /** The option alone, if one is at fault. */
  what: Words;
}

/** The steps of the child that are its settings. */
const STEPS = {
  'oom-score-adj': explainOomScore,
  rlimits: explainLimit,
  nice: explainNice,
  'session-keyring': explainKeyring,
  'bounding-set': explainCapabilities,
  capabilities: explainCapabilities,
  'no-new-privs': () => ({ what: mention('privileges.noNewPrivileges'), why: 'it knows no PR_SET_NO_NEW_PRIVS' }),
  seccomp: explainFilter,
} as const satisfies Partial<Record<Stage, (...of: [CloneFailure, ChildSettings, SettingFacts]) => RefusedSetting>>;

export type SettingFailure = CloneFailure & { stage: keyof typeof STEPS };

export function isOfSettings(failure: CloneFailure): failure is SettingFailure {
  return failure.stage in STEPS;
}

/** Explains a setting that the kernel refused. */
export function explainSetting(failure: SettingFailure, settings: ChildSettings, facts: SettingFacts): Explanation {
  return explanationOf(failure, STEPS[failure.stage](failure, settings, facts));
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
  if (privileges.seccomp === undefined || privileges.noNewPrivileges === true) return false;
  // A limit of no open files is set last.
  return AFTER_EARLY_FILTER.has(stage) || (path === 'nofile' && stage === 'rlimits' && rlimits.nofile?.soft === 0);
}

/** Explains a step that failed in a child that has its filter already ({@link isFiltered}). It may be a setting itself. */
export function explainFiltered(failure: CloneFailure, settings: ChildSettings, facts: SettingFacts): Explanation {
  const { stage, syscall: call = stage } = failure;
  const own: RefusedSetting | undefined = isOfSettings(failure)
    ? STEPS[failure.stage](failure, settings, facts)
    : undefined;
  const orElse = (text: Words | undefined): Words => (text === undefined ? '' : words`; or else ${text}`);
  const refused = {
    what: own?.what ?? `the step ${stage}`,
    why: words`its seccomp filter, which with noNewPrivileges: false is there before, may forbid ${call}${orElse(own?.why)}`,
    cure: words`let the filter allow ${call}, or leave out noNewPrivileges: false${orElse(own?.cure)}`,
  };
  return { option: 'privileges.seccomp', ...explanationOf(failure, refused) };
}

function explanationOf({ errno }: CloneFailure, { what, why, cure }: RefusedSetting): Explanation {
  return {
    code: ErrorCode.SETTING,
    message: words`The kernel refused ${what} (${getSystemErrorName(errno)}): ${why}`,
    ...(typeof what !== 'string' && 'name' in what && { option: what.name }),
    cure,
  };
}

function isDenied({ errno }: CloneFailure): boolean {
  return errno === -EACCES || errno === -EPERM;
}

function explainNice(failure: CloneFailure, { nice = 0 }: ChildSettings, facts: SettingFacts): RefusedSetting {
  const orElse = words`a limit ${mention('rlimits.nice')} of at least ${String(20 - nice)}`;
  return {
    what: mentionSet('nice', String(nice)),
    why: words`a lower value than this process has needs CAP_SYS_NICE${ofFirst(facts)}, or ${orElse}`,
    cure: isDenied(failure) ? 'ask for the value that this process has, or a higher one' : undefined,
  };
}

function explainOomScore(failure: CloneFailure, { oomScoreAdj }: ChildSettings, facts: SettingFacts): RefusedSetting {
  const { path } = failure;
  const what = mentionSet('oomScoreAdj', String(oomScoreAdj));
  if (!isDenied(failure)) return { what, why: `${path} can't be written`, cure: 'mount a writable /proc' };
  return {
    what,
    why:
      `a value below the lowest that somebody with CAP_SYS_RESOURCE gave this process needs that capability${ofFirst(facts)}; ` +
      `and ${path} must be the user's own, which it is not after a change of ids`,
    cure: 'ask for a higher value, or start this process with the capability',
  };
}

function explainLimit({ errno, path }: CloneFailure, { rlimits }: ChildSettings, facts: SettingFacts): RefusedSetting {
  const name = path as ResourceName;
  const { soft, hard } = rlimits[name] ?? { soft: 0, hard: 0 };
  const both = soft === hard ? amount(hard) : `{ soft: ${amount(soft)}, hard: ${amount(hard)} }`;
  const what = mentionSet(`rlimits.${name}`, both);
  const { mostFiles = Number.POSITIVE_INFINITY } = facts;
  if (errno !== -EPERM) return { what, why: 'it knows no such limit, or a security module forbids it' };
  if (name === 'nofile' && hard > mostFiles) {
    return {
      what,
      why: `nobody may have more than the sysctl fs.nr_open, ${mostFiles}`,
      cure: `ask for at most ${mostFiles}, or raise it: sysctl fs.nr_open=NUMBER`,
    };
  }
  const most = facts.own[name]?.hard;
  return {
    what,
    why: `the hard limit of this process is ${most === undefined ? 'lower' : amount(most)}, and only CAP_SYS_RESOURCE${ofFirst(facts)} may raise it`,
    cure: `ask for ${most === undefined ? 'less' : `at most ${amount(most)}`}, or start this process with ${facts.losesRights ? 'no user namespace for the child' : 'the capability'}`,
  };
}

function ofFirst({ losesRights }: SettingFacts): string {
  return losesRights
    ? " of the machine's first user namespace, which a child in one of its own has not"
    : " of the machine's first user namespace";
}

function amount(value: number): string {
  return value === Number.POSITIVE_INFINITY ? "'max'" : String(value);
}

function explainKeyring({ errno }: CloneFailure): RefusedSetting {
  const what = words`a session keyring of its own, which a child with uid or ${mention('privileges.noNewPrivileges')} gets`;
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

function explainCapabilities({ errno, path: step }: CloneFailure, { privileges }: ChildSettings): RefusedSetting {
  const kept = privileges.capabilities ?? 0n;
  const what = mentionSet('privileges.capabilities', kept === 0n ? 'none' : capabilitiesIn(kept));
  if (step === 'PR_CAPBSET_DROP') {
    return {
      what,
      why: 'only CAP_SETPCAP may take capabilities out of the bounding set, of what set-user-ID programs can give',
      cure: words`start this process with the capability, ask for a user namespace (${mention('namespaces.user')}), or use ${mention('privileges.noNewPrivileges')} instead`,
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

/** What the capabilities to keep have that a process with these can't leave its child. */
export function lackingOf({ permitted, bounding }: CapabilitySets, kept: bigint): bigint {
  return kept & ~(permitted & bounding);
}

function explainFilter({ errno }: CloneFailure): RefusedSetting {
  const what = mention('privileges.seccomp');
  if (errno === -EACCES) {
    return {
      what,
      why: 'with noNewPrivileges: false only CAP_SYS_ADMIN may install a filter',
      cure: 'leave out noNewPrivileges: false',
    };
  }
  if (errno === -ENOMEM) {
    const why = 'with the filters that this process has, there are too many instructions';
    return { what, why, cure: 'a shorter filter' };
  }
  return { what, why: 'it has no filters (CONFIG_SECCOMP_FILTER), or another filter forbids it' };
}

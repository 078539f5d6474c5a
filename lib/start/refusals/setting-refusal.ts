import { readFileSync } from 'node:fs';
import { constants } from 'node:os';
import { getSystemErrorName } from 'node:util';
import type { CloneFailure } from '../../../types/native';
import type { NamespaceOptions } from '../../../types/options';
import { invalidArgument } from '../../common/errors/argument-errors';
import { ErrorCode, MemcageError } from '../../common/errors/errors';
import {
  CAP_SYS_RESOURCE,
  canRaiseLimits,
  hasCapability,
  isInFirstUserNamespace,
  readCapabilities,
} from '../../common/machine/capabilities';
import { hasInit, hasUserNamespace } from '../../process/namespaces/namespaces';
import type { ChildSettings } from '../../process/settings/child-settings';
import type { ResourceName } from '../../process/settings/resource-limits';
import { forbidsWrite } from '../../process/settings/seccomp-filter';
import { ownLimits } from './own-rlimits';
import {
  explainFiltered,
  explainPrivilege,
  foreseeRefusedCapabilities,
  isFiltered,
  type RefusedSetting,
} from './privilege-refusal';

const { EACCES, EPERM } = constants.errno;

/** What decides whether the kernel accepts a setting. */
export interface SettingFacts {
  /** Whether the child has CAP_SYS_RESOURCE where it counts: in the machine's first user namespace. */
  mayRaise: boolean;
  /** Whether it lacks that only because of the user namespace that it is born in. */
  losesRights: boolean;
  /** The hard limits of this process; undefined for one that can't be read. */
  hard: Readonly<Partial<Record<ResourceName, number>>>;
  /** The sysctl fs.nr_open; undefined if it can't be read. */
  mostFiles: number | undefined;
}

/** Reads them anew: another process may change the limits of this one. */
export function readSettingFacts(namespaces: NamespaceOptions): SettingFacts {
  const can = hasCapability(readCapabilities(), CAP_SYS_RESOURCE) && isInFirstUserNamespace();
  const isApart = hasUserNamespace(namespaces);
  const most = read('/proc/sys/fs/nr_open');
  return {
    mayRaise: can && !isApart,
    losesRights: can && isApart,
    hard: hardLimits(),
    mostFiles: most === '' ? undefined : Number(most),
  };
}

function hardLimits(): SettingFacts['hard'] {
  return Object.fromEntries(Object.entries(ownLimits()).map(([name, { hard }]) => [name, hard]));
}

/**
 * Throws for a filter that would hide a failed start below an init. Throws what a start would throw for capabilities
 * that this process can't leave a child, or for a hard limit that it may not raise. Other refusals show only when the
 * child takes its settings.
 */
export function refuseSettings(settings: ChildSettings, namespaces: NamespaceOptions): void {
  refuseLimits(settings, namespaces);
  const { seccomp } = settings.privileges;
  if (seccomp !== undefined && hasInit(namespaces) && forbidsWrite(seccomp)) {
    const expected =
      'a filter that allows write(2): below an init (namespaces.pid.init, which root implies) the child says with it why its program could not ' +
      'be run, which would otherwise look as if it had run. Allow write(2), or leave out init';
    throw invalidArgument('privileges.seccomp', expected, seccomp);
  }
  // In a user namespace of its own it is born with all capabilities, and an init gives them up as early as it.
  const failure = hasUserNamespace(namespaces) ? undefined : foreseeRefusedCapabilities(settings.privileges);
  if (failure !== undefined) throw refusedSetting(failure, settings, readSettingFacts(namespaces));
}

/** The hard limits of this process when they were last read. If they are lower now, the child's own setrlimit finds out. */
let knownHard: SettingFacts['hard'] | undefined;

function refuseLimits(settings: ChildSettings, namespaces: NamespaceOptions): void {
  const limits = Object.entries(settings.rlimits);
  if (limits.length === 0 || (canRaiseLimits() && !hasUserNamespace(namespaces))) return;
  knownHard ??= hardLimits();
  const hard: Readonly<Record<string, number>> = knownHard;
  const [path] = limits.find(([name, limit]) => limit.hard > (hard[name] ?? Number.POSITIVE_INFINITY)) ?? [];
  if (path === undefined) return;
  const facts = readSettingFacts(namespaces);
  knownHard = facts.hard;
  const asked = settings.rlimits[path as ResourceName]?.hard ?? 0;
  // This process may have got the capability, or a higher limit, since the last look.
  if (facts.mayRaise || asked <= (facts.hard[path as ResourceName] ?? Number.POSITIVE_INFINITY)) return;
  throw refusedSetting({ stage: 'rlimits', errno: -EPERM, path, syscall: 'prlimit64' }, settings, facts);
}

/** The error for a setting that the kernel would refuse. */
function refusedSetting(failure: CloneFailure, settings: ChildSettings, facts: SettingFacts): MemcageError {
  return settingError(failure, explain(failure, settings, facts));
}

/**
 * The error for a step that failed in a child for its settings: it is a setting itself, or the child has its filter
 * already ({@link isFiltered}).
 */
export function failedSetting(failure: CloneFailure, settings: ChildSettings, facts: SettingFacts): MemcageError {
  const own = isSettingStage(failure.stage) ? explain(failure, settings, facts) : undefined;
  const isOwn = own !== undefined && !isFiltered(failure, settings);
  return settingError(failure, isOwn ? own : explainFiltered(failure, own));
}

function settingError(
  { stage, errno, path, syscall }: CloneFailure,
  { what, why, cure }: RefusedSetting,
): MemcageError {
  const message = `The kernel refused ${what} (${getSystemErrorName(errno)}): ${why}${cure === '' ? '' : `. Cure: ${cure}`}`;
  return new MemcageError(ErrorCode.SETTING, message, {
    errno,
    stage,
    syscall,
    ...(path !== '' && { path }),
    ...(cure !== '' && { cure }),
  });
}

const PRIVILEGES: ReadonlySet<string> = new Set([
  'session-keyring',
  'bounding-set',
  'capabilities',
  'no-new-privs',
  'seccomp',
]);

/** The steps of the child that are its settings. */
const SETTINGS: ReadonlySet<string> = new Set([...PRIVILEGES, 'oom-score-adj', 'rlimits', 'nice']);

export function isSettingStage(stage: string): boolean {
  return SETTINGS.has(stage);
}

function explain(failure: CloneFailure, settings: ChildSettings, facts: SettingFacts): RefusedSetting {
  const { stage, errno, path } = failure;
  if (PRIVILEGES.has(stage)) return explainPrivilege(failure, settings.privileges);
  if (stage === 'rlimits') return explainLimit(path as ResourceName, errno, settings, facts);
  const { oomScoreAdj, nice } = settings;
  if (stage === 'nice') {
    return {
      what: `nice: ${nice}`,
      why: `a lower value than this process has needs CAP_SYS_NICE${ofFirst(facts)}, or a limit rlimits.nice of at least ${20 - (nice ?? 0)}`,
      cure: errno === -EACCES || errno === -EPERM ? 'ask for the value that this process has, or a higher one' : '',
    };
  }
  const what = `oomScoreAdj: ${oomScoreAdj}`;
  if (errno === -EACCES || errno === -EPERM) {
    return {
      what,
      why:
        `a value below the lowest that somebody with CAP_SYS_RESOURCE gave this process needs that capability${ofFirst(facts)}; ` +
        `and ${path} must be the user's own, which it is not after a change of ids`,
      cure: 'ask for a higher value, or start this process with the capability',
    };
  }
  return { what, why: `${path} can't be written`, cure: 'mount a writable /proc' };
}

function explainLimit(
  name: ResourceName,
  errno: number,
  { rlimits }: ChildSettings,
  facts: SettingFacts,
): RefusedSetting {
  const { soft, hard } = rlimits[name] ?? { soft: 0, hard: 0 };
  const what = `rlimits.${name}: ${soft === hard ? amount(hard) : `{ soft: ${amount(soft)}, hard: ${amount(hard)} }`}`;
  const { mostFiles = Number.POSITIVE_INFINITY } = facts;
  if (errno !== -EPERM) return { what, why: 'it knows no such limit, or a security module forbids it', cure: '' };
  if (name === 'nofile' && hard > mostFiles) {
    return {
      what,
      why: `nobody may have more than the sysctl fs.nr_open, ${mostFiles}`,
      cure: `ask for at most ${mostFiles}, or raise it: sysctl fs.nr_open=NUMBER`,
    };
  }
  const most = facts.hard[name];
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
  return value === Number.POSITIVE_INFINITY ? "'unlimited'" : String(value);
}

/** Without /proc nothing is known, and the child finds out. */
function read(path: string): string {
  try {
    return readFileSync(path, 'utf8').trim();
  } catch {
    return '';
  }
}

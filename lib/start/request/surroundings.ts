import { accessSync, constants, existsSync, readFileSync, statSync } from 'node:fs';
import { SharedKernelCage } from '../../cage/shared-kernel-cage';
import { limitsToRepeat } from '../../cgroup/limits/leaf-limits';
import { ErrorCode, MemcageError } from '../../common/errors/errors';
import { CURE, mention, words } from '../../common/errors/words';
import { CAP_SETGID, CAP_SETUID, hasCapability, knownCapabilities } from '../../common/machine/capabilities';
import { defaultFilter } from '../../process/settings/default-filter';
import { recentLimits } from '../../process/settings/resource-limits';
import type { AnySharedCage } from './context';
import type { Surroundings } from './untrusted';

/**
 * Where a distribution has its programs and libraries, and what of /etc leads to them. Nothing here is about this machine's users or
 * secrets.
 */
const SYSTEM = [
  ...['/usr', '/bin', '/sbin', '/lib', '/lib32', '/lib64', '/libx32'],
  ...['/etc/ld.so.cache', '/etc/alternatives'],
];

/** Ids that neither distributions, systemd, containers nor user namespaces have: https://systemd.io/UIDS-GIDS */
const FIRST_ID = 0x7000_0000;
const IDS = 0x0ffe_0000;
const NOBODY = 65_534;

let system: readonly string[] | undefined;
let ranges: { readonly isWide: boolean; readonly hasNobody: boolean } | undefined;
// Others, in this process too, begin elsewhere.
let next = Math.floor(Math.random() * IDS);

/** What a start with `untrusted: true` depends on here. It makes nothing. */
export function surroundingsOf(given: { uid?: unknown }, cage: AnySharedCage | undefined): Surroundings {
  system ??= SYSTEM.filter((path) => existsSync(path));
  return {
    ids: ownIds(given),
    hasFilter: defaultFilter() !== undefined,
    system,
    path: process.env['PATH'] ?? '',
    hardLimit: (name) => recentLimits()[name]?.hard ?? Number.POSITIVE_INFINITY,
    cage: cage && {
      isPolled: cage.enforcedBy.kind !== 'kernel',
      hasMemoryLimit: hasMemoryLimit(cage),
      rlimits: cage.settings.rlimits,
      hasOomScoreAdj: cage.settings.oomScoreAdj !== undefined,
    },
    isProgram,
  };
}

/**
 * A user has limits and counters of its own (pending signals, inotify, pipes): so each program is another one. Two processes may
 * take the same number, which is as if all were nobody.
 */
function ownIds({ uid }: { uid?: unknown }): Surroundings['ids'] {
  if (process.geteuid?.() !== 0) return undefined;
  ranges ??= { isWide: isMapped(FIRST_ID, IDS), hasNobody: isMapped(NOBODY, 1) };
  if (!ranges.isWide && !ranges.hasNobody) return undefined;
  const sets = knownCapabilities();
  if (uid == null && !(hasCapability(sets, CAP_SETUID) && hasCapability(sets, CAP_SETGID))) throw mayNotChange();
  if (!ranges.isWide) return { uid: NOBODY, gid: NOBODY };
  next = (next + 1) % IDS;
  return { uid: FIRST_ID + next, gid: FIRST_ID + next };
}

function mayNotChange(): MemcageError {
  const why = words`${mention('untrusted', 'untrusted: true')} gives the program another user and group, for which root needs CAP_SETUID and CAP_SETGID`;
  return new MemcageError(
    ErrorCode.UNSUPPORTED,
    words`${why}${CURE}give this process both, or run it as another user than root`,
    {
      option: 'untrusted',
    },
  );
}

/** Whether these ids are there, in the user namespace of this process. */
function isMapped(first: number, count: number): boolean {
  return ['/proc/self/uid_map', '/proc/self/gid_map'].every((file) => {
    let text: string;
    try {
      text = readFileSync(file, 'utf8');
    } catch {
      // A kernel without user namespaces has only the first one, with all ids.
      return true;
    }
    return text.split('\n').some((line) => {
      const [inside = 0, , length = 0] = line.trim().split(/\s+/).map(Number);
      return inside <= first && first + count <= inside + length;
    });
  });
}

function hasMemoryLimit(cage: AnySharedCage): boolean {
  if (!(cage instanceof SharedKernelCage)) return Number.isFinite(cage.limitBytes);
  const { memory, version } = cage.cageCgroup;
  return Number.isFinite(limitsToRepeat(memory, version).max);
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}

import type { CpuLimitReport, CpuTimeReport, LimitsReport, PidsReport } from '../../../types/outcome';
import type { MemcageError } from '../../common/errors/errors';
import { keptInJson } from '../../common/text/json';
import type { CgroupDirectory } from '../directory/directory';
import { lostLimits } from '../directory/refused-file';
import { parseFlatKeyed, parseNames, parseValue } from '../files/formats';

/**
 * The limits of a cage, as they were written last, and where their counts are. A report does not read the limits back: that
 * would cost each start more than the counts do.
 */
export interface CountedIn {
  pids?: {
    directory: CgroupDirectory;
    max: number;
  };
  cpu?: {
    /** The directory whose files tell how long the limit was in force. */
    directory: CgroupDirectory;
    max: number;
    /** Whether the cage limits which processors, too. */
    hasSet: boolean;
    /** The file with the processor time. */
    usage: UsageFile;
  };
}

/** The file that tells a cgroup's processor time, ended processes included. */
export interface UsageFile {
  directory: CgroupDirectory;
  file: 'cpu.stat' | 'cpuacct.usage';
}

/** A limit of processor time, which memcage holds itself. */
export interface TimeLimit {
  readonly limitMs: number;
  readonly usage: UsageFile;
  /** The time that was seen last, if the file is gone. */
  readonly usedMs: number;
}

/** A file to read. */
export interface Counter {
  directory: CgroupDirectory;
  file: string;
  /** What it counts; `memory` for a file of the memory controller. Hierarchies of v1 have other files of one name. */
  of: 'memory' | 'pids' | 'cpu' | 'usage';
}

/** A report, and why it is not what was asked for: somebody has disabled a controller (v2), and the limit was gone. */
export interface ToldLimits {
  limits: LimitsReport;
  error?: MemcageError;
}

/** Names the controllers that a cgroup has. v1 has no such file: there a controller can't be taken from a cgroup. */
const CONTROLLERS = 'cgroup.controllers';

type File = Pick<Counter, 'directory' | 'file'>;
type Texts = (file: File) => string | undefined;

/** A kernel may lack some files, but always the same ones, in whatever cgroup of a hierarchy. */
const there = new Map<string, boolean>();

function isThere({ directory, file, of }: Counter): boolean {
  const key = `${of} ${file}`;
  const known = there.get(key);
  if (known !== undefined) return known;
  const has = directory.has(file);
  // A cgroup that was removed has none, which says nothing.
  if (has || directory.exists()) there.set(key, has);
  return has;
}

/** Of a child for which nobody asked for any. */
export const NO_LIMITS: LimitsReport = { pids: null, cpu: null, cpuTime: null };

/** Makes an outcome's report on the limits beside memory, from the cgroups' files or from texts that the watcher read. */
export class LimitsReporter {
  readonly #files: readonly Counter[];

  /** @param times the limits of processor time that hold for a cgroup, its own first */
  constructor(
    private readonly counted: CountedIn,
    private readonly times: readonly TimeLimit[],
  ) {
    this.#files = distinct([...filesOf(counted), ...times.map(({ usage }) => ({ ...usage, of: 'usage' as const }))]);
  }

  /** The files that a report needs and that are there. */
  get files(): Counter[] {
    return this.#files.filter(isThere);
  }

  read(): ToldLimits {
    return this.#told(({ directory, file }) => directory.readIfPresent(file));
  }

  /** @param texts contents of `files`, which {@link files} returned; '' for a file that this kernel lacks */
  parse(files: readonly Counter[], texts: readonly string[]): ToldLimits {
    return this.#told(({ directory, file }) => {
      const index = files.findIndex((each) => isSameFile(each, { directory, file }));
      return index < 0 || texts[index] === '' ? undefined : texts[index];
    });
  }

  /** What is known once the cgroups are gone. */
  unknown(): LimitsReport {
    return this.#report(() => undefined);
  }

  #told(textOf: Texts): ToldLimits {
    const error = this.#lost(textOf);
    return { limits: this.#report(textOf), ...(error !== undefined && { error }) };
  }

  #lost(textOf: Texts): MemcageError | undefined {
    const { pids, cpu } = this.counted;
    const needs = [
      { directory: pids?.directory, limit: 'pids.max' },
      { directory: cpu?.directory, limit: 'cpu.max' },
      { directory: cpu?.hasSet === true ? cpu.directory : undefined, limit: 'cpuset.cpus' },
    ];
    for (const { directory, limit } of needs) {
      const text = directory && textOf({ directory, file: CONTROLLERS });
      const [name = ''] = limit.split('.');
      if (directory !== undefined && text !== undefined && !parseNames(text).includes(name)) {
        return lostLimits(directory, limit);
      }
    }
    return undefined;
  }

  #report(textOf: Texts): LimitsReport {
    const { pids, cpu } = this.counted;
    return {
      pids: pids === undefined ? null : pidsReport(pids, textOf),
      cpu: cpu === undefined ? null : cpuReport(cpu, textOf),
      cpuTime: cpuTimeReport(this.times, textOf),
    };
  }
}

function filesOf({ pids, cpu }: CountedIn): Counter[] {
  const files: Counter[] = [];
  if (pids !== undefined) {
    const { directory } = pids;
    for (const file of ['pids.events', 'pids.peak', CONTROLLERS]) files.push({ directory, file, of: 'pids' });
  }
  if (cpu !== undefined) {
    const { directory } = cpu;
    for (const file of ['cpu.stat', CONTROLLERS]) files.push({ directory, file, of: 'cpu' });
    files.push({ ...cpu.usage, of: 'usage' });
  }
  return files;
}

function distinct(files: readonly Counter[]): Counter[] {
  return files.filter((one, index) => files.findIndex((other) => isSameFile(one, other)) === index);
}

function isSameFile(one: File, other: File): boolean {
  return one.directory === other.directory && one.file === other.file;
}

function pidsReport({ directory, max }: NonNullable<CountedIn['pids']>, textOf: Texts): PidsReport {
  return keptInJson({
    limit: max,
    limitHits: parsed({ directory, file: 'pids.events' }, textOf, parseFlatKeyed)?.['max'] ?? null,
    peak: parsed({ directory, file: 'pids.peak' }, textOf, parseValue),
  });
}

function cpuReport({ directory, max, usage }: NonNullable<CountedIn['cpu']>, textOf: Texts): CpuLimitReport {
  return keptInJson({
    limit: max,
    throttledMs: throttledMs(parsed({ directory, file: 'cpu.stat' }, textOf, parseFlatKeyed)),
    usedMs: usageMs(usage, textOf),
  });
}

function cpuTimeReport(times: readonly TimeLimit[], textOf: Texts): CpuTimeReport | null {
  const reports = times.map(({ limitMs, usage, usedMs: seenMs }) => {
    const usedMs = usageMs(usage, textOf) ?? seenMs;
    return { limitMs, usedMs, hit: usedMs >= limitMs };
  });
  return reports.find(({ hit }) => hit) ?? reports[0] ?? null;
}

/** v1 has nanoseconds, v2 microseconds. */
function throttledMs(stat: Readonly<Record<string, number>> | null): number | null {
  const ns = stat?.['throttled_time'];
  const us = stat?.['throttled_usec'];
  if (ns !== undefined) return ns / 1e6;
  return us === undefined ? null : us / 1e3;
}

function usageMs({ directory, file }: UsageFile, textOf: Texts): number | null {
  if (file === 'cpuacct.usage') {
    const ns = parsed({ directory, file }, textOf, parseValue);
    return ns === null ? null : ns / 1e6;
  }
  const us = parsed({ directory, file }, textOf, parseFlatKeyed)?.['usage_usec'];
  return us === undefined ? null : us / 1e3;
}

function parsed<T>(counter: File, textOf: Texts, parse: (text: string, path: string) => T): T | null {
  const text = textOf(counter);
  return text === undefined ? null : parse(text, `${counter.directory.path}/${counter.file}`);
}

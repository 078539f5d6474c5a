import { closeSync, constants, openSync, readSync, statSync } from 'node:fs';
import type { OomVictim } from '../../../types/outcome';
import type { CgroupDirectory } from '../../cgroup/directory/directory';
import { nowUs } from '../../cgroup/ends/note';
import { type Host, host } from '../../cgroup/hierarchy/host';
import { ErrorCode, MemcageError } from '../../common/errors/errors';
import { isWithin } from '../../common/text/names';
import { type Death, KillParser, type LoggedKill, parseDeath, timeOf } from './kill-records';

const FILE = '/dev/kmsg';

/** Inode numbers of the initial namespaces (include/linux/proc_ns.h). */
const INITIAL = { pid: 0xef_ff_ff_fc, cgroup: 0xef_ff_ff_fb } as const;

// The longest record is 8 KiB, and a log of the usual size has a few thousand of them.
const RECORD_BYTES = 16 * 1024;
const MOST_RECORDS = 50_000;
/** How long reading may hold up the event loop. That is enough for a log of the usual size. */
const SLICE_MS = 50;
const MOST_KILLS = 1000;

/**
 * The kernel's log of its kills for memory: the victim of each, and the cgroup whose limit it was. Often it can't be
 * used: reading it takes CAP_SYSLOG if `kernel.dmesg_restrict` is 1, and in a container pids differ.
 */
export class KernelLog {
  readonly #parser = new KillParser();
  readonly #buffer = Buffer.alloc(RECORD_BYTES);
  readonly #kills: LoggedKill[] = [];
  readonly #deaths: Death[] = [];
  #sinceUs: number | undefined;
  #lastUs = 0;
  /** Records read since its end was last reached. */
  #count = 0;

  private constructor(private readonly fd: number) {}

  /**
   * undefined if it can't be read, or if its pids and cgroups are not those that this process sees.
   *
   * @param names which of the two have to be
   */
  static open(names: readonly (keyof typeof INITIAL)[] = ['pid', 'cgroup']): KernelLog | undefined {
    try {
      return names.every(isInitial)
        ? new KernelLog(openSync(FILE, constants.O_RDONLY | constants.O_NONBLOCK))
        : undefined;
    } catch {
      return undefined;
    }
  }

  /**
   * The kills in a memory cgroup and those below it, oldest first, as far as the log still has them. The log has all of
   * the machine's last `complete` kills.
   *
   * @throws what {@link isLogBehind} knows, if there is more than can be read at a time: try again
   */
  killsIn(path: string): { kills: LoggedKill[]; complete: number } {
    this.#readOn();
    const cgroup = kernelPath(path, host());
    if (cgroup === undefined) return { kills: [], complete: 0 };
    const kills = this.#kills.filter(({ victimCgroup }) => isWithin(victimCgroup, cgroup));
    return { kills, complete: Math.min(this.#parser.reported, MOST_KILLS) };
  }

  /**
   * The machine's kills, oldest first: those that are reported, with their cgroups, and the deaths of all. The log has all
   * since `sinceUs`; 0: since the machine has started. Its last record is of `lastUs`.
   *
   * @throws as {@link killsIn}
   */
  all(): { kills: readonly LoggedKill[]; deaths: readonly Death[]; sinceUs: number; lastUs: number } {
    this.#readOn();
    const sinceUs = this.#sinceUs ?? nowUs();
    return { kills: this.#kills, deaths: this.#deaths, sinceUs, lastUs: this.#lastUs };
  }

  close(): void {
    closeSync(this.fd);
  }

  #readOn(): void {
    const endMs = performance.now() + SLICE_MS;
    for (let record = this.#next(); record !== undefined; record = this.#next()) {
      this.#lastUs = timeOf(record);
      this.#sinceUs ??= isFirst(record) ? 0 : this.#lastUs;
      const kill = this.#parser.parse(record);
      if (kill !== undefined) this.#kills.push(kill);
      if (this.#kills.length > MOST_KILLS) this.#kills.shift();
      const death = parseDeath(record);
      if (death !== undefined) this.#deaths.push(death);
      if (this.#deaths.length > MOST_KILLS) this.#sinceUs = this.#deaths.shift()?.timeUs;
      this.#count += 1;
      if (this.#count >= MOST_RECORDS) {
        // The log has more records than that, or they come faster than they are read.
        this.#parser.startAnew();
        this.#sinceUs = undefined;
        break;
      }
      if (performance.now() >= endMs) throw behind();
    }
    this.#count = 0;
  }

  #next(): string | undefined {
    for (;;) {
      try {
        const length = readSync(this.fd, this.#buffer);
        return this.#buffer.toString('latin1', 0, length);
      } catch (error) {
        // The next record was overwritten meanwhile. The kernel moves the reader to the oldest one that exists.
        if ((error as NodeJS.ErrnoException).code !== 'EPIPE') return undefined;
        this.#parser.startAnew();
        this.#sinceUs = undefined;
      }
    }
  }
}

/** Whether this process has the names of the machine itself. */
export function isInitial(name: keyof typeof INITIAL): boolean {
  return statSync(`/proc/self/ns/${name}`).ino === INITIAL[name];
}

/** Whether it is the first that the kernel has written, so that none before it was overwritten. */
function isFirst(record: string): boolean {
  return record.split(',', 2)[1] === '0';
}

function behind(): MemcageError {
  return new MemcageError(ErrorCode.BUSY, `${FILE} has more than can be read at a time`, { path: FILE });
}

/** Whether the error says that the log has not been read to its end yet. */
export function isLogBehind(error: unknown): boolean {
  return error instanceof MemcageError && error.code === ErrorCode.BUSY && error.path === FILE;
}

/** The kernel's name for a cgroup in the memory hierarchy. */
function kernelPath(path: string, { memory: { mountPoint, mountRoot } }: Pick<Host, 'memory'>): string | undefined {
  if (!isWithin(path, mountPoint)) return undefined;
  const below = path.slice(mountPoint.length);
  return mountRoot === '/' ? below || '/' : `${mountRoot}${below}`;
}

/** The path of the cgroup to which the kernel gives this name; undefined if it can't be seen from here. */
export function visiblePath(
  cgroup: string,
  { memory: { mountPoint, mountRoot } }: Pick<Host, 'memory'>,
): string | undefined {
  if (!isWithin(cgroup, mountRoot)) return undefined;
  return `${mountPoint}${mountRoot === '/' ? cgroup : cgroup.slice(mountRoot.length)}`;
}

/** undefined: not opened yet; null: it can't be read. */
let log: KernelLog | undefined | null;

/**
 * What the kernel logged of the kills in a cage cgroup and those below it. The log has all of the machine's last
 * `complete` kills.
 */
export function killsOf({ path }: Pick<CgroupDirectory, 'path'>): {
  kills: readonly LoggedKill[];
  victims: OomVictim[] | null;
  complete: number;
} {
  // The log is opened at the first kill: it takes an fd, and may be long.
  if (log === undefined) log = KernelLog.open() ?? null;
  const { kills, complete } = log?.killsIn(path) ?? { kills: [], complete: 0 };
  return { kills, victims: kills.length === 0 ? null : kills.map(({ victim }) => victim), complete };
}

/** For the end of the environment. */
export function closeKillLog(): void {
  log?.close();
  log = undefined;
}

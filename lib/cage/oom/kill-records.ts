import type { OomVictim } from '../../../types/outcome';
import { isWithin } from '../../common/text/names';

/** A kill for memory, as the kernel logged it. */
export interface LoggedKill {
  victim: OomVictim;
  /** When, in microseconds: about CLOCK_MONOTONIC, from which the log's clock drifts by some millionths. */
  timeUs: number;
  /** The victim's memory cgroup, as the kernel names it. */
  victimCgroup: string;
  /** The cgroup whose limit was hit; null if the machine had no memory left. */
  limitCgroup: string | null;
  /** The limit that was hit, in bytes; null if the log does not tell. */
  limitBytes: number | null;
  /** What the victim had in memory of its own. The kernel writes it after the rest; till then it is left out. */
  anonBytes?: number;
}

/** Bits 3 and up of a record's first number. Records that programs write to the log have another facility. */
const KERNEL_FACILITY = 0;

/** Asked only of text that begins so. */
const GROUP_KILL = /Tasks in (.*) are going to be killed due to memory\.oom\.group set$/s;
const KILLED =
  /^(?:Memory cgroup out|Out) of memory(?: \(oom_kill_allocating_task\))?: Killed process (\d+) \((.*)\) total-vm:\d+kB, anon-rss:(\d+)kB/s;
/** The line that each victim has, whether or not there is a report of it. */
export interface Death {
  victim: OomVictim;
  timeUs: number;
  anonBytes: number;
}

/** @param record see {@link KillParser.parse} */
export function parseDeath(record: string): Death | undefined {
  const text = kernelText(record);
  const [, pid, name, anonKiB] = (text !== undefined && KILLED.exec(unescaped(text))) || [];
  if (name === undefined) return undefined;
  return { victim: { pid: Number(pid), name }, timeUs: timeOf(record), anonBytes: Number(anonKiB) * 1024 };
}

/** `PRIORITY,SEQUENCE,MICROSECONDS`. */
export function timeOf(record: string): number {
  return Number(record.split(',', 3)[2]);
}

/** What the kernel itself says in a record. */
function kernelText(record: string): string | undefined {
  const end = record.indexOf(';');
  if (Number.parseInt(record, 10) >> 3 !== KERNEL_FACILITY || end === -1) return undefined;
  const newline = record.indexOf('\n', end);
  return record.slice(end + 1, newline === -1 ? undefined : newline);
}

/** The kernel writes it in front of the report that it is for. */
const USAGE = /^memory: usage \d+kB, limit (\d+)kB/;
/** In KiB: what v1 has where there is no limit is more than any machine has. */
const NO_LIMIT_KIB = 2 ** 52;

const REPORT = /^oom-kill:constraint=\w+,/;
/** What a report has once. */
const MARKS = [/,oom_memcg=|,global_oom/, ',task_memcg=', ',task='];
const VICTIM = /(?:,oom_memcg=(.*)|,global_oom),task_memcg=(.*?),task=(.*),pid=(\d+),uid=\d+$/s;

/**
 * Finds the kills among the records of /dev/kmsg, which come in the order in which the kernel kills: OOM after OOM.
 *
 * The kernel writes a report (Linux 5.0) before it kills the victim, but at most ten in five seconds. With
 * `memory.oom.group`, the report is about the first victim, and the others follow it. Each victim also has its own
 * line, which the kernel writes after the kill and never leaves out.
 *
 * @see https://docs.kernel.org/admin-guide/abi-testing.html (/dev/kmsg); mm/oom_kill.c, dump_oom_victim()
 */
export class KillParser {
  /** The last group kill. More of its victims may still come. */
  #group: Pick<LoggedKill, 'victimCgroup' | 'limitCgroup' | 'limitBytes'> | undefined;
  #last: LoggedKill | undefined;
  /** The line of the last victim has not come yet. Says nothing while there is no last one. */
  #isAwaited = false;
  #reported = 0;
  #limitBytes: number | null = null;

  /** How many of the last kills in a row were surely reported, so that their cgroups are known. */
  get reported(): number {
    return this.#reported;
  }

  /** Records were lost, and maybe kills with them. */
  startAnew(): void {
    this.#group = undefined;
    this.#last = undefined;
    this.#reported = 0;
    this.#limitBytes = null;
  }

  /** @param record what one read(2) returns: `PRIORITY,SEQUENCE,MICROSECONDS,FLAGS;TEXT`, then lines of details */
  parse(record: string): LoggedKill | undefined {
    const text = kernelText(record);
    if (text === undefined) return undefined;
    const [, limitKiB] = USAGE.exec(text) ?? [];
    if (limitKiB !== undefined) this.#limitBytes = Number(limitKiB) < NO_LIMIT_KIB ? Number(limitKiB) * 1024 : null;
    if (REPORT.test(text)) return this.#report(unescaped(text), timeOf(record));
    if (text.startsWith('Tasks in ')) this.#beginGroup(unescaped(text));
    const death = parseDeath(record);
    return death && this.#killed(death);
  }

  #report(text: string, timeUs: number): LoggedKill | undefined {
    const limitBytes = this.#limitBytes;
    this.#limitBytes = null;
    this.#group = undefined;
    this.#last = undefined;
    // Anyone may choose the names of cgroups and programs. Drop a record that can be read in two ways.
    if (MARKS.some((mark) => text.split(mark).length > 2)) return undefined;
    const [, limitCgroup, victimCgroup, name, pid] = VICTIM.exec(text) ?? [];
    if (victimCgroup === undefined || name === undefined) return undefined;
    const limit = { limitCgroup: limitCgroup ?? null, limitBytes };
    this.#last = { victim: { pid: Number(pid), name }, timeUs, victimCgroup, ...limit };
    this.#isAwaited = true;
    return this.#last;
  }

  #beginGroup(text: string): void {
    const [, cgroup] = GROUP_KILL.exec(text) ?? [];
    // Without the report of the same OOM, nobody knows whose limit it was.
    const first = this.#last;
    this.#group =
      cgroup !== undefined && first !== undefined && isWithin(first.victimCgroup, cgroup)
        ? { victimCgroup: cgroup, limitCgroup: first.limitCgroup, limitBytes: first.limitBytes }
        : undefined;
  }

  #killed({ victim, timeUs, anonBytes }: Death): LoggedKill | undefined {
    const isLast = victim.pid === this.#last?.victim.pid;
    // The log does not say where a group ends: the next victim may be of another OOM that has no report.
    this.#reported = isLast && (this.#isAwaited || this.#group !== undefined) ? this.#reported + 1 : 0;
    this.#isAwaited = false;
    if (isLast && this.#last !== undefined) {
      this.#last.anonBytes = anonBytes;
      return undefined;
    }
    // For the same reason, a group that is named next does not belong to the last report.
    if (this.#group === undefined) this.#last = undefined;
    const group = this.#group;
    return group && { victim, timeUs, ...group, anonBytes };
  }
}

/** The log writes backslashes, and bytes that are not printable ASCII, as \xNN. */
function unescaped(text: string): string {
  if (!text.includes('\\x')) return text;
  const bytes = text.replace(/\\x([0-9a-f]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
  return Buffer.from(bytes, 'latin1').toString('utf8');
}

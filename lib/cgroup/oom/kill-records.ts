import type { OomVictim } from '../../../types/outcome';

/** A kill for memory, as the kernel has logged it. */
export interface LoggedKill {
  victim: OomVictim;
  /** The memory cgroup of the victim, as the kernel names it. */
  victimCgroup: string;
  /** The one whose limit it was; null: the machine had no memory left. */
  limitCgroup: string | null;
}

/** Bits 3 and up of a record's first number; what programs write to the log has another. */
const KERNEL_FACILITY = 0;

const GROUP_KILL = /^Tasks in (.*) are going to be killed due to memory\.oom\.group set$/;
const KILLED = /^Memory cgroup out of memory: Killed process (\d+) \((.*)\) total-vm:/;
const REPORT = /^oom-kill:constraint=\w+,/;
const VICTIM = /(?:,oom_memcg=(.*)|,global_oom),task_memcg=(.*?),task=(.*),pid=(\d+),uid=\d+$/;

/**
 * Finds the kills among the records of /dev/kmsg. They come in the order in which the kernel kills, which is one OOM after
 * the other.
 *
 * A report (Linux 5.0) is written before the victim is killed, and only ten times in five seconds. With `memory.oom.group`
 * it is about the first victim, and the others are named after it.
 *
 * @see https://docs.kernel.org/admin-guide/abi-testing.html (/dev/kmsg); mm/oom_kill.c, dump_oom_victim()
 */
export class KillParser {
  /** Of the last group kill, whose victims may still come. */
  #group: { cgroup: string; limitCgroup: string | null } | undefined;
  #last: LoggedKill | undefined;

  /** @param record as one read(2) gives it, `PRIORITY,SEQUENCE,MICROSECONDS,FLAGS;TEXT` and lines of details */
  parse(record: string): LoggedKill | undefined {
    const end = record.indexOf(';');
    if (Number.parseInt(record, 10) >> 3 !== KERNEL_FACILITY || end === -1) return undefined;
    const newline = record.indexOf('\n', end);
    const text = record.slice(end + 1, newline === -1 ? undefined : newline);
    if (REPORT.test(text)) return this.#report(unescaped(text));
    if (text.startsWith('Tasks in ')) this.#beginGroup(unescaped(text));
    return this.#group === undefined ? undefined : this.#member(unescaped(text));
  }

  #report(text: string): LoggedKill | undefined {
    this.#group = undefined;
    this.#last = undefined;
    // The names of cgroups and of the victim are somebody's choice: what could be read in two ways is nobody's.
    if (text.split(',oom_memcg=').length > 2 || text.split(',task_memcg=').length > 2) return undefined;
    const [, limitCgroup, victimCgroup, name, pid] = VICTIM.exec(text) ?? [];
    if (victimCgroup === undefined || name === undefined) return undefined;
    this.#last = { victim: { pid: Number(pid), name }, victimCgroup, limitCgroup: limitCgroup ?? null };
    return this.#last;
  }

  #beginGroup(text: string): void {
    const [, cgroup] = GROUP_KILL.exec(text) ?? [];
    // Without the report of the same OOM it is not known whose limit it was.
    const first = this.#last;
    this.#group =
      cgroup !== undefined && first !== undefined && isWithin(first.victimCgroup, cgroup)
        ? { cgroup, limitCgroup: first.limitCgroup }
        : undefined;
  }

  #member(text: string): LoggedKill | undefined {
    const [, pid, name] = KILLED.exec(text) ?? [];
    if (this.#group === undefined || name === undefined || Number(pid) === this.#last?.victim.pid) return undefined;
    const { cgroup, limitCgroup } = this.#group;
    return { victim: { pid: Number(pid), name }, victimCgroup: cgroup, limitCgroup };
  }
}

/** Whether a cgroup is another one, or below it. */
export function isWithin(cgroup: string, other: string): boolean {
  return cgroup === other || cgroup.startsWith(other === '/' ? '/' : `${other}/`);
}

/** The log has bytes that are no printable ASCII, and backslashes, as \xNN. */
function unescaped(text: string): string {
  if (!text.includes('\\x')) return text;
  const bytes = text.replace(/\\x([0-9a-f]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
  return Buffer.from(bytes, 'latin1').toString('utf8');
}

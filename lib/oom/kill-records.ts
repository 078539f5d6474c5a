import type { OomVictim } from '../../types/outcome';

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
const KILLED =
  /^(?:Memory cgroup out|Out) of memory(?: \(oom_kill_allocating_task\))?: Killed process (\d+) \((.*)\) total-vm:/;
const REPORT = /^oom-kill:constraint=\w+,/;
const VICTIM = /(?:,oom_memcg=(.*)|,global_oom),task_memcg=(.*?),task=(.*),pid=(\d+),uid=\d+$/;

/**
 * Finds the kills among the records of /dev/kmsg. They come in the order in which the kernel kills, which is one OOM after
 * the other.
 *
 * A report (Linux 5.0) is written before the victim is killed, and only ten times in five seconds. With `memory.oom.group`
 * it is about the first victim, and the others are named after it. Each victim has a line of its own, which is never left out and
 * follows its death.
 *
 * @see https://docs.kernel.org/admin-guide/abi-testing.html (/dev/kmsg); mm/oom_kill.c, dump_oom_victim()
 */
export class KillParser {
  /** Of the last group kill, whose victims may still come. */
  #group: { cgroup: string; limitCgroup: string | null } | undefined;
  #last: LoggedKill | undefined;
  /** The line of its victim has not come yet. */
  #isAwaited = false;
  #reported = 0;

  /** How many kills in a row, up to the last one, were surely reported: of those it is known in which cgroup they were. */
  get reported(): number {
    return this.#reported;
  }

  /** Records were lost, and with them maybe kills. */
  startAnew(): void {
    this.#group = undefined;
    this.#last = undefined;
    this.#isAwaited = false;
    this.#reported = 0;
  }

  /** @param record as one read(2) gives it, `PRIORITY,SEQUENCE,MICROSECONDS,FLAGS;TEXT` and lines of details */
  parse(record: string): LoggedKill | undefined {
    const end = record.indexOf(';');
    if (Number.parseInt(record, 10) >> 3 !== KERNEL_FACILITY || end === -1) return undefined;
    const newline = record.indexOf('\n', end);
    const text = record.slice(end + 1, newline === -1 ? undefined : newline);
    if (REPORT.test(text)) return this.#report(unescaped(text));
    if (text.startsWith('Tasks in ')) this.#beginGroup(unescaped(text));
    const [, pid, name] = KILLED.exec(unescaped(text)) ?? [];
    return name === undefined ? undefined : this.#killed({ pid: Number(pid), name });
  }

  #report(text: string): LoggedKill | undefined {
    this.#group = undefined;
    this.#last = undefined;
    this.#isAwaited = false;
    // The names of cgroups and of the victim are somebody's choice: what could be read in two ways is nobody's.
    if (text.split(',oom_memcg=').length > 2 || text.split(',task_memcg=').length > 2) return undefined;
    const [, limitCgroup, victimCgroup, name, pid] = VICTIM.exec(text) ?? [];
    if (victimCgroup === undefined || name === undefined) return undefined;
    this.#last = { victim: { pid: Number(pid), name }, victimCgroup, limitCgroup: limitCgroup ?? null };
    this.#isAwaited = true;
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

  #killed(victim: OomVictim): LoggedKill | undefined {
    const isLast = victim.pid === this.#last?.victim.pid;
    // The end of a group is not told: who comes after it may be another's victim, without a report.
    this.#reported = isLast && (this.#isAwaited || this.#group !== undefined) ? this.#reported + 1 : 0;
    this.#isAwaited = false;
    if (isLast) return undefined;
    // Nor is a group that is named next that of the last report.
    if (this.#group === undefined) this.#last = undefined;
    return this.#group && { victim, victimCgroup: this.#group.cgroup, limitCgroup: this.#group.limitCgroup };
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

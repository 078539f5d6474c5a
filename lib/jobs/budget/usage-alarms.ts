import { UsageAlarm } from '../../cgroup/events/usage-alarm';
import type { Cgroup } from '../../cgroup/handle/cgroup';
import { outsideOfCalls } from '../../common/event-loop/timers';

/** Where the kernel tells that memory runs short (v1), as parts of it. */
const ALARMS = [3 / 4, 7 / 8, 31 / 32];

/** v1: has the kernel tell of a burst that comes between two looks. It counts page cache too, and so may tell of nothing. */
export class UsageAlarms {
  #alarms: readonly UsageAlarm[] = [];

  constructor(
    private readonly cgroup: Cgroup,
    private readonly memoryBytes: number,
    private readonly onAbove: () => void,
  ) {}

  /** Without them, looks alone have to do: there may be no fds. */
  begin(): void {
    if (this.cgroup.version !== 1 || this.#alarms.length > 0) return;
    const opened: UsageAlarm[] = [];
    try {
      const { directory } = this.cgroup.source({ keepOpen: false });
      for (const part of ALARMS) {
        const bytes = Math.floor(this.memoryBytes * part);
        opened.push(outsideOfCalls(() => new UsageAlarm(directory, bytes, ({ above }) => above && this.onAbove())));
      }
      this.#alarms = opened;
    } catch {
      for (const alarm of opened) alarm.close();
    }
  }

  end(): void {
    for (const alarm of this.#alarms) alarm.close();
    this.#alarms = [];
  }
}

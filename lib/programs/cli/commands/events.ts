import {
  CGROUP_EVENT_NAMES,
  type CgroupEvent,
  type CgroupEventName,
  type ThresholdEvent,
  type Trigger,
} from '../../../cgroup';
import { printable } from '../../../common/text/names';
import { type Cgroup, ErrorCode, formatSize, MemcageError, parseSize } from '../../../index';
import { FAILED_TEXT, flag, valued } from '../command';
import { defineCommand } from '../define-command';
import { findTarget, oneTarget, TARGET } from '../target';
import { toJsonLine } from '../text/output';
import { asUsage, UsageError } from '../usage';

const STALL = /^(some|full):(\d+)(?:\/(\d+))?$/;

export const events = defineCommand({
  name: 'events',
  synopsis: `[${TARGET}]`,
  summary: 'print what happens in a cgroup, as it happens',
  details: [
    'Prints a line for each event that the kernel reports: OOM, kills, limits hit, the last process gone, ' +
      'freezing. The cgroup version decides which events there are; the first line names them. Ends when the ' +
      'cgroup is gone, or by a signal. Without an operand: the cgroup of this command.',
  ],
  operands: oneTarget(0),
  options: {
    json: flag('print each event as a line of JSON'),
    pressure: valued(
      'WHAT',
      'tell of memory pressure as well: some:MS/WINDOW or full:MS/WINDOW, milliseconds (v2); low, medium or critical (v1)',
    ),
    threshold: valued('SIZE', 'tell when the use crosses that (v1)'),
  },
  exitCodes: [['0', 'the cgroup is gone'], FAILED_TEXT, ['128 + N', 'signal N ended it']],
  examples: [
    ['memcage events 0123456789ab', 'of a container'],
    [
      'memcage events --json --pressure some:150/2000 4711',
      'of the cgroup of process 4711, with pressure, for programs',
    ],
  ],
  async run({ json, pressure, threshold }, [target]) {
    const triggers = [
      ...(pressure === undefined ? [] : [pressureOf(pressure)]),
      ...(threshold === undefined ? [] : [{ threshold: asUsage(() => parseSize(threshold, '--threshold')) }]),
    ];
    using cgroup = findTarget(target);
    const print = (name: string, line: object, text: string): void => {
      process.stdout.write(json === true ? toJsonLine({ name, ...line }) : `${name.padEnd(9)}  ${text}\n`);
    };
    const gone = new Promise<void>((resolve) => {
      const heard = listen(cgroup, (name, event) => {
        print(name, event, textOf(event));
        if (name === 'removed') resolve();
      });
      for (const trigger of triggers) cgroup.addTrigger(trigger);
      const { path } = cgroup;
      print('listening', { path, events: heard }, `${printable(path)}: ${heard.join(' ')}`);
    });
    cgroup.ref();
    await gone;
    return 0;
  },
});

/** Listens to all events that this machine has, and returns their names. */
function listen(cgroup: Cgroup, tell: (name: CgroupEventName, event: CgroupEvent) => void): CgroupEventName[] {
  return CGROUP_EVENT_NAMES.filter((name) => {
    try {
      cgroup.on(name, (event: CgroupEvent) => tell(name, event));
      return true;
    } catch (error) {
      const code = error instanceof MemcageError ? error.code : undefined;
      if (code === ErrorCode.NOT_IN_VERSION || code === ErrorCode.UNSUPPORTED) return false;
      throw error;
    }
  });
}

function textOf(event: CgroupEvent): string {
  const { count, totalCount, timeMs } = event;
  const details = [
    new Date(timeMs).toISOString(),
    `${count} time${count === 1 ? '' : 's'} (${totalCount} in all)`,
    ...('underOom' in event && event.underOom === true ? ['processes wait for memory'] : []),
    ...('usageBytes' in event ? [thresholdText(event as ThresholdEvent)] : []),
  ];
  return details.join('  ');
}

function thresholdText({ above, usageBytes }: ThresholdEvent): string {
  return `${above ? 'above' : 'below'} at ${formatSize(usageBytes)}`;
}

function pressureOf(what: string): Trigger {
  const [, stall, thresholdMs, windowMs] = STALL.exec(what) ?? [];
  if (stall === 'some' || stall === 'full') {
    return {
      pressure: stall,
      thresholdMs: Number(thresholdMs),
      ...(windowMs !== undefined && { windowMs: Number(windowMs) }),
    };
  }
  if (what === 'low' || what === 'medium' || what === 'critical') return { pressure: what };
  throw new UsageError(`--pressure is some:MS/WINDOW, full:MS/WINDOW, low, medium or critical, not '${what}'`);
}

import { type WitnessedKill, witnessKills } from '../../../cage/oom/kill-witness';
import {
  CGROUP_EVENT_NAMES,
  type CgroupEvent,
  type CgroupEventName,
  type ThresholdEvent,
  type Trigger,
} from '../../../cgroup';
import { parseDuration } from '../../../common/text/duration';
import { printable } from '../../../common/text/names';
import { explainKills } from '../../../common/text/oom-words';
import { type Cgroup, formatSize, MemcageError } from '../../../index';
import { FAILED_TEXT, flag, valued } from '../command';
import { defineCommand } from '../define-command';
import { type Kind, SIZE } from '../kinds';
import { findTarget, oneTarget, TARGET } from '../target';
import { toJsonLine } from '../text/output';

const UNWITNESSED = "only the kernel's log tells who it was, and this process can't read it";

const LEVELS = ['low', 'medium', 'critical'] as const;
const STALL = /^(some|full):([^/]+)(?:\/(.+))?$/;

const PRESSURE: Kind<Trigger> = {
  value: 'WHAT',
  takes: `some:TIME/TIME or full:TIME/TIME, as in some:150ms/2s, or ${LEVELS.join(', ')}`,
  suggest: ['some:150ms/2s', 'full:150ms/2s', ...LEVELS],
  read(what) {
    const level = LEVELS.find((each) => each === what);
    if (level !== undefined) return { pressure: level };
    const [, pressure, threshold = '', window] = STALL.exec(what) ?? [];
    if (pressure !== 'some' && pressure !== 'full') return undefined;
    const times = [threshold, ...(window === undefined ? [] : [window])].map(parseDuration);
    const [thresholdMs = Number.NaN, windowMs] = times;
    if (times.some(Number.isNaN)) return undefined;
    return { pressure, thresholdMs, ...(windowMs !== undefined && { windowMs }) };
  },
};

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
      PRESSURE,
      'tell of memory pressure as well; cgroup v2: some:TIME/TIME or full:TIME/TIME, how long processes stalled in each ' +
        'window, which is 2s if you leave it out; cgroup v1: low, medium or critical',
      { sets: 'pressure' },
    ),
    threshold: valued(SIZE, 'tell when the use crosses that; cgroup v1', { sets: 'threshold' }),
  },
  exitCodes: [['0', 'the cgroup is gone'], FAILED_TEXT, ['128 + N', 'signal N ended it']],
  examples: [
    ['memcage events 0123456789ab', 'of a container'],
    [
      'memcage events --json --pressure some:150ms/2s 4711',
      'of the cgroup of process 4711, with pressure, for programs',
    ],
  ],
  async run({ json, pressure, threshold }, [target]) {
    const triggers = [
      ...(pressure === undefined ? [] : [pressure]),
      ...(threshold === undefined ? [] : [{ threshold }]),
    ];
    using cgroup = findTarget(target);
    using witness = witnessKills(cgroup.path);
    const print = (name: string, line: object, text: string): void => {
      process.stdout.write(json === true ? toJsonLine({ name, ...line }) : `${name.padEnd(9)}  ${text}\n`);
    };
    const gone = new Promise<void>((resolve) => {
      const heard = listen(cgroup, (name, event) => {
        const kills = name === 'oomKill' ? (witness?.news(event.count) ?? null) : undefined;
        print(name, { ...event, ...(kills !== undefined && { victims: victimsOf(kills) }) }, textOf(event, kills));
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
      if (code === 'ERR_MEMCAGE_NOT_IN_VERSION' || code === 'ERR_MEMCAGE_UNSUPPORTED') return false;
      throw error;
    }
  });
}

/** For programs: null if nobody is known. */
export function victimsOf(kills: readonly WitnessedKill[] | null): object[] | null {
  return kills === null || kills.length === 0 ? null : kills.map(victimOf);
}

function victimOf({ facts: { cause, limitBytes, path, victims }, anonBytes }: WitnessedKill): object {
  return { ...victims?.[0], anonBytes, cause, limitBytes, limitPath: path };
}

/** Who was killed, for whose limit, and how large it was. */
function killText({ facts, anonBytes }: WitnessedKill): string {
  return `${explainKills(facts)}${anonBytes === null ? '' : `, with ${formatSize(anonBytes)} of its own`}`;
}

/** For people: about so many kills, of which these are known. */
export function killTexts(kills: readonly WitnessedKill[] | null, count: number): string[] {
  if (kills === null) return [UNWITNESSED];
  const unnamed = count - kills.length;
  return [...kills.map(killText), ...(unnamed > 0 ? [`the kernel's log does not name ${unnamed} of them`] : [])];
}

function textOf(event: CgroupEvent, kills: readonly WitnessedKill[] | null | undefined): string {
  const { count, totalCount, timeMs } = event;
  const details = [
    new Date(timeMs).toISOString(),
    `${count} time${count === 1 ? '' : 's'} (${totalCount} in all)`,
    ...('underOom' in event && event.underOom === true ? ['processes wait for memory'] : []),
    ...(kills === undefined ? [] : killTexts(kills, count)),
    ...('usageBytes' in event ? [thresholdText(event as ThresholdEvent)] : []),
  ];
  return details.join('  ');
}

function thresholdText({ above, usageBytes }: ThresholdEvent): string {
  const use = usageBytes === null ? '' : ` at ${formatSize(usageBytes)}`;
  return `${above ? 'above' : 'below'}${use}`;
}

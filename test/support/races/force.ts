import { join } from 'node:path';
import type { Fault } from '../proving/faults';
import { type Finding, judge } from '../proving/judge';
import { type Attempt, type Operated, type OperateOptions, operate } from '../proving/operate';
import { makePlace, type Place } from '../proving/place';

const FIXTURES = join(__dirname, '../../fixtures/races');
/** Somebody else may start a Node or two meanwhile, on a busy machine. */
const TIMEOUT_MS = 60_000;
const CLI = join(__dirname, '../../../dist/cli.js');

/** One order of a race. */
export interface Race {
  /** Of test/fixtures/races or test/fixtures/proving. */
  operation: string;
  /** Of the overseer. Each has to be carried out, and no hold may end by waiting. */
  rules: readonly string[];
  /** What comes of it, at least. Default: the same as without a race. */
  first?: object;
  /** An operation that does the same where nobody else acts. Default: this one. */
  alone?: string;
  /** It starts programs outside of any cage, on purpose. */
  uncaged?: boolean;
  /** How many cage roots are made again. */
  again?: number;
  /** A cgroup below the child's goes with its count of kills. */
  losesCount?: boolean;
}

/** Forces races in a place of its own. */
export class Races {
  #place: Place | undefined;
  readonly #sound = new Map<string, Promise<Operated>>();

  get place(): Place {
    this.#place ??= makePlace();
    return this.#place;
  }

  remove(): void {
    this.#place?.remove();
  }

  /** Forces a race, and fails unless it came about and what came of it is right. */
  async force(race: Race): Promise<Operated> {
    const { operation, rules, first, alone = operation, uncaged = false, again = 0, losesCount = false } = race;
    const sound = await this.#soundOf(alone);
    const run = await this.operate(operation, { rules });
    expectHappened(run, rules);
    expect(judgeRace(run, sound).filter(({ wrong }) => !(uncaged && wrong === 'uncaged'))).toEqual([]);
    expect(run.said?.second?.error?.message).toEqual(sound.said?.second?.error?.message);
    expect(rootsMade(run) - rootsMade(sound)).toBe(again);
    const told = losesCount ? withoutUnknown(run.said?.first) : run.said?.first;
    if (first === undefined) expect(told).toEqual(sound.said?.first);
    else expect(told).toMatchObject(first);
    return run;
  }

  /** Forces a race in which the parent is killed: nothing of it may be left. */
  async forceKilled({ operation, rules }: Pick<Race, 'operation' | 'rules'>): Promise<Operated> {
    const run = await this.operate(operation, { rules, open: true });
    expectHappened(run, rules);
    expect([run.status, run.hung, run.left, run.remains]).toEqual([128 + 9, [], [], []]);
    return run;
  }

  operate(operation: string, options: OperateOptions = {}): Promise<Operated> {
    const env = {
      CGROUPS: this.place.cgroups.join(' '),
      STRANGER: join(FIXTURES, 'stranger.sh'),
      NODE: process.execPath,
      CLI,
      BECOME: this.place.become.join(' '),
      ...options.env,
    };
    return operate(operation, this.place, {
      program: join(FIXTURES, 'operate.js'),
      timeoutMs: TIMEOUT_MS,
      ...options,
      env,
    });
  }

  #soundOf(operation: string): Promise<Operated> {
    let sound = this.#sound.get(operation);
    if (sound === undefined) {
      sound = this.operate(operation);
      this.#sound.set(operation, sound);
    }
    return sound;
  }
}

function rootsMade({ points }: Operated): number {
  return points.filter(({ call, subject }) => call === 'mkdirat' && subject.startsWith('memcage-')).length;
}

/** A race that did not come about proves nothing. */
function expectHappened({ hits, released, ran, late, stderr }: Operated, rules: readonly string[]): void {
  const count = (kind: string): number => rules.filter((rule) => rule.startsWith(`${kind} `)).length;
  const why = ran.some((status) => status !== 0) && { stderr };
  const happened = { hits: hits.length, released, ran, late, ...why };
  const ordered = { hits: rules.length, released: count('hold'), ran: Array(count('run')).fill(0), late: 0 };
  expect(happened).toEqual(ordered);
}

/**
 * Without the verdict that nobody knows: where a count of kills is lost, the OOM killer may have killed elsewhere on the machine meanwhile,
 * for a test beside this one.
 */
function withoutUnknown(told: Attempt | undefined): Attempt | undefined {
  const result = told?.result as { oom?: string } | undefined;
  if (result?.oom !== 'unknown') return told;
  const { oom: _, ...rest } = result;
  return { result: rest };
}

/** No call fails, so that nothing of it is asked. */
const NO_FAULT: Fault = {
  operation: '',
  point: { role: 'parent', call: '', nth: 0, subject: '' },
  errno: 'EIO',
};

/** It is open from the first kill of somebody on, which may be anywhere on the machine (lib/cage/oom/kernel-log.ts). */
const KERNEL_LOG = '/dev/kmsg';

/** What the operation returns the second time may depend on who is first then. */
function judgeRace(run: Operated, sound: Operated): Finding[] {
  const { said } = run;
  const second = sound.said?.second;
  const same = said === undefined ? said : { ...said, ...(second !== undefined && { second }) };
  const usual = sound.said && { ...sound.said, fds: [...sound.said.fds, KERNEL_LOG] };
  return judge({ ...run, hits: [], said: same }, { ...sound, said: usual }, NO_FAULT);
}

import type { Outcome, SharedCage } from 'memcage';
import { answersOf } from '../../support/cgroups/read-only-cgroups';
import { patience } from '../../support/patience';
import { isAlive } from '../../support/processes/processes';
import { describeIf } from '../../support/require';
import { until } from '../../support/until';

jest.setTimeout(patience(60_000));

const MIB = 2 ** 20;

interface Caught<T = Outcome> {
  value?: T;
  error?: { code: string; message: string };
  outcome?: Outcome;
}

const FUNCTIONS = ['spawn', 'fork', 'exec', 'execFile', 'execFile promise', 'run', 'spawnSync', 'cage.run'];
const SILENT = ['execFileSync', 'execSync', 'createCage'];

/** v2: memcage looked at every candidate and found no parent. v1: there is only one candidate. */
const NO_CAGES = /^ERR_MEMCAGE_(NO_PERMISSION|NO_PARENT)$/;
const POLLED = { kind: 'polled', reason: expect.stringMatching(/^ERR_MEMCAGE_NO_\w+: [\s\S]*read-only/) };
/** From version 24 on, Node names its main thread; version 26 gives it another name. */
const namesOf = (oom: Outcome['oom']): string[] =>
  (oom?.victims ?? []).map(({ name }) => name.replace(/^(node-)?MainThread$/, 'node'));

const unsupported = (message: RegExp): Caught => ({
  error: { code: 'ERR_MEMCAGE_UNSUPPORTED', message: expect.stringMatching(message) },
});

describeIf(['linux', 'root', 'cgroup'], 'where cgroups are read-only', () => {
  test('without the option every function throws, and starts nothing', async () => {
    const { answers, ...rest } = await answersOf<{ answers: Record<string, Caught> }>('ask.js', 'refused');
    expect(Object.keys(answers).sort()).toEqual([...FUNCTIONS, ...SILENT].sort());
    for (const answer of Object.values(answers)) {
      expect(answer).toEqual({ error: { code: expect.stringMatching(NO_CAGES), message: expect.any(String) } });
    }
    expect(rest).toEqual({ left: [], open: 0 });
  });

  test('with it every function runs, polled, whichever of both is accepted', async () => {
    type Answers = Record<string, Record<string, Caught>>;
    const { answers, open } = await answersOf<{ answers: Answers; open: number }>('ask.js', 'kinds');
    for (const accepted of ['polled', 'none']) {
      const { value: text } = answers[accepted]?.['execSync'] ?? {};
      expect(text).toBe('');
      for (const name of FUNCTIONS) {
        const memory = expect.objectContaining({ limitBytes: 50 * MIB, swapLimited: false });
        expect({ name, ...answers[accepted]?.[name] }).toEqual({
          name,
          value: expect.objectContaining({ exitCode: 0, oom: null, enforcedBy: POLLED, memory }),
        });
      }
      for (const name of SILENT) expect(answers[accepted]?.[name]).not.toHaveProperty('error');
    }
    expect(open).toBe(0);
  });

  test('an option beats the environment, which is no business of the launcher', async () => {
    type Answers = Record<'none' | 'kernel' | 'polled' | 'launcher', Caught>;
    const ask = (value: string) => answersOf<Answers>('ask.js', 'environment', { env: { MEMCAGE_ENFORCE: value } });
    const [polled, kernel, empty, wrong] = [await ask('polled'), await ask('kernel'), await ask(''), await ask('some')];
    const refused = { error: { code: expect.stringMatching(NO_CAGES), message: expect.any(String) } };
    const held = { value: expect.objectContaining({ enforcedBy: POLLED }) };
    expect(polled).toEqual({ none: held, kernel: refused, polled: held, launcher: refused });
    for (const answers of [kernel, empty]) {
      expect(answers).toEqual({ none: refused, kernel: refused, polled: held, launcher: refused });
    }
    const message =
      "Expected 'kernel', 'polled' or 'none' for the environment variable MEMCAGE_ENFORCE but received 'some'";
    expect(wrong).toEqual({
      none: { error: { code: 'ERR_MEMCAGE_INVALID_ARGUMENT', message: expect.stringContaining(message) } },
      kernel: refused,
      polled: held,
      launcher: refused,
    });
  });

  test('above its limit all of it is killed, and the outcome says so', async () => {
    interface Answer {
      outcome: Outcome;
      events: unknown[];
      kills: number;
      rejected: Caught;
      left: string[];
    }
    const { outcome, events, kills, rejected, left } = await answersOf<Answer>('ask.js', 'kill');
    const { memory, oom } = outcome;
    expect(outcome).toMatchObject({ exitCode: null, signal: 'SIGKILL', enforcedBy: POLLED });
    expect(oom).toMatchObject({ cause: 'polled', limitBytes: 50 * MIB, path: null });
    expect(namesOf(oom).sort()).toEqual(['node', 'sh', 'sleep']);
    expect(oom?.kills).toBe(3);
    expect(memory.peakBytes).toBeGreaterThan(50 * MIB);
    expect(kills).toBe(3);
    const timeMs = expect.any(Number);
    expect(events).toEqual([{ ...oom, totalKills: 3, underOom: false, timeMs }]);
    expect(rejected).toMatchObject({
      error: {
        code: 'ERR_MEMCAGE_MEMORY_LIMIT',
        message: expect.stringMatching(
          /^\S+node \(pid \d+\) was killed for a memory limit of 50 MiB that memcage polls/,
        ),
      },
      outcome: { oom: { cause: 'polled', kills: 1 } },
    });
    expect(left).toEqual([]);
  });

  test('namespaces are there all the same, or nothing is', async () => {
    type Answer = { stdout: string; enforcedBy: unknown; refused: Caught; left: string[] };
    const { refused, ...rest } = await answersOf<Answer>('ask.js', 'namespaces');
    expect(rest).toEqual({ stdout: '1 polled\n', enforcedBy: POLLED, left: [] });
    expect(refused.error?.code).toMatch(/^ERR_MEMCAGE_NO_(SUBORDINATE_IDS|NEWUIDMAP)$/);
  });

  test('what only the kernel can do is refused, or not held', async () => {
    type Kept = { kind: string; reason: string; memory: unknown };
    const answers = await answersOf<Record<string, Record<'polled' | 'none', Caught<Kept>>>>('ask.js', 'options');
    const unheld = (name: string) => ({
      polled: unsupported(
        new RegExp(`^Nothing can hold this cage: a polled cage can't have ${name}, since [\\s\\S]*read-only`),
      ),
      none: {
        value: {
          kind: 'none',
          reason: expect.stringMatching(
            new RegExp(`^ERR_MEMCAGE_NO_\\w+: [\\s\\S]*\\. Nor can it be polled: .*${name}`),
          ),
          memory: expect.objectContaining({ limitBytes: 'max' }),
        },
      },
    });
    const both = (answer: unknown) => ({ polled: answer, none: answer });
    const error = (code: RegExp, message: RegExp) => ({
      error: { code: expect.stringMatching(code), message: expect.stringMatching(message) },
    });
    const held = (memory: object) => ({ value: { ...POLLED, memory: expect.objectContaining(memory) } });
    const nothing = { highBytes: null, limitHits: null, highHits: null, swapPeakBytes: null, pressure: null };
    expect(answers).toEqual({
      high: unheld('memory.high'),
      swap: unheld('memory.swap'),
      detached: unheld('detached'),
      group: both(held({ limitBytes: 50 * MIB })),
      details: both(held({ details: nothing })),
      parent: both(error(NO_CAGES, /read-only/)),
      wrong: both(error(/UNKNOWN_OPTION$/, /did you mean 'memory.high'/)),
      word: both(error(/INVALID_ARGUMENT$/, /^Expected 'kernel', 'polled' or 'none' for enforce but received 'maybe'/)),
      nothing: both(error(/INVALID_ARGUMENT$/, /^enforce needs a limit beside it: memory/)),
    });
  });

  test('a cage for many, and what is in it', async () => {
    interface Answer {
      events: unknown[];
      refused: Record<string, Caught>;
      killed: Outcome[];
      leaving: Outcome & { stdout: string };
      nesting: unknown[];
      kinds: string[];
      signals: unknown[];
      length: number;
      after: Caught;
      left: string[];
    }
    const answer = await answersOf<Answer>('ask.js', 'cage');
    expect(answer.events).toEqual([
      expect.objectContaining({ cause: 'polled', limitBytes: 60 * MIB, kills: 2, totalKills: 2 }),
      'close',
    ]);
    expect(answer.refused).toEqual({
      cgroup: null,
      event: unsupported(/'stall'/),
      option: { error: { code: 'ERR_MEMCAGE_UNKNOWN_OPTION', message: expect.any(String) } },
      launcher: unsupported(/^The launcher puts a program into a cgroup/),
      kernel: unsupported(/^enforce: 'kernel' can't be had in the cage around/),
      supported: unsupported(/^enforce: 'kernel' can't be had in the cage around/),
    });
    // Each has its own victims only.
    expect(answer.killed.map(({ oom }) => namesOf(oom))).toEqual([['node'], ['sleep']]);
    expect(answer.leaving).toMatchObject({ exitCode: 0, oom: null, stdout: 'left\n' });
    expect(answer.nesting).toEqual([true, true, 'polled', 'polled']);
    expect(answer.kinds).toEqual(['polled']);
    expect(answer.signals).toEqual(['SIGKILL', false, 'SIGKILL', true, true]);
    expect(answer.length).toBe(3);
    expect(answer.after.error?.code).toBe('ERR_MEMCAGE_CLOSED');
    expect(answer.left).toEqual([]);
  });

  test('a cage in a cage: both limits count', async () => {
    expect(await answersOf('ask.js', 'nested')).toEqual({
      told: [
        `its inner one,${50 * MIB},1`,
        `its inner one,${60 * MIB},1`,
        `narrow,${60 * MIB},2`,
        `wide,${50 * MIB},1`,
      ],
      kills: [1, 2],
      limits: [50 * MIB, 60 * MIB, 60 * MIB],
    });
  });

  test("contain() catches what others start, Node's blocking functions too", async () => {
    expect(await answersOf('ask.js', 'contain')).toEqual({
      asynchronous: 2,
      synchronous: 2,
      execa: 2,
      signal: 'SIGKILL',
      blocked: 'SIGKILL',
      oomKills: 2,
      outside: 0,
      left: [],
    });
  });

  test('what a budget of a polled cage refuses does not wait for room, and takes none', async () => {
    expect(await answersOf('ask.js', 'budget')).toEqual({
      full: 'ERR_MEMCAGE_BUSY',
      refused: {
        code: 'ERR_MEMCAGE_UNSUPPORTED',
        message: expect.stringContaining("enforce: 'kernel' can't be had in the cage around") as string,
      },
      queued: 0,
      codes: [0],
      again: null,
      left: [],
    });
  });

  test('a blocking function is held while it blocks', async () => {
    const { outcome, ...rest } = await answersOf<{ outcome: Outcome }>('ask.js', 'sync');
    expect(outcome).toMatchObject({ signal: 'SIGKILL', oom: { cause: 'polled', kills: 1 }, enforcedBy: POLLED });
    expect(outcome.oom?.victims).toHaveLength(1);
    expect(rest).toEqual({ leaving: 'left\n', left: [] });
  });

  test('keepDescendants, and what nothing holds', async () => {
    expect(await answersOf('ask.js', 'kept')).toEqual({ exitCode: 0, isOpen: true, closed: true });
    const { report, ...rest } = await answersOf<{ report: Outcome['memory'] }>('ask.js', 'measured');
    expect(rest).toEqual({ oom: null, kind: 'none', exitCode: 0 });
    expect(report).toMatchObject({ limitBytes: 'max', swapLimited: false });
    expect(report.peakBytes).toBeGreaterThan(64 * MIB);
  });

  test('where nothing can look at processes either', async () => {
    type Answer = Record<'polled' | 'ran', Caught> & { enforcedBy: unknown; exitCode: number };
    const { polled, ran, ...rest } = await answersOf<Answer>('ask.js', 'unsampled');
    const cure =
      /^Nothing can hold this cage: .*worker thread.* The kernel can't: ERR_MEMCAGE_NO_\w+: [\s\S]*Cure: add --allow-worker/;
    expect(polled).toEqual(unsupported(cure));
    const memory = { limitBytes: 'max', peakBytes: null, swapLimited: false, details: null };
    expect(ran).toMatchObject({ exitCode: 0, memory });
    const none = { kind: 'none', reason: expect.stringMatching(/Nor can it be polled: .*worker thread/) };
    expect(rest).toEqual({ enforcedBy: none, exitCode: 0, signal: 'SIGKILL', left: [] });
  });

  test('metrics count it among the cages', async () => {
    const lines = (open: number) => [
      `memcage_cages ${open}`,
      `memcage_cages_closed_total ${1 - open}`,
      'memcage_cages_oom_kills_total 1',
    ];
    const { open, closed } = await answersOf<Record<'open' | 'closed', string[]>>('ask.js', 'metrics');
    expect([open.sort(), closed.sort()]).toEqual([lines(1), lines(0)]);
  });

  test('it shows what it is', async () => {
    const { open, closed } = await answersOf<Record<'open' | 'closed', string>>('ask.js', 'inspected');
    expect(open).toMatch(/^Cage <polled> \{\s+limitBytes: 62914560 \(60 MiB\)/);
    expect(closed).toBe('Cage <polled> { oomKills: 0, closed: true }');
  });

  test('a detached child of a shared cage dies with the process that is killed', async () => {
    const pid = await answersOf<number>('ask.js', 'killedOwner');
    expect(pid).toBeGreaterThan(1);
    await until('it has ended', () => !isAlive(pid));
  });

  test('open cages end with the process', async () => {
    const pids = await answersOf<number[]>('ask.js', 'leave');
    expect(pids).toHaveLength(4);
    await until('all have ended', () => !pids.some(isAlive));
  });
});

describeIf(['linux', 'cgroup'], 'on an ordinary machine', () => {
  test('it is the kernel, whatever is accepted, and its errors stay', async () => {
    const kernel = { kind: 'kernel', reason: null } satisfies SharedCage['enforcedBy'];
    const { kinds, ...errors } = await answersOf<{ kinds: unknown[] }>('ask.js', 'ordinary', { readOnly: false });
    expect(kinds).toEqual([1, 2, 3, 4].map(() => [kernel, kernel]));
    const error = (code: RegExp) => ({ error: { code: expect.stringMatching(code), message: expect.any(String) } });
    expect(errors).toEqual({
      parent: error(/NO_PARENT$/),
      swap: error(/NOT_IN_VERSION$/),
      closed: error(/CLOSED$/),
      uncaged: null,
    });
  });
});

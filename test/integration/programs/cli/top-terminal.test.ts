import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { makeCgroup, members, mountPoint, openCages } from '../../../support/cgroups/cgroup-tree';
import { startCli } from '../../../support/cli/cli';
import { TerminalSession } from '../../../support/cli/terminal';
import { patience } from '../../../support/patience';
import { describeIf } from '../../../support/require';
import { until } from '../../../support/until';

jest.setTimeout(patience(60_000));

const LIBRARY = join(__dirname, '../../../../dist/index.js');
const THROW = join(__dirname, '../../../fixtures/terminal/throw.js');
const RIGHT = '\x1b[C';
const DOWN = '\x1b[B';

describeIf(['cgroup', 'terminal'], 'memcage top in a terminal', () => {
  let big: ReturnType<typeof makeCgroup>;
  let small: ReturnType<typeof makeCgroup>;
  let child: ChildProcess;
  let session: TerminalSession | undefined;

  beforeAll(async () => {
    small = makeCgroup('32M');
    big = makeCgroup('64M');
    child = spawn('sleep', ['1000'], { stdio: 'ignore' });
    await once(child, 'spawn');
    writeFileSync(`${big.path}/cgroup.procs`, String(child.pid));
  });
  afterAll(async () => {
    child.kill('SIGKILL');
    await once(child, 'exit');
    await until('it is empty', () => members(big.path).length === 0);
    big.remove();
    small.remove();
  });
  afterEach(async () => {
    await session?.close();
    session = undefined;
  });

  const start = (args: string[] = [], options: ConstructorParameters<typeof TerminalSession>[1] = {}) => {
    session = TerminalSession.memcage(['top', big.path, small.path, '--sort', 'limit', '-i', '0.2', ...args], options);
    return session;
  };
  /** Waits until the last line is this text. */
  const says = (top: TerminalSession, text: string) => top.shows(text, (lines) => lines.at(-1) === text);
  const nameOf = (path: string): string => path.slice(mountPoint('memory').length);
  /** Which of the two cgroups each line is about, from the top down. */
  const order = (lines: readonly string[]): string[] =>
    lines.flatMap((line) => {
      const [, size] = / \/ (64|32) MiB +\d/.exec(line) ?? [];
      return size === undefined ? [] : [size === '64' ? 'big' : 'small'];
    });

  test('a narrow terminal has the columns that matter most', async () => {
    const top = start([], { columns: 200, lines: 10 });
    for (const [columns, titles] of [
      [
        200,
        [
          'NAME',
          'USAGE',
          '/ LIMIT',
          '%',
          'CPU %',
          'HISTORY',
          'PEAK',
          'WORKING',
          'ANON',
          'FILE',
          'SWAP',
          'PIDS',
          'OOM',
          'COMMAND',
        ],
      ],
      [80, ['NAME', 'USAGE', '/ LIMIT', '%', 'CPU %', 'PIDS', 'OOM', 'COMMAND']],
      [59, ['NAME', 'USAGE', '/ LIMIT', '%', 'COMMAND']],
      [36, ['NAME', 'USAGE', '%']],
    ] as const) {
      if (columns < 200) top.resize(columns, 10);
      const lines = await top.shows(`${columns} columns`, (all) => {
        return JSON.stringify(all[1]?.match(/\/ LIMIT|CPU %|\S+/g)) === JSON.stringify(titles);
      });
      expect(lines[0]).toMatch(/^memcage top \d\d:\d\d:\d\d/);
      for (const [line, limit] of [[lines[2], '64'] as const, [lines[3], '32'] as const]) {
        expect(line).toMatch(/ [\d.]+ [KM]?i?B /);
        if (columns > 50) expect(line).toContain(`/ ${limit} MiB`);
      }
      expect(lines.slice(4, 9)).toEqual(['', '', '', '', '']);
      expect(lines[9]).toMatch(/^\? help {2}q quit/);
      expect(top.isAlternate).toBe(true);
    }
  });

  test('the sort column by keys, and reversed', async () => {
    const top = start([], { columns: 100 });
    expect(order(await top.shows('by limit'))).toEqual(['big', 'small']);
    top.press('r');
    expect(order(await top.shows('by limit, reversed'))).toEqual(['small', 'big']);
    top.press('r');
    await top.shows(/by limit$/);
    top.press('>');
    await top.shows('by percent');
    top.press('<');
    await top.shows('by limit');
    top.press('<');
    await top.shows('by usage');
    top.press('<');
    await top.shows('by name');
    // From the first column to the last.
    top.press('<');
    await top.shows('by oom');
    top.press('>');
    await top.shows('by name');
  });

  test('the filter, typed and taken away', async () => {
    const top = start([], { columns: 120 });
    await top.shows('by limit');
    top.press('/');
    await top.shows(/^\/_$/);
    top.press(`x\x7f${basename(small.path)}q`);
    // The input is text, so q does not quit.
    await top.shows(`/${basename(small.path)}q_`);
    top.press('\x7f\r');
    const lines = await top.shows(`filter: ${basename(small.path)}`);
    expect(order(lines.slice(0, -1))).toEqual(['small']);
    expect(lines[0]).toContain('(1 of 2 rows)');
    top.press('\x1b');
    expect(order(await top.shows('', (shown) => order(shown).length === 2))).toHaveLength(2);
  });

  test('--filter and --reverse are where it starts', async () => {
    const top = start(['--filter', basename(big.path).toUpperCase(), '--reverse'], { columns: 120 });
    expect(order((await top.shows('by limit, reversed')).slice(0, -1))).toEqual(['big']);
  });

  test('pause: nothing is written any more', async () => {
    const top = start();
    await top.shows('by limit');
    top.press('p');
    await top.shows('PAUSED');
    const { length } = top.raw;
    await sleep(patience(700));
    expect(top.raw.length).toBe(length);
    top.press(' ');
    await top.shows('', (lines) => !lines.join().includes('PAUSED'));
    await until('the time goes on', () => top.raw.length > length + 100);
  });

  test('the chosen row: a limit is set, and a kill refused, for it is no cage', async () => {
    const top = start([], { columns: 160 });
    await top.shows('by limit');
    top.press('l');
    await says(top, `Limit of ${nameOf(big.path)}, 64 MiB now: _`);
    top.press('48M\r');
    await says(top, `${nameOf(big.path)}: the limit is 48 MiB`);
    await top.shows('', (lines) => lines.some((line) => line.includes('/ 48 MiB')));
    top.press('l');
    top.press('x\r');
    await top.shows(/'.*x' is no size: 512K, 100M/);
    top.press('l');
    top.press('64M\r');
    await says(top, `${nameOf(big.path)}: the limit is 64 MiB`);
    top.press('k');
    await says(top, 'k: this is neither a cage nor a container. ? shows the keys');
    top.press(`${DOWN}l`);
    await says(top, `Limit of ${nameOf(small.path)}, 32 MiB now: _`);
    top.press('\x1b');
    await says(top, 'The limit is what it was: no size was entered');
  });

  test('a key that does nothing says so', async () => {
    const top = start();
    await top.shows('by limit');
    top.press('x');
    await says(top, 'x does nothing here. ? shows the keys');
    top.press(`${DOWN}${RIGHT}`);
    await says(top, 'Right: there is nothing in this row to open; > sorts. ? shows the keys');
    top.press(DOWN);
    await top.shows(/^\? help/);
  });

  test('cages as a tree at 80 columns: children, a cage within, a budget that Enter opens', async () => {
    const script = `const { createBudget, createCage } = require(${JSON.stringify(LIBRARY)});
      const cage = createCage({ memory: '120M' });
      cage.spawn('sleep', ['1001']);
      cage.contain(() => createCage({ memory: '70M' })).spawn('sleep', ['1002']);
      const budget = createBudget({ memory: '40M' });
      for (const each of [1003, 1004, 1005]) void budget.run('sleep', [String(each)], { memory: '16M' });`;
    const program = spawn(process.execPath, ['-e', script], { stdio: 'ignore' });
    const exit = once(program, 'exit');
    try {
      const inUse = () => openCages(program.pid ?? 0).filter((path) => members(path).length > 0);
      await until(
        'all have started',
        () => inUse().some((path) => /budget-\d+\/\d+$/.test(path)) && inUse().length > 6,
      );
      session = TerminalSession.memcage(['top', '-i', '0.2', '--sort', 'limit', '--filter', `memcage-${program.pid}-`]);
      const top = session;
      const [, titles, ...rows] = await top.shows('2 jobs of ');
      const { pid } = program;
      expect(titles).toMatch(/^NAME +USAGE +\/ LIMIT +% +CPU % +PIDS +OOM +COMMAND *$/);
      const [cage, child, inner, single, closed] = rows.map((line) => line.trimEnd().replaceAll(/ {2,}/g, ' '));
      expect(cage).toMatch(new RegExp(`^▾ ${pid}/1 [^/]+ / 120 MiB .* 2 0 1 child and`));
      // Equal limits are in the order of the names; the child follows the limit of its cage.
      expect(child).toMatch(/^├─ \d+ [^/]+ \/ 120 MiB .* 1 0 sleep 1001$/);
      expect(inner).toMatch(new RegExp(`^└▾ ${pid}/1/2 [^/]+ / 70 MiB .* 1 0 1 child$`));
      expect(single).toMatch(/^ └─ \d+ .* sleep 1002$/);
      expect(closed).toMatch(new RegExp(`^▸ ${pid}/budget-2 .* 2 0 2 jobs of n`));
      expect(rows.every((line) => line.length <= 80)).toBe(true);
      top.press('\x1b[F\r');
      const open = (await top.shows('└─ .* sleep 1004')).slice(6);
      expect(open.slice(0, 3).map((line) => line.trimEnd().replaceAll(/ {2,}/g, ' '))).toEqual([
        expect.stringMatching(`^▾ ${pid}/budget-2 `),
        expect.stringMatching(/^├─ \d+ [^/]+ \/ 16 MiB .* sleep 100[34]$/),
        expect.stringMatching(/^└─ \d+ [^/]+ \/ 16 MiB .* sleep 100[34]$/),
      ]);
      top.press('\r');
      await top.shows('', (lines) => !lines.join().includes('sleep 1004'));
    } finally {
      program.kill();
      await exit;
    }
  });

  test('a filter that nothing matches says so', async () => {
    const top = start(['--filter', 'no such name']);
    await top.shows(/Nothing has "no such name" in its name, path or command/);
  });

  test('the totals, and a cage that is killed by k and y', async () => {
    const cli = startCli(['run', '-m', '40M', 'sh', '-c', 'sleep 1000; true']);
    const isCage = (path: string) => path.startsWith(mountPoint('memory')) && members(path).length === 2;
    const cage = await until('its cage', () => openCages(cli.pid).find(isCage));
    session = TerminalSession.memcage(['top', cage, '-i', '0.2'], { columns: 160 });
    const top = session;
    const lines = await top.shows('2 processes');
    expect(lines[0]).toMatch(/ {2}1 cage, 2 processes, [\d.]+ [KM]iB, [\d.]+ % CPU {2}by usage$/);
    expect(lines[2]).toMatch(new RegExp(`^${cli.pid}/\\d+ .* sh -c sleep`));
    top.press('k');
    await top.shows(/^Kill all 2 processes of \d+\/\d+\? y\/N/);
    top.press('y');
    await top.shows(/: killed 2 processes$/);
    expect(await cli.end).toMatchObject({ code: 137, left: [] });
  });

  test('help, and back', async () => {
    const top = start();
    await top.shows('by limit');
    top.press('?');
    const lines = await top.shows('Any key goes back');
    expect(lines.join('\n')).toMatch(/q, Ctrl-C +quit/);
    expect(order(lines)).toEqual([]);
    top.press('x');
    expect(order(await top.shows('by limit'))).toHaveLength(2);
  });

  test('scrolling, where not all fit', async () => {
    const top = start([], { lines: 4 });
    await top.shows('1-1 of 2');
    top.press(DOWN);
    expect(order(await top.shows('2-2 of 2'))).toEqual(['small']);
    top.press(DOWN);
    top.press('\x1b[H');
    expect(order(await top.shows('1-1 of 2'))).toEqual(['big']);
  });

  test('a terminal that is resized', async () => {
    const top = start([], { columns: 100, lines: 12 });
    await top.shows('by limit');
    for (const [columns, lines] of [
      [60, 8],
      [150, 30],
      [20, 3],
      [8, 1],
      [90, 20],
    ] as const) {
      top.resize(columns, lines);
      const shown = await top.shows(`${columns} x ${lines}`, (all) => {
        if (lines < 4) return all[0]?.length === columns && all[0].startsWith('memcage');
        return (all.at(-1) ?? '').startsWith('? help') && (all[1] ?? '').includes('COMMAND');
      });
      expect(shown).toHaveLength(lines);
    }
    expect(order(await top.shows('by limit'))).toHaveLength(2);
  });

  test('a frame is one write from the top, that erases only what it does not fill', async () => {
    const top = start(['-i', '0.1']);
    await top.shows('by limit');
    await until('some frames', () => top.raw.split('\x1b[?2026h').length > 3);
    expect(top.raw).not.toContain('\x1b[2J');
    const frames = top.raw.split('\x1b[?2026h').slice(1, -1);
    for (const frame of frames) {
      expect(frame.startsWith('\x1b[H')).toBe(true);
      expect(frame.endsWith('\x1b[?2026l')).toBe(true);
      expect(frame.split('\r\n')).toHaveLength(24);
    }
  });

  test('colours, unless NO_COLOR', async () => {
    const top = start();
    await top.shows('by limit');
    expect(await top.colorOf('USAGE')).toBe(undefined);
    expect(await top.colorOf('LIMIT')).toBeDefined();
    await top.close();
    const plain = start([], { env: { NO_COLOR: '1' } });
    await plain.shows('by limit');
    // biome-ignore lint/suspicious/noControlCharactersInRegex: an escape sequence begins with one
    expect(plain.raw).not.toMatch(/\x1b\[[\d;]*m/);
  });

  describe('the terminal is as it was', () => {
    const expectLeft = async (top: TerminalSession): Promise<void> => {
      const isLast = (one: string, other: string) => top.raw.lastIndexOf(one) > top.raw.lastIndexOf(other);
      // How it ended may be told before the last that it wrote has come.
      await until('its screen is gone', async () => (await top.screen()) && !top.isAlternate);
      await until('the cursor is shown', () => isLast('\x1b[?25h', '\x1b[?25l'));
      await until('lines are wrapped', () => isLast('\x1b[?7h', '\x1b[?7l'));
    };

    test.each([
      ['q', 'q', 0],
      ['Ctrl-C', '\x03', 130],
    ])('after %s', async (_, key, code) => {
      const top = start();
      await top.shows('by limit');
      top.press(key);
      expect(await top.end()).toEqual({ code, restored: true });
      await expectLeft(top);
    });

    test.each([
      ['SIGTERM', 143],
      ['SIGHUP', 129],
    ] as const)('after %s', async (signal, code) => {
      const top = start();
      await top.shows('by limit');
      await top.signal(signal);
      expect(await top.end()).toEqual({ code, restored: true });
      await expectLeft(top);
    });

    test('after an exception, whose text is not on the screen that is gone', async () => {
      const top = start([], { env: { NODE_OPTIONS: `--require ${THROW}` }, lines: 40 });
      await top.shows('by limit');
      await top.signal('SIGUSR2');
      expect(await top.end()).toEqual({ code: 1, restored: true });
      await expectLeft(top);
      await until('its text', async () => (await top.screen()).join('\n').includes('Error: on purpose'));
    });

    test('while it is stopped, and drawn again when it goes on', async () => {
      const top = start();
      await top.shows('by limit');
      top.press('\x1a');
      expect(await top.stopped()).toMatchObject({ restored: true });
      await expectLeft(top);
      await top.signal('SIGCONT');
      await top.shows('by limit');
      expect(top.isAlternate).toBe(true);
      await top.signal('SIGTSTP');
      expect(await top.stopped(2)).toMatchObject({ restored: true });
      await top.signal('SIGCONT');
      await top.shows('by limit');
      // A process can't prepare for SIGSTOP.
      const frames = () => top.raw.split('\x1b[?1049h').length;
      const before = frames();
      await top.signal('SIGSTOP');
      await top.stopped(3);
      await top.signal('SIGCONT');
      await until('it is drawn again', () => frames() > before);
      top.press('q');
      expect(await top.end()).toEqual({ code: 0, restored: true });
    });
  });
});

import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { createCage, type Outcome, run, spawn, spawnSync } from 'memcage';
import { loadNative } from '../../../lib/common/addon/load-native';
import { fixture, said } from '../../support/cage-kinds';
import { cgroupOf, OWN_CGROUP_IN_SHELL } from '../../support/cgroups/cgroup-tree';
import { drawn } from '../../support/drawn';
import { expectNoKill } from '../../support/logged';
import { expectNothingLeft } from '../../support/nothing-left';
import { patience } from '../../support/patience';
import { describeIf } from '../../support/require';
import { until } from '../../support/until';

jest.setTimeout(patience(60_000));

const MAIN = join(__dirname, '../../../dist/cli.js');

/** More than can be removed at once, and deeper than the longest path (PATH_MAX). */
const COUNT = { deep: 650, wide: 3000 };

const ENDLESS = 1e9;

type Shape = keyof typeof COUNT;

const command = (shape: Shape, count = COUNT[shape]): string[] => [
  '-c',
  `${OWN_CGROUP_IN_SHELL}; exec perl "$0" "$own" "$1" "$2"`,
  fixture('many-nested.pl'),
  shape,
  String(count),
];

/** One of those that it makes early. */
const EARLY = { deep: Array(100).fill('nested').join('/'), wide: 'nested-300' };

/** Like command(), but then it says 'made', and the child lives until its stdin ends. */
const waitingAfter = (shape: Shape): string[] => {
  const [dashC = '', script = '', ...words] = command(shape);
  return [dashC, script.replace('exec ', '').concat('; echo made; read -r _'), ...words];
};

function expectSuccess(outcome: Pick<Outcome, 'oom' | 'exitCode'>): void {
  expect(outcome.exitCode).toBe(0);
  expectNoKill(outcome);
}

describeIf('cgroup', 'a child that makes many cgroups below its own', () => {
  expectNothingLeft(() => run('true', { memory: '8M' }));

  const shapes = ['deep', 'wide'] as const;
  for (const shape of shapes) {
    describe(shape, () => {
      test('they are removed part by part, between which the event loop turns', async () => {
        const child = spawn('sh', command(shape), { memory: '500M' });
        let turns = 0;
        let counting = false;
        child.once('exit', () => {
          counting = true;
        });
        const count = (): void => {
          if (counting) turns += 1;
          immediate = setImmediate(count);
        };
        let immediate = setImmediate(count);
        const { path } = child.cage.cgroup;
        const outcome = await child.outcome;
        clearImmediate(immediate);
        expectSuccess(outcome);
        expect(outcome.error).toBeNull();
        expect(existsSync(path)).toBe(false);
        if (shape === 'wide') expect(turns).toBeGreaterThan(1);
      });

      test('a cage that is closed meanwhile', async () => {
        const cage = createCage({ memory: '500M' });
        const child = cage.spawn('sh', command(shape, ENDLESS));
        await until('some are made', () => existsSync(join(cgroupOf(child.pid ?? 0), EARLY[shape])));
        await cage.close();
        expectNoKill(await child.outcome);
        expect(existsSync(cage.cgroup.path)).toBe(false);
      });
    });
  }

  // What removes them is the same for both shapes.
  test.each(drawn(shapes, 1))('in a cage of many, and waiting for the end: %s', async (shape) => {
    await using cage = createCage({ memory: '500M' });
    expectSuccess(await cage.spawn('sh', command(shape)).outcome);
    expectSuccess(spawnSync('sh', command(shape), { cage }).outcome);
  });

  test('the event loop turns between any two parts of their removal, when close() kills the child as well', async () => {
    const cage = createCage({ memory: '500M' });
    const child = cage.spawn('sh', waitingAfter('wide'));
    await said(child as never, 'made');
    const removeBelow = jest.spyOn(loadNative(), 'removeBelow');
    const at: number[] = [];
    let turn = 0;
    const count = (): void => {
      turn += 1;
      for (let part = at.length; part < removeBelow.mock.calls.length; part += 1) at.push(turn);
      immediate = setImmediate(count);
    };
    let immediate = setImmediate(count);
    await cage.close();
    clearImmediate(immediate);
    removeBelow.mockRestore();
    expectNoKill(await child.outcome);
    expect(at.length).toBeGreaterThan(2);
    expect(at).toEqual([...new Set(at)]);
  });

  test('keeps nobody from looking at all cgroups, whose paths may be longer than one that can be opened', async () => {
    const child = spawn('sh', waitingAfter('deep'), { memory: '500M' });
    await said(child as never, 'made');
    const memcage = (...words: string[]): string => execFileSync(process.execPath, [MAIN, ...words]).toString();
    expect(memcage('ls', '--quiet')).toContain(child.cage.cgroup.path);
    expect(memcage('gc', '--dry-run')).not.toContain(child.cage.cgroup.path);
    child.stdin?.end();
    expectNoKill(await child.outcome);
  });
});

import { text } from 'node:stream/consumers';
import { createCage, type Outcome, run, spawn } from 'memcage';
import { allocate, fixture, said } from '../../../support/cage-kinds';
import { cagesOf, members } from '../../../support/cgroups/cgroup-tree';
import { drawn } from '../../../support/drawn';
import { expectNoKill } from '../../../support/logged';
import { expectNothingLeft } from '../../../support/nothing-left';
import { patience } from '../../../support/patience';
import { describeIf } from '../../../support/require';
import { testRows } from '../../../support/rows';

jest.setTimeout(patience(60_000));

const INIT = { namespaces: { pid: { init: true } } };

interface Work {
  memory: string;
  /** For a shell. */
  command: string;
}

const making = (work: Work): string[] => [fixture('making.js'), JSON.stringify(work)];

/** What the program in the cage says last, and how it ends. */
async function make(work: Work, options: object): Promise<[says: unknown, outcome: Outcome | Outcome<null>]> {
  const child = spawn(process.execPath, making(work), { stdio: 'pipe', ...options });
  const lines = (await text(child.stdout)).trim().split('\n');
  return [JSON.parse(lines.at(-1) ?? ''), await child.outcome];
}

describeIf(['cgroup', 'root'], 'a program in a cage makes cages there', () => {
  expectNothingLeft(() => run('true', { memory: '8M' }));

  const places = {
    'without namespaces': {},
    'as pid 1': { namespaces: { pid: true } },
    'as pid 1, with its own /proc': { namespaces: { pid: true, mount: true } },
    'under an init': INIT,
    'under an init, with its own /proc': { namespaces: { pid: { init: true }, mount: true } },
    'in a root': { root: {} },
  };
  const rows = Object.keys(places) as (keyof typeof places)[];

  testRows('in one of its own', drawn(rows, 3, 'own'), async (place) => {
    const [says, outcome] = await make({ memory: '8M', command: 'true' }, { memory: '200M', ...places[place] });
    expect(says).toEqual({ exitCode: 0, signal: null, cause: null });
    expect(outcome.exitCode).toBe(0);
    expectNoKill(outcome);
  });

  testRows('in a shared one', drawn(rows, 3, 'shared'), async (place) => {
    await using cage = createCage({ memory: '200M' });
    const [says, outcome] = await make({ memory: '8M', command: 'true' }, { cage, ...places[place] });
    expect(says).toEqual({ exitCode: 0, signal: null, cause: null });
    expect(outcome.exitCode).toBe(0);
    expectNoKill(outcome);
  });

  describeIf('v2', 'under an init, which is moved together with the program', () => {
    test('a kill is told by whose limit it was', async () => {
      const options = { memory: '200M', ...INIT };
      const [says, outcome] = await make({ memory: '8M', command: allocate(300) }, options);
      expect(says).toMatchObject({ cause: 'limit' });
      expect(outcome).toMatchObject({ exitCode: 0 });
      // The victim may be the program.
      const [, ofOuter] = await make({ memory: '500M', command: allocate(300) }, options);
      expect(ofOuter.oom).toMatchObject({ cause: 'limit' });
    });

    test('a signal ends the program, and with it what is in its cages', async () => {
      const work = { memory: '8M', command: 'sleep 60' };
      const child = spawn(process.execPath, making(work), { memory: '200M', stdio: 'pipe', ...INIT });
      const { path } = child.cage.cgroup;
      await said(child, 'started');
      // The init, the program, its guardian and its child.
      expect(members(path).length).toBeGreaterThanOrEqual(4);
      child.kill('SIGTERM');
      expect(await child.outcome).toMatchObject({ signal: 'SIGTERM', oom: null });
      expect(cagesOf(process.pid)).not.toContain(path);
    });

    test('another program beside it is left where it is', async () => {
      const words = ['-c', '"$@"; :', 'sh', process.execPath, ...making({ memory: '8M', command: 'true' })];
      const child = spawn('sh', words, { memory: '200M', stdio: 'pipe', ...INIT });
      const says = JSON.parse(await text(child.stdout)) as object;
      expect(says).toEqual({
        code: 'ERR_MEMCAGE_NO_PARENT',
        refusal: expect.stringContaining('it has processes other than this one and its descendants') as string,
        cure: 'start this program alone in a cgroup, by "exec" in a script for example',
      });
      await child.outcome;
    });
  });
});

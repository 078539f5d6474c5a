import { createCage, type OomEvent, run, type SharedCage, type Size, spawn } from 'memcage';
import { allocate, type Kind, kinds, type Place, place, said } from '../../../support/cage-kinds';
import { OWN_CGROUP_IN_SHELL, readKey } from '../../../support/cgroups/cgroup-tree';
import { countLocally, nest } from '../../../support/cgroups/local-events';
import { logged } from '../../../support/logged';
import { expectNothingLeft } from '../../../support/nothing-left';
import { patience } from '../../../support/patience';
import { describeIf, has } from '../../../support/require';
import { testRows } from '../../../support/rows';

jest.setTimeout(patience(30_000));

const GREEDY = `exec ${allocate(30)}`;

describeIf(['v2', 'remount'], 'the verdict where memory.events counts its own cgroup alone', () => {
  countLocally();
  expectNothingLeft(() => run('true', { memory: '8M' }));

  (has('kernel-log') ? describe : describe.skip).each(kinds)('in a %s cage', (kind: Kind) => {
    const places: Place[] = [];
    afterEach(async () => {
      for (const { close } of places.splice(0)) await close();
    });
    const enter = (memory: Size): Place => {
      const entered = place(kind, { memory });
      places.push(entered);
      return entered;
    };

    test('its own limit with the victim in a cgroup below', async () => {
      expect(await nest(enter('8M'), '-', 'keep')).toMatchObject({ exitCode: 0, oom: { cause: 'limit', kills: 1 } });
    });

    test('a limit that the child has set below its own', async () => {
      expect(await nest(enter('64M'), '8M', 'keep')).toMatchObject({
        ...{ exitCode: 0, oom: { cause: 'descendant', kills: 1, limitBytes: 8 << 20 } },
      });
    });

    test('the victim in a cgroup below that its owner has removed', async () => {
      const { oom } = await nest(enter('8M'), '-', 'remove');
      expect(oom).toMatchObject({ cause: 'limit', kills: 1 });
    });

    test('a cgroup below in which nothing was killed, while somebody else was', async () => {
      const script = `${OWN_CGROUP_IN_SHELL}; mkdir "$own/below"; echo made; read -r _; exit 0`;
      const attempt = async () => {
        const child = enter('64M').spawn('sh', ['-c', script]);
        await said(child, 'made');
        const other = await spawn('sh', ['-c', GREEDY], { memory: '8M' }).outcome;
        expect(other.oom).toMatchObject({ cause: 'limit', kills: 1 });
        child.stdin.end();
        return await child.outcome;
      };
      expect(await logged(attempt, ({ oom }) => oom === null)).toMatchObject({ exitCode: 0, oom: null });
    });
  });

  testRows(
    'a kill counts in the cage around, too:',
    [
      ['of a cage for one', (outer) => outer.spawn('sh', ['-c', GREEDY], { memory: '8M' })],
      ['of one for many', (outer) => outer.contain(() => createCage({ memory: '8M' })).spawn('sh', ['-c', GREEDY])],
    ] as [string, (outer: SharedCage) => ReturnType<SharedCage['spawn']>][],
    async ([, start]) => {
      const outer = createCage({ memory: '64M' });
      const events: OomEvent[] = [];
      outer.on('oom', (event) => events.push(event));
      try {
        expect((await start(outer).outcome).oom).toMatchObject({ cause: 'limit', kills: 1 });
        expect(readKey(outer.cgroup.path, 'memory.events', 'oom_kill')).toBe(0);
        expect(events).toMatchObject([{ cause: 'descendant', kills: 1, totalKills: 1 }]);
      } finally {
        await outer.close();
      }
    },
    { name: ([name]) => name },
  );
});

import { spawn } from 'node:child_process';
import { fixture } from '../../../support/cage-kinds';
import { cagesOf, makeCgroup, members } from '../../../support/cgroups/cgroup-tree';
import { patience } from '../../../support/patience';
import { firstLine, makeGuardPlace, WITHOUT_GUARDIAN } from '../../../support/processes/owner-fixture';
import { endNow } from '../../../support/processes/processes';
import { describeIf } from '../../../support/require';
import { until } from '../../../support/until';

jest.setTimeout(patience(30_000));

const CAGES = 20;

describeIf(['cgroup', 'root'], 'prepare', () => {
  let parent: ReturnType<typeof makeCgroup>;
  let place: ReturnType<typeof makeGuardPlace>;
  let owner: ReturnType<typeof start>;
  beforeEach(() => {
    parent = makeCgroup();
    place = makeGuardPlace();
  });
  afterEach(async () => {
    [...new Set(cagesOf(owner.child.pid ?? 0).flatMap(members))].forEach(endNow);
    await until('nothing is left', () => cagesOf(owner.child.pid ?? 0).every((path) => members(path).length === 0));
    await place.remove();
    parent.remove();
  });

  function start(name: string, args: readonly string[], env: NodeJS.ProcessEnv = {}) {
    const [file = '', ...rest] = [...place.as, process.execPath, fixture(name), ...args];
    const child = spawn(file, rest, { stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, ...env } });
    const end = new Promise((resolve) => child.once('exit', (code, signal) => resolve(code ?? signal)));
    return { child, end };
  }

  test('removes what a dead owner has left cage by cage, between which the event loop has its turn', async () => {
    owner = start('leaving.js', [parent.path, String(CAGES)], WITHOUT_GUARDIAN.env);
    await firstLine(owner.child);
    owner.child.kill('SIGKILL');
    await owner.end;
    const left = cagesOf(owner.child.pid ?? 0);
    expect(left.length).toBeGreaterThan(CAGES);
    const preparing = start('preparing.js', [parent.path, ...left]);
    expect(JSON.parse(await firstLine(preparing.child))).toEqual({ gone: left.length, most: 1 });
    expect(await preparing.end).toBe(0);
  });
});

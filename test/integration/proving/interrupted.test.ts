import { once } from 'node:events';
import { existsSync, readdirSync } from 'node:fs';
import { basename, dirname } from 'node:path';
import { startFixture } from '../../support/fixture';
import { describeIf } from '../../support/require';

describeIf(['root', 'cgroup'], 'a test run that is interrupted', () => {
  test.each(['SIGINT', 'SIGTERM'] as const)('by %s removes the cgroups of its tests', async (signal) => {
    const fixture = startFixture('proving/interrupted.js');
    if (fixture.process.stdout === null) throw new Error('no stdout');
    const [line] = (await once(fixture.process.stdout, 'data')) as [Buffer];
    const path = line.toString().trim();
    expect(existsSync(`${path}/below`)).toBe(true);
    fixture.process.kill(signal);
    expect(await fixture.end).toMatchObject({ signal });
    const prefix = basename(path).replace(/[^-]+$/, '');
    expect(readdirSync(dirname(path)).filter((name) => name.startsWith(prefix))).toEqual([]);
  });
});

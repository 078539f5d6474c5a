import { rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Finding } from 'memcage/machine';
import { fixtureResult } from '../../../support/fixture';
import { addBuilt, addFile, BUILT, copyPackage } from '../../../support/package-copy';
import { patience } from '../../../support/patience';
import { describeIf } from '../../../support/require';

jest.setTimeout(patience(30_000));

describeIf(['cgroup', 'root'], 'memcage-exec', () => {
  const name = `${BUILT}/memcage-exec`;
  let directory: string;
  beforeEach(() => {
    directory = copyPackage();
    addBuilt(directory, 'memcage.node');
  });
  afterEach(() => rmSync(directory, { recursive: true }));

  test.each([
    ['is missing', 'ENOENT', () => undefined, 'install memcage anew, or build it here: npm --prefix '],
    // As archives and copies that keep no modes leave it.
    ['may not be executed', 'EACCES', () => addFile(directory, name, '', 0o644), 'chmod a+rx '],
  ])('that %s is an error of memcage, never the ENOENT of the program', async (_, errno, make, cure) => {
    make();
    const path = join(directory, name);
    const { errors, left, guardian } = await fixtureResult<{
      errors: Record<string, { code: string; message: string; path?: string }>;
      left: string[];
      guardian: Finding;
    }>('process/launcher/no-executable.js', directory);
    const message = expect.stringContaining(`${path}, a program that memcage needs`) as string;
    const refusal = { code: 'ERR_MEMCAGE_UNSUPPORTED', message, path };
    expect(errors).toEqual({ spawnSync: refusal, init: refusal, createLauncher: refusal });
    for (const each of Object.values(errors)) expect(each.message).toContain(`(${errno}). Cure: ${cure}`);
    expect(left).toEqual([]);
    expect(guardian).toMatchObject({
      state: 'missing',
      detail: message,
      cure: expect.stringContaining(cure) as string,
    });
    expect(guardian.detail).toContain(errno);
  });
});

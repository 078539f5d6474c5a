import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { constants, tmpdir } from 'node:os';
import { join } from 'node:path';
import { run } from 'memcage';
import { expectNothingLeft } from '../../../support/nothing-left';
import { describeIf } from '../../../support/require';

const { EACCES, ENOENT } = constants.errno;

const NOTHING_WRITTEN = { stdout: '', stderr: '' };
const UNSTARTED = { exitCode: null, signal: null, oom: null, ...NOTHING_WRITTEN };

describeIf('cgroup', 'run rejects with the outcome', () => {
  expectNothingLeft(() => run('true', { memory: '8M' }));

  test.each([
    ['in a cage', { memory: '20M' }],
    ['without one', {}],
  ] as const)('when it was aborted before the start, %s', async (_, options) => {
    const aborted = run('sleep', ['1000'], { ...options, signal: AbortSignal.abort('why') });
    await expect(aborted).rejects.toMatchObject({
      name: 'AbortError',
      code: 'ABORT_ERR',
      cause: 'why',
      outcome: { exitCode: null, signal: 'SIGTERM', ...NOTHING_WRITTEN },
    });
  });

  describe('when it can not be started, on Node’s own error', () => {
    let directory: string;
    let notExecutable: string;
    beforeAll(() => {
      directory = mkdtempSync(join(tmpdir(), 'memcage-test-'));
      notExecutable = join(directory, 'file');
      writeFileSync(notExecutable, '', { mode: 0o644 });
    });
    afterAll(() => rmSync(directory, { recursive: true }));

    test.each([
      [
        'no such program',
        () => '/no/such',
        {},
        { errno: -ENOENT, code: 'ENOENT', stage: 'exec', why: 'there is no such file' },
      ],
      [
        'not executable',
        () => notExecutable,
        {},
        { errno: -EACCES, code: 'EACCES', stage: 'exec', why: 'it is not executable. Cure: chmod +x ' },
      ],
      [
        'no such directory',
        () => 'true',
        { cwd: '/no' },
        { errno: -ENOENT, code: 'ENOENT', stage: 'cwd', path: '/no', why: 'there is no directory /no (cwd)' },
      ],
    ])('%s', async (_, fileOf, options, { errno, code, why, ...where }) => {
      const file = fileOf();
      await expect(run(file, ['a'], { ...options, memory: '20M' })).rejects.toMatchObject({
        message: expect.stringContaining(`spawn ${file} ${code}: ${why}`) as string,
        errno,
        code,
        syscall: `spawn ${file}`,
        path: file,
        spawnargs: ['a'],
        outcome: {
          ...UNSTARTED,
          memory: { limitBytes: 20 * 1024 * 1024 },
          error: { errno, code, path: file, ...where },
        },
      });
    });
  });
});

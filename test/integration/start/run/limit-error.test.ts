import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { LimitError, run, type SpawnOptions } from 'memcage';
import { describeIf } from '../../../support/require';

describeIf('linux', 'run() of a child that a limit of one process has ended', () => {
  const directory = mkdtempSync(join(tmpdir(), 'memcage-limit-error-'));
  afterAll(() => rmSync(directory, { recursive: true }));

  async function errorOf(script: string, options: SpawnOptions): Promise<unknown> {
    return await run('sh', ['-c', script], options).catch((error: unknown) => error);
  }

  test('says that it was the size of a file', async () => {
    const file = join(directory, 'large');
    const error = await errorOf(`exec dd if=/dev/zero of=${file} bs=4096 count=4`, {
      rlimits: { fsize: 8192, core: 0 },
    });
    expect(error).toBeInstanceOf(LimitError);
    expect(error).toMatchObject({ limit: 'rlimits.fsize', outcome: { signal: 'SIGXFSZ' } });
    expect((error as Error).message).toMatch(
      /^sh was ended by SIGXFSZ, at its limit RLIMIT_FSIZE, .* raise rlimits.fsize$/,
    );
    expect(statSync(file).size).toBe(8192);
  });

  test('says that it was its processor time', async () => {
    const error = await errorOf('while :; do :; done', { rlimits: { cpu: { soft: 1, hard: 3 }, core: 0 } });
    expect(error).toMatchObject({ name: 'LimitError', limit: 'rlimits.cpu', outcome: { signal: 'SIGXCPU' } });
  });

  test('is an ExitError for any other signal', async () => {
    expect(await errorOf('kill -SEGV $$', { rlimits: { core: 0 } })).toMatchObject({ name: 'ExitError' });
  });
});

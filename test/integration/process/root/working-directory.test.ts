import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createLauncher, type RootOptions, run, spawn, spawnSync } from 'memcage';
import { withCode } from '../../../support/error-code';
import { describeIf } from '../../../support/require';

describeIf(['root', 'root-read-only'], 'a working directory', () => {
  const before = process.cwd();
  let directory: string;
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'memcage-root-directory-'));
  });
  afterEach(() => {
    process.chdir(before);
    rmSync(directory, { recursive: true });
  });

  test('that has been removed is an error that names it, and what helps', async () => {
    const gone = join(directory, 'gone');
    mkdirSync(gone);
    process.chdir(gone);
    rmSync(gone, { recursive: true });
    const root = { readOnly: true };
    const refusal = (option: string) =>
      expect.objectContaining({
        code: 'ERR_MEMCAGE_INVALID_ARGUMENT',
        message: expect.stringMatching(
          new RegExp(`an absolute path.* the working directory of this process has been removed.* for ${option} `),
        ) as string,
      }) as Error;
    await expect(run('/bin/true', [], { root })).rejects.toEqual(refusal('cwd'));
    await expect(run('/bin/true', [], { root, cwd: 'sub' })).rejects.toEqual(refusal('cwd'));
    expect(() => spawn('/bin/true', [], { root })).toThrow(refusal('cwd'));
    expect(() => spawnSync('/bin/true', [], { root })).toThrow(refusal('cwd'));
    expect(() => createLauncher({ root })).toThrow(refusal('cwd'));
    expect(() => createLauncher({ root: { path: 'x' } })).toThrow(refusal('root.path'));
    expect(spawnSync('/bin/pwd', [], { root, cwd: '/usr', encoding: 'utf8' }).stdout).toBe('/usr\n');
  });

  test('or a source above a link is the one that the kernel finds', async () => {
    mkdirSync(join(directory, 'one/sub'), { recursive: true });
    mkdirSync(join(directory, 'other/sub'), { recursive: true });
    writeFileSync(join(directory, 'one/name'), 'one');
    writeFileSync(join(directory, 'other/name'), 'other');
    symlinkSync('../other/sub', join(directory, 'one/link'));
    process.chdir(join(directory, 'one'));
    const text = async (file: string, root: RootOptions, cwd?: string) =>
      (await run('cat', [file], { root, ...(cwd !== undefined && { cwd }) })).stdout;
    expect(await text('name', {}, 'link/..')).toBe('other');
    expect(await text('/mnt/name', { tmpfs: ['/mnt'], binds: [{ source: 'link/../name', target: '/mnt/name' }] })).toBe(
      'other',
    );
    await expect(run('true', { root: { path: 'link/..' } })).rejects.toThrow(
      withCode('MOUNT', `mkdir -p ${directory}/one/link/../proc`),
    );
  });
});

import { execFile, execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { BUILT, copyPackage } from '../../support/package-copy';
import { patience } from '../../support/patience';
import { describeIf } from '../../support/require';
import { runtimePath } from '../../support/runtimes';

jest.setTimeout(patience(60_000));

const ROOT = resolve(__dirname, '../../..');
const PAGE = readFileSync(join(ROOT, 'docs/guides/bundling.md'), 'utf8');

const PROGRAM = `import { run } from 'memcage';
const { stdout } = await run('sh', ['-c', 'echo $$'], { memory: '50M', namespaces: { pid: true } });
const error = await run('tail', ['/dev/zero'], { memory: '20M' }).catch((each) => each);
console.log(JSON.stringify([stdout, error.name, error.outcome.oom.cause]));
`;

let place: string;
let copy: string;
beforeAll(() => {
  place = mkdtempSync(join(tmpdir(), 'memcage-compiled-'));
  copy = copyPackage();
});
afterAll(() => {
  for (const each of [place, copy]) rmSync(each, { recursive: true });
});

describeIf(['cgroup', 'bun'], 'an executable of Bun', () => {
  test('has memcage, and prebuilds/ beside it', async () => {
    const project = join(place, 'project');
    const deployed = join(place, 'deployed');
    mkdirSync(join(project, 'node_modules'), { recursive: true });
    symlinkSync(copy, join(project, 'node_modules/memcage'));
    writeFileSync(join(project, 'main.mjs'), PROGRAM);
    const [command = ''] = /^bun build .*$/m.exec(PAGE) ?? [];
    const path = [dirname(runtimePath('bun') ?? ''), process.env['PATH']].join(delimiter);
    execFileSync('sh', ['-ec', command], { cwd: project, env: { ...process.env, PATH: path }, stdio: 'ignore' });

    // Nothing of where it was compiled may help it.
    renameSync(join(project, 'dist'), deployed);
    rmSync(project, { recursive: true });
    const start = () => promisify(execFile)(join(deployed, 'main'));
    const reason = 'has no binary in';
    await expect(start()).rejects.toMatchObject({ stderr: expect.stringContaining(reason) as unknown });
    for (const name of ['memcage.node', 'memcage-exec']) {
      cpSync(join(ROOT, BUILT, name), join(deployed, `prebuilds/linux-${process.arch}`, name));
    }
    const { stdout } = await start();
    expect(JSON.parse(stdout)).toEqual(['1\n', 'MemoryLimitError', 'limit']);
  });
});

import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { makeCgroup, version } from '../../support/cgroups/cgroup-tree';
import { starts } from '../../support/children/starts';
import { patience } from '../../support/patience';
import { describeIf } from '../../support/require';

jest.setTimeout(patience(150_000));

const RUN = join(__dirname, '../../attacks/run.mjs');
/** Memory that nobody counts: docs/reference/memory.md. */
const NOT_HELD = ['file-locks', 'tcp-buffers'];

interface Results {
  results: Record<string, Record<string, 'works' | 'fails' | 'did not start'>>;
}

async function attack(...words: string[]): Promise<Results['results']> {
  const { path, remove } = makeCgroup();
  try {
    const stdout = await new Promise<string>((resolve, reject) => {
      const all = [RUN, '--json', '--parent', path, ...words];
      execFile(process.execPath, all, (error, out, stderr) => (error ? reject(new Error(stderr)) : resolve(out)));
    });
    return (JSON.parse(stdout) as Results).results;
  } finally {
    remove();
  }
}

const needed = ['cgroup', 'root', 'gcc', 'pids', 'seccomp', 'userns', 'unprivileged-userns', 'root-read-only'] as const;
describeIf(needed, `attacks from untrusted: true, on cgroup v${version}`, () => {
  test.each(['root', 'nobody'].slice(0, starts(2)))('come to nothing, where the caller is %s', async (user) => {
    const { memcage = {} } = await attack('--user', user, '--jobs', '4', 'memcage');
    const names = Object.keys(memcage);
    expect(names.length).toBeGreaterThan(70);
    const others = names.filter((name) => memcage[name] !== 'fails');
    expect(others.filter((name) => !NOT_HELD.includes(name))).toEqual([]);
  });

  test('are seen to work without it', async () => {
    const some = ['anonymous', 'leave-cgroup', 'orphan', 'kill', 'home', 'tcp', 'mount', 'success'];
    const { none } = await attack('--jobs', '4', '--only', some.join(), 'none');
    expect(none).toEqual(Object.fromEntries(some.map((name) => [name, 'works'])));
  });
});

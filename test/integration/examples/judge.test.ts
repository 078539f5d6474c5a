import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expectChecked } from '../../support/docs/example-programs';
import { drawn } from '../../support/drawn';
import { patience } from '../../support/patience';
import { changedPaths } from '../../support/proving/touched';
import { describeIf } from '../../support/require';

const FOLDER = 'examples/judge/submissions';
const submissions = join(__dirname, '../../..', FOLDER);
/** How many the gate draws, beside those that have changed. */
const DRAWN = 20;

jest.setTimeout(patience(120_000));

describeIf(['cgroup', 'root', 'gcc', 'python3', 'pids', 'cpu', 'seccomp'], 'with the compilers of the judge', () => {
  test('judge', async () => {
    const groups = readdirSync(submissions).map((title) => ({ title, files: readdirSync(join(submissions, title)) }));
    const all = groups.flatMap(({ title, files }) => files.map((file) => join(FOLDER, title, file)));
    expect(all.length).toBe(62);
    const chosen = [...drawn(all, DRAWN), ...changedPaths()];
    const judged = groups
      .map(({ title, files }) => ({ title, files: files.filter((file) => chosen.includes(join(FOLDER, title, file))) }))
      .filter(({ files }) => files.length > 0);
    const lines = judged.flatMap(({ title, files }) => [
      '',
      title,
      ...files.map((file) => new RegExp(`^✓ ${file} \\w`)),
    ]);
    const left = ['cages', 'processes', 'System V memory', 'mounts', 'directories'].map((what) => `✓ ${what} 0`);
    const files = judged.flatMap((each) => each.files);
    await expectChecked('judge', [...lines, '', 'What is left', ...left], files);
  });
});

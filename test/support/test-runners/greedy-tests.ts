import type { UserProject } from '../docs/user-project';
import { readReport } from './report';

const UNTIL = `
  const { existsSync, readFileSync, writeFileSync } = process.getBuiltinModule('node:fs');
  const until = async (condition) => {
    while (!condition()) await new Promise((resolve) => setTimeout(resolve, 20));
  };`;

/** Test files, for Jest or Vitest. The last two run at the same time, whatever becomes of the first of them. */
const files = {
  adds: "test('adds', () => expect(1 + 2).toBe(3));",
  fails: "test('fails as ever', () => expect(1 + 2).toBe(4));",
  greedy: `${UNTIL}
    test('takes 800 MiB', async () => {
      writeFileSync('greedy.pid', String(process.pid));
      await until(() => existsSync('outlives.pid'));
      expect(Buffer.alloc(800 * 2 ** 20, 1).length).toBeGreaterThan(0);
    }, 30_000);`,
  outlives: `${UNTIL}
    const runs = (pid) => {
      try {
        return process.kill(pid, 0);
      } catch {
        return false;
      }
    };
    test('goes on after that', async () => {
      writeFileSync('outlives.pid', String(process.pid));
      await until(() => existsSync('greedy.pid') && !runs(Number(readFileSync('greedy.pid', 'utf8'))));
    }, 30_000);`,
};

/** Writes the files, each named after its test, and returns what asks for a report of them on the command line. */
export function writeTests({ write }: UserProject, extension: 'js' | 'cjs'): string[] {
  for (const [name, code] of Object.entries(files)) write(`${name}.test.${extension}`, code);
  return ['--outputFile=report.json', '--maxWorkers=2'];
}

/** The status of each file's test, or what the report says instead of it. */
export function statuses({ directory }: UserProject): Record<string, string | undefined> {
  return Object.fromEntries(
    readReport(directory).map(([file, { tests, message }]) => [file, Object.values(tests)[0]?.status ?? message]),
  );
}

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type ProjectProgram, startIn } from '../docs/project-program';
import { makeUserProject, type UserProject } from '../docs/user-project';
import { type FileReport, readReport } from './report';

/** What a test file begins with. */
const HEAD = `
import { test, expect, describe, afterAll } from 'vitest';
import { appendFileSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { basename } from 'node:path';
const until = async (condition) => {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 10));
};
const take = (mib) => Buffer.alloc(mib * 2 ** 20, 1);
const note = (what) => appendFileSync('notes.txt', what + '\\n');
`;

export interface VitestRun {
  code: number | null;
  stdout: string;
  stderr: string;
  left: string[];
  /** By the name of the file without its ending; empty without a report. */
  files: Record<string, FileReport>;
}

/** A project with tests, which Vitest runs with the pool of memcage. */
export class VitestProject {
  readonly user: UserProject = makeUserProject(['vitest']);

  /** @param options of `caged()`; @param test options of Vitest beside the pool, as JavaScript */
  constructor(options: object, test = '') {
    this.configure(options, test);
  }

  configure(options: object, test = ''): void {
    this.user.write(
      'vitest.config.mjs',
      `import { caged } from 'memcage/vitest';
      const options = ${JSON.stringify(options)};
      export default { test: { pool: caged(options), ${test} } };`,
    );
  }

  /** Writes `NAME.test.js`. */
  file(name: string, code: string): void {
    this.user.write(`${name}.test.js`, HEAD + code);
  }

  /** What `note()` wrote. */
  notes(): string[] {
    try {
      return readFileSync(join(this.user.directory, 'notes.txt'), 'utf8').trim().split('\n');
    } catch {
      return [];
    }
  }

  start(args: readonly string[], command: (vitest: string[]) => string[] = (vitest) => vitest): ProjectProgram {
    const vitest = [process.execPath, 'node_modules/vitest/vitest.mjs', ...args];
    return startIn(this.user, command(vitest), { MEMCAGE_ENFORCE: undefined, NO_COLOR: '1' });
  }

  async run(args: readonly string[] = [], command?: (vitest: string[]) => string[]): Promise<VitestRun> {
    const reports = ['--reporter=default', '--reporter=json', '--reporter=junit', '--outputFile.json=report.json'];
    const end = await this.start(['run', ...reports, '--outputFile.junit=report.xml', ...args], command).end;
    return { ...end, files: Object.fromEntries(readReport(this.user.directory)) };
  }

  text(name: string): string {
    return readFileSync(join(this.user.directory, name), 'utf8');
  }

  remove(): void {
    this.user.remove();
  }
}

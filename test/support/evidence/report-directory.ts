import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expectNothingLeft } from '../nothing-left';

function made(): string {
  return mkdtempSync(join(tmpdir(), 'memcage-test-evidence-'));
}

/** Makes a directory for the reports of each test. Call it in the file's outermost describe. */
export function eachInDirectory(use: (dir: string) => void): void {
  let dir: string;
  beforeEach(() => {
    dir = made();
    use(dir);
  });
  afterEach(() => rmSync(dir, { recursive: true, force: true }));
}

/** {@link expectNothingLeft}. @param run runs something with evidence, which starts the threads that stay for a while */
export function expectNoneLeftOfEvidence(run: (dir: string) => Promise<unknown>): void {
  expectNothingLeft(async () => {
    const dir = made();
    await run(dir);
    rmSync(dir, { recursive: true });
  });
}

/** The report in that directory, which is `path` of the evidence. */
export function reportIn<T>(path: string | null | undefined): T {
  return JSON.parse(readFileSync(join(path ?? '', 'report.json'), 'utf8')) as T;
}

import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import type { Submission } from './submissions.mts';

/** The text of a submission. They are in examples/judge, and compiled, this runs in out/examples/judge. */
export function sourceOf({ file }: Submission): string {
  const root = dirname(createRequire(import.meta.url).resolve('memcage/package.json'));
  return readFileSync(join(root, 'examples/judge/submissions', file), 'utf8');
}

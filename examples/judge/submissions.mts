import { readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

/** What is handed in, and the verdict on it. */
export interface Submission {
  file: string;
  source: string;
  verdict: RegExp;
}

/** They are here, and compiled, this runs in out/examples. */
const FOLDER = join(
  dirname(createRequire(import.meta.url).resolve('memcage/package.json')),
  'examples/judge/submissions',
);

/** By what holds those that are no ordinary programs: limits, or an option. The first line of each is its verdict. */
export const groups = readdirSync(FOLDER).map((title) => ({
  title,
  submissions: readdirSync(join(FOLDER, title)).map((file): Submission => {
    const source = readFileSync(join(FOLDER, title, file), 'utf8');
    const [, verdict = ''] = /^(?:#|\/\/) Verdict: (.*)/.exec(source) ?? [];
    return { file, source, verdict: new RegExp(`^(${verdict})$`) };
  }),
}));

import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runCaged } from './caged.mts';
import { compile } from './compile.mts';
import type { Language } from './languages.mts';
import { compare, explain, type Verdict } from './verdict.mts';

/** How the names of directories for submissions begin. */
export const DIRECTORY = `memcage-judge-${process.pid}-`;

export interface Problem {
  input: string;
  answer: string;
  /** A file that every program may read, as /data. */
  data: string;
}

/** What a submission makes of a problem. */
export async function judge(language: Language, source: string, problem: Problem): Promise<Verdict> {
  const directory = mkdtempSync(join(tmpdir(), DIRECTORY));
  try {
    const submission = place(directory, 'submission', source);
    if (!language.isCompiled) return await test(language, submission, problem);
    const compiled = await compile(submission);
    if (!('program' in compiled)) return compiled;
    return await test(language, place(directory, 'program', compiled.program), problem);
  } finally {
    rmSync(directory, { recursive: true });
  }
}

/** Everybody may read and execute the file, but only this user finds it. */
function place(directory: string, name: string, content: string | Buffer): string {
  const path = join(directory, name);
  writeFileSync(path, content);
  chmodSync(path, 0o755);
  return path;
}

async function test(language: Language, from: string, { input, answer, data }: Problem): Promise<Verdict> {
  const submission = { source: from, target: '/submission' };
  const { limits, sees } = language;
  try {
    const seen = [...sees, submission, { source: data, target: '/data' }];
    return compare(await runCaged(language.command(submission.target), { limits, seen, input }), answer);
  } catch (error) {
    return explain(error);
  }
}

import { existsSync } from 'node:fs';
import { extname } from 'node:path';
import { type Limits, NODE_PROGRAM, PROGRAM } from './limits.mts';
import { atItsPath, type Seen, SYSTEM } from './roots.mts';

export interface Language {
  name: string;
  /** What this machine must have. */
  needs: { path: string; package: string };
  limits: Limits;
  /** What its programs see of this machine. */
  sees: readonly Seen[];
  isCompiled?: boolean;
  /** The command that runs a submission at this path. */
  command(submission: string): string[];
}

const PYTHON = '/usr/bin/python3';

/** By the extension of a submission. */
const languages: Readonly<Record<string, Language>> = {
  c: {
    name: 'C',
    needs: { path: '/usr/bin/gcc', package: 'gcc libc6-dev' },
    limits: PROGRAM,
    // A static program needs nothing but itself.
    sees: [],
    isCompiled: true,
    command: (submission) => [submission],
  },
  py: {
    name: 'Python',
    needs: { path: PYTHON, package: 'python3' },
    limits: PROGRAM,
    sees: SYSTEM,
    command: (submission) => [PYTHON, '-I', submission],
  },
  js: {
    name: 'JavaScript',
    needs: { path: process.execPath, package: 'nodejs' },
    limits: NODE_PROGRAM,
    // Node may be anywhere, and is one file.
    sees: [...SYSTEM, ...(process.execPath.startsWith('/usr/') ? [] : [atItsPath(process.execPath)])],
    command: (submission) => [process.execPath, submission],
  },
};

export const missing = (): Language[] => Object.values(languages).filter(({ needs }) => !existsSync(needs.path));

export function languageOf(file: string): Language {
  const language = languages[extname(file).slice(1)];
  if (language === undefined) throw new Error(`Nobody judges ${file}`);
  return language;
}

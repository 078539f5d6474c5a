import { closeSync, openSync, readSync, type Stats, statSync } from 'node:fs';
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { shellWord } from '../text/names';

/** The most that the kernel reads of a first line: BINPRM_BUF_SIZE. */
const FIRST_LINE_BYTES = 256;

/** Why a program can't be run, as a shell would say it, and what helps. */
export interface WhyNotRun {
  why: string;
  cure?: string;
}

interface StartedIn {
  cwd?: unknown;
  /** The child has files of its own, which nobody here looks at. */
  hasRoot: boolean;
}

/**
 * What the errno of an exec that failed means for this program; undefined: only the kernel knows.
 *
 * @param code the name of the errno
 */
export function whyNotRun(file: string, code: string | undefined, { cwd, hasRoot }: StartedIn): WhyNotRun | undefined {
  if (!file.includes('/')) return inPath(file, code, hasRoot ? undefined : cwd);
  if (hasRoot) return undefined;
  const path = pathIn(cwd, file);
  const found = statOf(path);
  if (code === 'ENOENT') return found === undefined ? { why: 'there is no such file' } : whyNoInterpreter(file, path);
  if (code === 'ENOTDIR') return { why: 'what its path calls a directory is none' };
  if (code === 'EACCES' && found?.isDirectory()) return { why: 'it is a directory' };
  if (code === 'EACCES' && found?.isFile() && (found.mode & 0o111) === 0) {
    return { why: 'it is not executable', cure: `chmod +x ${shellWord(file)}` };
  }
  return code === 'ENOEXEC'
    ? { why: 'it is neither a program of this machine nor a script that begins with #!' }
    : undefined;
}

function pathIn(cwd: unknown, file: string): string {
  return resolve(cwd instanceof URL ? fileURLToPath(cwd) : typeof cwd === 'string' ? cwd : '.', file);
}

function inPath(file: string, code: string | undefined, cwd: unknown): WhyNotRun | undefined {
  if (code === 'EACCES') return { why: 'the one in PATH is not executable' };
  if (code !== 'ENOENT') return undefined;
  const isHere = file !== '' && statOf(pathIn(cwd, file))?.isFile() === true;
  return { why: 'there is no such program in PATH', ...(isHere && { cure: `./${file}` }) };
}

function whyNoInterpreter(file: string, path: string): WhyNotRun {
  const [, interpreter] = /^#![ \t]*([^ \t]+)/.exec(firstLineOf(path)) ?? [];
  if (interpreter?.endsWith('\r')) {
    return { why: 'its lines end in CR LF', cure: `sed -i 's/\\r$//' ${shellWord(file)}` };
  }
  const what =
    interpreter === undefined ? 'the loader of the libraries that it' : `${interpreter}, which its first line`;
  return { why: `it is there, but not ${what} needs` };
}

function firstLineOf(path: string): string {
  try {
    const fd = openSync(path, 'r');
    try {
      const buffer = Buffer.alloc(FIRST_LINE_BYTES);
      return buffer.toString('latin1', 0, readSync(fd, buffer)).split('\n')[0] ?? '';
    } finally {
      closeSync(fd);
    }
  } catch {
    return '';
  }
}

function statOf(path: string): Stats | undefined {
  try {
    return statSync(path);
  } catch {
    return undefined;
  }
}

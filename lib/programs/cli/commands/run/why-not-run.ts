import { closeSync, openSync, readSync, type Stats, statSync } from 'node:fs';
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { shellWord } from '../../../../common/text/names';
import type { CagedRequest } from './caged';

type Reason = Pick<NodeJS.ErrnoException, 'code' | 'syscall'>;

/** The most that the kernel reads of a first line: BINPRM_BUF_SIZE. */
const FIRST_LINE_BYTES = 256;

/**
 * Why a program that was not started can't be, as a shell would say it, and what helps; undefined: only the kernel knows. Looks at
 * the file, which is another one for a child with files of its own.
 */
export function whyNotRun(
  file: string,
  { code, syscall }: Reason,
  { cwd = '.', root }: Pick<CagedRequest['child'], 'cwd' | 'root'>,
): string | undefined {
  if (syscall !== 'execve' && !syscall?.startsWith('spawn')) return undefined;
  if (!file.includes('/')) return inPath(file, code);
  if (root !== undefined) return undefined;
  const path = resolve(typeof cwd === 'string' ? cwd : fileURLToPath(cwd), file);
  const found = statOf(path);
  if (code === 'ENOENT') return found === undefined ? 'there is no such file (ENOENT)' : whyNoInterpreter(file, path);
  if (code === 'ENOTDIR') return 'what its path calls a directory is none (ENOTDIR)';
  if (code === 'EACCES' && found?.isDirectory()) return 'it is a directory (EACCES)';
  if (code === 'EACCES' && found?.isFile() && (found.mode & 0o111) === 0) {
    return `it is not executable (EACCES). Cure: chmod +x ${shellWord(file)}`;
  }
  return code === 'ENOEXEC'
    ? 'it is neither a program of this machine nor a script that begins with #! (ENOEXEC)'
    : undefined;
}

function inPath(file: string, code: string | undefined): string | undefined {
  if (code === 'EACCES') return 'the one in PATH is not executable (EACCES)';
  if (code !== 'ENOENT') return undefined;
  const missing = 'there is no such program in PATH (ENOENT)';
  if (/^\d[\d.]*[kmgtp](?:i?b)?$/i.test(file)) return `${missing}. If it is the limit: -m ${file}`;
  // What only a shell understands would be done outside of the cage.
  if (/\s/.test(file) && /[|<>&;*?$`]/.test(file)) return `${missing}. Cure: sh -c ${shellWord(file)}`;
  if (/\s/.test(file)) return `${missing}. Cure: write its arguments as words of their own: ${file}`;
  return statOf(resolve(file))?.isFile() ? `${missing}. Cure: ./${file}` : missing;
}

function whyNoInterpreter(file: string, path: string): string {
  const [, interpreter] = /^#![ \t]*([^ \t]+)/.exec(firstLineOf(path)) ?? [];
  if (interpreter?.endsWith('\r')) return `its lines end in CR LF (ENOENT). Cure: sed -i 's/\\r$//' ${shellWord(file)}`;
  const what =
    interpreter === undefined ? 'the loader of the libraries that it' : `${interpreter}, which its first line`;
  return `it is there, but not ${what} needs (ENOENT)`;
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

import { spawnSync } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { patience } from '../patience';

const MAIN = join(__dirname, '../../../dist/cli.js');

/** For a shell that a test waits for synchronously: Jest's limit would not end that. */
export const LIMITED = { timeout: patience(30_000), killSignal: 'SIGKILL' } as const;

/** A directory with the command and each shell's completion, as `memcage completion` prints it. */
export interface Completion {
  directory: string;
  /** An environment in which `memcage` is found. */
  env: NodeJS.ProcessEnv;
  /** What bash offers for the last of these words. */
  inBash(...words: string[]): string[];
  remove(): void;
}

export function makeCompletion(): Completion {
  const directory = mkdtempSync(join(tmpdir(), 'memcage-completion-'));
  writeFileSync(join(directory, 'memcage'), `#!/bin/sh\nexec '${process.execPath}' '${MAIN}' "$@"\n`);
  chmodSync(join(directory, 'memcage'), 0o755);
  const env = { ...process.env, PATH: `${directory}${delimiter}${process.env['PATH']}` };
  for (const shell of ['bash', 'zsh', 'fish']) {
    const { status, stdout, stderr } = spawnSync(process.execPath, [MAIN, 'completion', shell], {
      encoding: 'utf8',
      ...LIMITED,
    });
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    writeFileSync(join(directory, shell), stdout);
  }
  return {
    directory,
    env,
    inBash(...words) {
      const script = `source '${directory}/bash'; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _memcage; printf '%s\\n' "\${COMPREPLY[@]}"`;
      const { error, stdout, stderr } = spawnSync('bash', ['-c', script, 'bash', ...words], {
        cwd: directory,
        encoding: 'utf8',
        env,
        ...LIMITED,
      });
      expect({ error, stderr }).toEqual({ stderr: '' });
      return stdout.trimEnd().split('\n');
    },
    remove: () => rmSync(directory, { recursive: true }),
  };
}

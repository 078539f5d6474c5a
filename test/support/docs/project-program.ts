import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { cagesLeft } from '../nothing-left';
import { patience } from '../patience';
import { isRunning } from '../processes/is-running';
import type { UserProject } from './user-project';

interface ProgramEnd {
  code: number | null;
  stdout: string;
  stderr: string;
  /** Cages that it has left behind. */
  left: string[];
}

export interface ProjectProgram {
  end: Promise<ProgramEnd>;
  /** Ends it with everything that it has started. */
  stop: () => Promise<ProgramEnd>;
}

const TIMEOUT_MS = 60_000;

/** Starts a program in a user's project. It is killed if it takes too long. */
export function startIn(
  { directory, env }: UserProject,
  [file = '', ...args]: readonly string[],
  more: NodeJS.ProcessEnv = {},
): ProjectProgram {
  const child = spawn(file, args, {
    cwd: directory,
    env: { ...env, ...more },
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  });
  const pid = child.pid ?? 0;
  const kill = (signal: NodeJS.Signals) => {
    if (isRunning(child)) process.kill(-pid, signal);
  };
  const timer = setTimeout(() => kill('SIGKILL'), patience(TIMEOUT_MS));
  const closed = once(child, 'close') as Promise<[number | null]>;
  const end = Promise.all([text(child.stdout), text(child.stderr), closed]).then(([stdout, stderr, [code]]) => {
    clearTimeout(timer);
    return { code, stdout, stderr, left: cagesLeft(pid) };
  });
  const stop = (): Promise<ProgramEnd> => {
    kill('SIGTERM');
    return end;
  };
  return { end, stop };
}

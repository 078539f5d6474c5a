import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import type { CloneOptions, Stage } from 'memcage/native';
import { type Fixture, fixtureResult, startFixture } from '../fixture';
import type { FaultRule } from './faults';
import { cloneOptions } from './native-child';

export interface Scenario {
  rules?: FaultRule[];
  options: Partial<CloneOptions>;
  /** Path of a cgroup v2 for intoCgroupFd. */
  into?: string;
  /** A FIFO for joinFds, filled so that the child blocks. */
  fullPipe?: string;
  /** A file for thawFd. */
  thaw?: string;
  /** How many fds are not close-on-exec. */
  inheritable?: number;
}

type Attempt = { ms: number } & ({ ran: true } | { stage: Stage; errno: number; path: string; output?: string });

export interface Report {
  attempts: [Attempt, Attempt];
  fdsLeft: number;
  threadsLeft: number;
  childrenLeft: string;
}

/** Clones twice in a separate process. */
export function cloneTwice({ options, ...scenario }: Scenario): Promise<Report> {
  return fixtureResult('native/clone.js', { ...scenario, options: cloneOptions(options) });
}

/** What {@link cloneTwice} reports where another command starts it, and what both children wrote to fd 2. */
export function cloneTwiceBy(
  command: readonly string[],
  options: Partial<CloneOptions>,
): { report: Report; stderr: string } {
  const [file = '', ...args] = [
    ...command,
    process.execPath,
    join(__dirname, '../../fixtures/native/clone.js'),
    JSON.stringify({ options: cloneOptions(options) }),
  ];
  const { stdout, stderr } = spawnSync(file, args, { encoding: 'utf8' });
  if (stdout === '') throw new Error(stderr);
  return { report: JSON.parse(stdout) as Report, stderr };
}

/** Like {@link cloneTwice}, but a test can interfere while it runs. */
export function startCloningTwice({ options, ...scenario }: Scenario): Fixture {
  return startFixture('native/clone.js', { ...scenario, options: cloneOptions(options) });
}

export const RAN = { ran: true, ms: expect.any(Number) as number };

export function failedAt(stage: Stage, errno: number, path = '', syscall?: string | null): Record<string, unknown> {
  return { stage, errno: -errno, path, ...(syscall && { syscall }), ms: expect.any(Number) as number };
}

/** The report if both clones ended like this, and left nothing behind. */
export function twice(attempt: Record<string, unknown>): Record<string, unknown> {
  return { attempts: [attempt, attempt], fdsLeft: 0, threadsLeft: 0, childrenLeft: '' };
}

import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { patience } from '../patience';
import { until } from '../until';

/** The program of test/overseer, which `npm run build:test-addon` builds. */
export const OVERSEER = join(__dirname, '../../native/build/Release/overseer');

const ROLES = ['parent', 'watcher', 'child', 'launcher', 'init', 'guardian', 'starter'] as const;
export type Role = (typeof ROLES)[number];

/** The n-th call of that name that a role makes within the windows. */
export interface Point {
  role: Role;
  call: string;
  nth: number;
  /** A path, what the fd is, or a number. */
  subject: string;
}

/** A program that a part of memcage has become. */
interface Execution {
  pid: number;
  before: Role;
  program: string;
  /** Its cgroups at its first system call, as in /proc/PID/cgroup. */
  cgroups: string[];
}

export interface Overseen {
  /** As a shell has it; 124 if it hung. */
  status: number;
  pid: number;
  points: Point[];
  /** What the calls were about at which a rule was carried out. */
  hits: string[];
  /** The same of kills and stops that met nobody alive. */
  missed: string[];
  /** Who was there at which of the points: from one to before another. */
  there: Readonly<Record<'parent' | 'guardian' | 'starter', readonly [from: number, to: number]>>;
  executions: Execution[];
  /** What was there a second after the end. */
  left: string[];
  /** What was there when the time was over. */
  hung: string[];
  /** How many holds ended as they should, and by waiting. */
  released: number;
  late: number;
  /** With what the commands of rules ended. */
  ran: number[];
  stdout: string;
  stderr: string;
}

export interface OverseeOptions {
  /** As test/overseer/README.md has them. */
  rules?: readonly string[];
  /** The whole program is a window. */
  always?: boolean;
  timeoutMs?: number;
  graceMs?: number;
  /** How long a call is held for which nobody ends the hold. */
  holdMs?: number;
  /** When a stopped guardian or starter goes on, after the end of the program. */
  continueMs?: number;
  env?: NodeJS.ProcessEnv;
  cwd?: string;
  onStart?(overseer: number): void;
  /** Called when the program has ended, while what it has left may still be there. */
  onEnd?(): Promise<void>;
}

/** Runs a program under the overseer. */
export async function oversee(program: readonly string[], options: OverseeOptions = {}): Promise<Overseen> {
  const directory = mkdtempSync(join(tmpdir(), 'memcage-test-overseer-'));
  const log = join(directory, 'log');
  try {
    const child = spawn(OVERSEER, [...wordsOf(options, log), '--', ...program], {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, ...options.env },
      ...(options.cwd !== undefined && { cwd: options.cwd }),
    });
    options.onStart?.(child.pid ?? 0);
    const exit = new Promise<number>((resolve, reject) => {
      child.once('error', reject);
      child.once('close', (code, signal) => resolve(signal === null ? (code ?? 0) : -1));
    });
    const afterwards = options.onEnd && until('the program has ended', () => hasEnded(log, child)).then(options.onEnd);
    const [status, stdout, stderr] = await Promise.all([exit, text(child.stdout), text(child.stderr), afterwards]);
    return { status, stdout, stderr, ...readLog(log) };
  } finally {
    rmSync(directory, { recursive: true });
  }
}

function hasEnded(log: string, { exitCode }: ChildProcess): boolean {
  return exitCode !== null || (existsSync(log) && /^end\t/m.test(readFileSync(log, 'utf8')));
}

function wordsOf(options: OverseeOptions, log: string): string[] {
  const { rules = [], always = false, timeoutMs = 20_000, graceMs = 1000, holdMs = 5000, continueMs = 100 } = options;
  const times = {
    timeout: patience(timeoutMs),
    grace: patience(graceMs),
    hold: patience(holdMs),
    continue: continueMs,
  };
  return [
    ...['--log', log, '--details'],
    ...(always ? ['--always'] : []),
    ...Object.entries(times).flatMap(([name, ms]) => [`--${name}`, String(ms)]),
    ...rules.flatMap((rule) => ['--rule', rule]),
  ];
}

function readLog(log: string): Omit<Overseen, 'status' | 'stdout' | 'stderr'> {
  const lines = readFileSync(log, 'utf8').trimEnd().split('\n');
  const words = lines.map((line) => line.split('\t'));
  const of = (kind: string): string[][] => words.filter(([first]) => first === kind).map(([, ...rest]) => rest);
  return {
    pid: Number(of('start')[0]?.[0]),
    points: of('point').map(([role, call = '', nth, subject = '']) => ({
      role: role as Role,
      call,
      nth: Number(nth),
      subject,
    })),
    hits: of('hit').map(([subject = '']) => subject),
    missed: of('missed').map(([subject = '']) => subject),
    there: whoWasThere(words),
    executions: of('exec').map(([pid, before, program = '', cgroups = '']) => ({
      pid: Number(pid),
      before: before as Role,
      program,
      cgroups: cgroups.trim().split(' '),
    })),
    left: of('left').map((rest) => rest.join(' ')),
    hung: of('hang').map((rest) => rest.join(' ')),
    released: of('released').length,
    late: of('late').length,
    ran: of('ran').map(([status]) => Number(status)),
  };
}

function whoWasThere(lines: readonly string[][]): Overseen['there'] {
  const pointsBefore = (kind: string, pid: string | undefined): number => {
    const line = lines.findIndex((words) => words[0] === kind && words[1] === pid);
    return lines.slice(0, line === -1 ? lines.length : line).filter(([first]) => first === 'point').length;
  };
  const pids = (kind: string): (string | undefined)[] =>
    lines.filter(([first]) => first === kind).map(([, pid]) => pid);
  // The guardian forks when it begins, and the first of the two leaves. A starter may be replaced.
  const fromTo = (kind: 'guardian' | 'starter'): readonly [number, number] => [
    pointsBefore(kind, pids(kind)[0]),
    pointsBefore('gone', pids(kind).at(-1)),
  ];
  return {
    parent: [0, pointsBefore('gone', pids('start')[0])],
    guardian: fromTo('guardian'),
    starter: fromTo('starter'),
  };
}

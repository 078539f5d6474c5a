import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { patience } from './patience';
import { ONE_ARENA } from './processes/fds';
import { childrenOf, endNow } from './processes/processes';

const TIMEOUT_MS = 20_000;

interface FixtureEnd {
  code: number | null;
  signal: NodeJS.Signals | null;
  stdout: string;
  stderr: string;
}

export interface Fixture {
  process: ChildProcess;
  pid: number;
  end: Promise<FixtureEnd>;
}

/** A path below test/fixtures. */
type Program =
  | string
  | {
      name: string;
      timeoutMs?: number;
      /** Options of Node. */
      flags?: readonly string[];
      /** Besides this process's environment. */
      env?: NodeJS.ProcessEnv;
      /** A command that executes the words after its own. */
      within?: readonly string[];
    };

/**
 * Starts a fixture under plain Node. Arguments that are not strings are passed as JSON. Killed if it takes too long.
 */
export function startFixture(program: Program, ...args: unknown[]): Fixture {
  const {
    name,
    timeoutMs = TIMEOUT_MS,
    flags = [],
    env,
    within = [],
  } = typeof program === 'string' ? { name: program } : program;
  const path = join(__dirname, '../fixtures', name);
  const words = args.map((arg) => (typeof arg === 'string' ? arg : JSON.stringify(arg)));
  const [file = '', ...all] = [...within, process.execPath, ...flags, path, ...words];
  const child = spawn(file, all, {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, ...ONE_ARENA, ...env },
  });
  const pid = child.pid ?? 0;
  // Its children first: one that hangs would hold the output open.
  const timer = setTimeout(() => {
    for (const each of [...childrenOf(pid), pid]) endNow(each);
  }, patience(timeoutMs));
  const ended = new Promise<Pick<FixtureEnd, 'code' | 'signal'>>((resolve) => {
    child.once('close', (code, signal) => {
      clearTimeout(timer);
      resolve({ code, signal });
    });
  });
  const end = Promise.all([ended, text(child.stdout), text(child.stderr)]).then(([how, stdout, stderr]) => ({
    ...how,
    stdout,
    stderr,
  }));
  return { process: child, pid, end };
}

/** What a fixture prints as JSON. Fails, with the fixture's stderr, if it does not end well. */
export async function fixtureResult<T>(program: Program, ...args: unknown[]): Promise<T> {
  const { code, signal, stdout, stderr } = await startFixture(program, ...args).end;
  if (code !== 0) throw new Error(`${JSON.stringify(program)} ended with ${code ?? signal}: ${stderr}`);
  return JSON.parse(stdout) as T;
}

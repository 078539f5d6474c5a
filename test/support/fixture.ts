import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';

export interface FixtureEnd {
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

/** Start test/fixtures/<name> under plain Node; what is not a string is passed as JSON. Ended when it takes too long. */
export function startFixture(name: string, ...args: unknown[]): Fixture {
  const path = join(__dirname, '../fixtures', name);
  const words = args.map((arg) => (typeof arg === 'string' ? arg : JSON.stringify(arg)));
  const child = spawn(process.execPath, [path, ...words], {
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: 20_000,
    killSignal: 'SIGKILL',
  });
  const ended = new Promise<Pick<FixtureEnd, 'code' | 'signal'>>((resolve) => {
    child.once('close', (code, signal) => resolve({ code, signal }));
  });
  const end = Promise.all([ended, text(child.stdout), text(child.stderr)]).then(([how, stdout, stderr]) => ({
    ...how,
    stdout,
    stderr,
  }));
  return { process: child, pid: child.pid ?? 0, end };
}

/** What a fixture prints as JSON; fails, with its stderr, when it does not end well. */
export async function fixtureResult<T>(name: string, ...args: unknown[]): Promise<T> {
  const { code, signal, stdout, stderr } = await startFixture(name, ...args).end;
  if (code !== 0) throw new Error(`${name} ended with ${code ?? signal}: ${stderr}`);
  return JSON.parse(stdout) as T;
}

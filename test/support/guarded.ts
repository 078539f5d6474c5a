import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { fixture } from './cage-kinds';
import { cagesOf, members } from './cgroups/cgroup-tree';
import { endNow, processesWith } from './processes/processes';
import { until } from './until';

export function guardiansOf(pid: number): number[] {
  return processesWith(`--guardian=${pid} `);
}

/** What a process prints, line by line. */
export class Talking {
  readonly pid: number;
  readonly exit: Promise<unknown>;
  readonly #lines: AsyncIterator<string>;
  ended = false;

  constructor(readonly process: ChildProcess) {
    this.pid = process.pid ?? 0;
    this.exit = once(process, 'exit');
    const { stdout } = process;
    if (stdout === null) throw new Error('no stdout');
    this.#lines = createInterface(stdout)[Symbol.asyncIterator]();
    stdout.once('end', () => {
      this.ended = true;
    });
  }

  async line<T>(): Promise<T> {
    const { value } = await this.#lines.next();
    if (value === undefined) throw new Error('it says nothing more');
    return JSON.parse(value as string) as T;
  }

  async kill(): Promise<void> {
    this.process.kill('SIGKILL');
    await this.exit;
  }
}

/** A child of such a process. */
export interface Sleeper {
  pid: number;
  guardian: number;
  cgroup: string;
}

/** Starts processes whose cages a guardian watches. What they leave is ended after each test. */
export function guardedProcesses() {
  let talking: Talking[] = [];
  let sleepers: Sleeper[] = [];

  function start(
    what: string,
    { env = {}, as = [] }: { env?: NodeJS.ProcessEnv; as?: readonly string[] } = {},
  ): Talking {
    const [file = '', ...args] = [...as, process.execPath, fixture('guarded.js'), ...what.split(' ')];
    const started = new Talking(
      spawn(file, args, { stdio: ['pipe', 'pipe', 'inherit'], env: { ...process.env, ...env } }),
    );
    talking.push(started);
    return started;
  }

  async function unguarded(of: Talking): Promise<Sleeper> {
    const said = await of.line<Sleeper>();
    sleepers.push(said);
    return said;
  }

  async function sleeper(of: Talking): Promise<Sleeper> {
    const said = await unguarded(of);
    // Signals to pid 0 go to this process's own group.
    expect(said.guardian).toBeGreaterThan(0);
    return said;
  }

  afterEach(async () => {
    for (const each of talking) await each.kill();
    for (const { pid, cgroup } of sleepers) {
      await until('no guardian', () => talking.every((each) => guardiansOf(each.pid).length === 0));
      endNow(pid);
      if (existsSync(cgroup)) members(cgroup).forEach(endNow);
    }
    talking = [];
    sleepers = [];
  });

  /** Everything must be gone one second after its death. */
  async function expectNothingOf({ pid }: Talking): Promise<void> {
    await until('nothing left', () => cagesOf(pid).length === 0 && guardiansOf(pid).length === 0, 1000);
  }

  return { start, sleeper, unguarded, expectNothingOf };
}

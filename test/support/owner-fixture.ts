import { type ChildProcess, spawn } from 'node:child_process';
import { fixture } from './cage-kinds';
import { makeCgroup, version } from './cgroup-tree';
import { until } from './until';

export const WITHOUT_GUARDIAN: How = { env: { MEMCAGE_GUARDIAN: '0' } };

/** What test/fixtures/cage/owner.js prints. */
export interface Owner {
  pid: number;
  main: number[];
  members: number[];
  cgroups: string[];
  detached: { pid: number; members: number[]; cgroup: string };
}

export interface Running {
  process: ChildProcess;
  owner: Owner;
  end: Promise<number | string>;
}

/** What a fixture says first. */
export async function firstLine(child: ChildProcess): Promise<string> {
  let output = '';
  let errors = '';
  child.stderr?.on('data', (chunk: Buffer) => {
    errors += chunk.toString();
  });
  child.stdout?.on('data', (chunk: Buffer) => {
    output += chunk.toString();
  });
  await until('the fixture has started its children', () => {
    if (child.exitCode !== null || child.signalCode !== null) throw new Error(`the fixture has ended: ${errors}`);
    return output.includes('\n');
  });
  return output.slice(0, output.indexOf('\n'));
}

export interface How {
  /** What runs a command as another user; default: this one. */
  as?: readonly string[];
  env?: NodeJS.ProcessEnv;
}

/**
 * Where the guards of cages are made: on v1 in the cgroup that a process itself is in. Whatever memcage starts there first
 * sweeps out what dead owners have left, so that a test that looks at this has a place of its own.
 */
export function makeGuardPlace(): { as: readonly string[]; remove(): Promise<void> } {
  if (version === 2) return { as: [], remove: async () => {} };
  const { path, remove } = makeCgroup(undefined, 'unified');
  return {
    as: ['sh', '-c', 'echo 0 > "$0/cgroup.procs" && exec "$@"', path],
    // The guardian of a process that was there ends a moment after it.
    remove: async () => void (await until('nobody is left in the place of the guards', () => unlessBusy(remove))),
  };
}

function unlessBusy(remove: () => void): boolean {
  try {
    remove();
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EBUSY') throw error;
    return false;
  }
}

export async function startOwner(how: string, parent: string, { as = [], env = {} }: How): Promise<Running> {
  const [file = '', ...args] = [...as, process.execPath, fixture('owner.js'), how, parent];
  const child = spawn(file, args, { stdio: ['pipe', 'pipe', 'pipe'], env: { ...process.env, ...env } });
  const end = new Promise<number | string>((resolve) => {
    child.once('exit', (code, signal) => resolve(code ?? signal ?? ''));
  });
  try {
    return { process: child, owner: JSON.parse(await firstLine(child)) as Owner, end };
  } catch (error) {
    child.kill('SIGKILL');
    throw error;
  }
}

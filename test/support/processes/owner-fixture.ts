import { type ChildProcess, spawn } from 'node:child_process';
import { fixture } from '../cage-kinds';
import { makeCgroup, version } from '../cgroups/cgroup-tree';
import { until } from '../until';

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

/** The first line that a fixture prints. */
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
    // First: it may have said it and ended since this looked.
    if (output.includes('\n')) return true;
    const end = child.exitCode ?? child.signalCode;
    if (end !== null) throw new Error(`the fixture has ended (${end}): ${errors}`);
    return false;
  });
  return output.slice(0, output.indexOf('\n'));
}

export interface How {
  /** The start of a command line that runs as another user. Default: as this one. */
  as?: readonly string[];
  env?: NodeJS.ProcessEnv;
}

/**
 * A place in which kill cgroups are made: on v1 that is the cgroup that a process is in. Whatever memcage starts
 * there first sweeps out what dead owners left, so a test that looks at this needs a separate place.
 */
export function makeGuardPlace(): { as: readonly string[]; remove(): Promise<void> } {
  if (version === 2) return { as: [], remove: async () => {} };
  const { path, remove } = makeCgroup(undefined, 'unified');
  return {
    as: ['sh', '-c', 'echo 0 > "$0/cgroup.procs" && exec "$@"', path],
    // The guardian of a process that was there ends a moment after the process.
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

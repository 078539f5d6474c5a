import { type ChildProcess, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { type GroupOptions, openGroup, type PolledGroup, type PolledKill } from '../../../lib/cage/polling/open-group';
import { isRunning } from '../processes/is-running';

export const MIB = 2 ** 20;

/**
 * A shell command that takes that much memory and keeps it: tail waits for the end of the first line. It is so slow that the sampler
 * need not have the kernel refuse it more, upon which tail would end by itself.
 */
export const eat = (mib: number): string =>
  `{ for step in $(seq ${2 * mib}); do head -c 512K /dev/zero; sleep 0.002; done; sleep 1000; } | tail -n 1`;

/** A group with what was started in it. */
export interface TestGroup extends PolledGroup {
  /** What it was told of. */
  kills: PolledKill[];
  errors: Error[];
  /** NAME=value. */
  marker: string;
  /** Starts a shell in the group. */
  run(script: string): ChildProcess;
}

/** Makes groups for the tests of a describe, whose processes are killed after each test. */
export function groupsOfEachTest(): (options?: Partial<GroupOptions>) => TestGroup {
  const opened: TestGroup[] = [];
  afterEach(async () => {
    for (const group of opened.splice(0)) {
      await group.killAll(10_000);
      group.close();
    }
  });
  return (options = {}) => {
    const [name, value] = ['MEMCAGE_TEST_GROUP', randomUUID()];
    const [kills, errors]: [PolledKill[], Error[]] = [[], []];
    const marker = `${name}=${value}`;
    const group = openGroup({
      limitBytes: Number.POSITIVE_INFINITY,
      marker,
      onKill: (kill) => kills.push(kill),
      onFailed: (error) => errors.push(error),
      ...options,
    });
    const run = (script: string): ChildProcess => {
      const child = spawn('sh', ['-c', script], { stdio: 'ignore', env: { ...process.env, [name]: value } });
      group.add(child.pid ?? 0, () => child.kill('SIGKILL'));
      return child;
    };
    // Its methods stay on the prototype, and its figures are read when they are asked for.
    const added: Omit<TestGroup, keyof PolledGroup> = { kills, errors, marker, run };
    const testGroup = Object.assign(group, added);
    opened.push(testGroup);
    return testGroup;
  };
}

/** By which signal it was ended, or its exit code. */
export async function endOf(child: ChildProcess): Promise<string | number | null> {
  if (isRunning(child)) await once(child, 'exit');
  return child.signalCode ?? child.exitCode;
}

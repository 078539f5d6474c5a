import { type ChildProcessWithoutNullStreams, execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readlinkSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { type Job, Queue } from 'bullmq';
import { createCage, run, type SharedCage, type Size } from 'memcage';
import { SERVER } from '../../../support/bullmq/valkey';
import { said } from '../../../support/cage-kinds';
import { cagesLeft, expectNothingLeft } from '../../../support/nothing-left';
import { patience } from '../../../support/patience';
import { processesThatAre } from '../../../support/processes/processes';
import { describeIf } from '../../../support/require';
import { until } from '../../../support/until';

/** How many jobs. docs/reference/bullmq.md has what 1,000 of them took. */
const JOBS = Number(process.env['MEMCAGE_TEST_JOBS'] ?? 50);
const WORKERS = 3;
const CONCURRENCY = 3;
const TIMEOUT_MS = patience(8000);
/** For a machine that does much else. */
const ALL_MS = 120_000 + JOBS * 600;

jest.setTimeout(patience(ALL_MS + 60_000));

/** Of each fifty jobs, so many. The one that hangs is the first: meanwhile the others are done. */
const KINDS = [
  'hangs',
  ...Array<string>(3).fill('eats'),
  ...Array<string>(3).fill('exits'),
  ...Array<string>(2).fill('crashes'),
  ...Array<string>(3).fill('leaves some'),
  ...Array<string>(3).fill('fails'),
  ...Array<string>(3).fill('is slow'),
];

const kindOf = (n: number): string => KINDS[(n * 37) % 50] ?? 'works';

const sentence = (text: RegExp) => expect.stringMatching(text) as unknown;

/** What BullMQ promises of each kind; attempts are as they were asked for. */
const PROMISES: Record<string, { state: string; [key: string]: unknown }> = {
  works: { state: 'completed', attemptsMade: 1 },
  'is slow': { state: 'completed', returnvalue: 'slow', attemptsMade: 1 },
  'leaves some': { state: 'completed', returnvalue: 'left', attemptsMade: 1 },
  fails: { state: 'failed', failedReason: sentence(/^no \d+$/), attemptsMade: 2 },
  eats: {
    state: 'failed',
    failedReason: sentence(/^jobs\.mjs \(pid \d+\) was killed for its memory limit of 60 MiB \(peak .*\)$/),
    attemptsMade: 1,
  },
  exits: { state: 'failed', failedReason: 'jobs.mjs ended with exit code 3', attemptsMade: 2 },
  crashes: { state: 'failed', failedReason: 'jobs.mjs was ended by SIGSEGV', attemptsMade: 2 },
  hangs: { state: 'failed', failedReason: `jobs.mjs was not done within ${TIMEOUT_MS} ms`, attemptsMade: 1 },
};

/** A process in a network and a cage of its own, as a machine would be. */
class Machine {
  private constructor(
    readonly cage: SharedCage,
    readonly child: ChildProcessWithoutNullStreams,
  ) {}

  static start(file: string, args: readonly string[], cwd: string, memory: Size = '700M'): Machine {
    const cage = createCage({ memory });
    return new Machine(cage, cage.spawn(file, args, { cwd, namespaces: { net: true } }));
  }

  get pid(): number {
    return this.child.pid ?? 0;
  }

  get network(): string {
    return readlinkSync(`/proc/${this.pid}/ns/net`);
  }

  inNetwork(command: string): void {
    execFileSync('nsenter', ['-t', String(this.pid), '-n', ...command.split(' ')]);
  }
}

/** A cable between two machines. It goes away with either. */
function connect(server: Machine, other: Machine, number: number): { host: string } {
  const name = `to${number}`;
  server.inNetwork(`ip link add ${name} type veth peer name eth0 netns ${other.pid}`);
  for (const [machine, device, address] of [
    [server, name, 1],
    [other, 'eth0', 2],
  ] as const) {
    machine.inNetwork(`ip addr add 10.0.${number}.${address}/24 dev ${device}`);
    machine.inNetwork(`ip link set ${device} up`);
  }
  return { host: `10.0.${number}.1` };
}

const networks = (): string[] =>
  readdirSync('/proc').flatMap((name) => {
    try {
      return /^\d+$/.test(name) ? [readlinkSync(`/proc/${name}/ns/net`)] : [];
    } catch {
      return [];
    }
  });

describeIf(['cgroup', 'host', 'root', 'valkey-server', 'ip'], 'workers on several machines', () => {
  let directory: string;
  let machines: Machine[] = [];
  let queue: Queue;
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'memcage-machines-'));
  });
  afterEach(async () => {
    await queue.close();
    for (const { cage } of machines.reverse()) await cage.close();
    machines = [];
    rmSync(directory, { recursive: true });
  });
  expectNothingLeft(() => run('true', { memory: '8M' }));

  function start(...args: Parameters<typeof Machine.start>): Machine {
    const machine = Machine.start(...args);
    machines.push(machine);
    return machine;
  }

  async function startServer(): Promise<Machine> {
    const options = ['--port', '6379', '--protected-mode', 'no', '--unixsocket', 'socket', '--save', ''];
    const server = start(SERVER ?? '', [...options, '--appendonly', 'no'], directory);
    await said(server.child, 'Ready to accept connections');
    server.child.stdout.resume();
    return server;
  }

  async function startWorker(server: Machine, number: number): Promise<Machine> {
    const given = { queue: 'jobs', connection: { host: `10.0.${number}.1` }, concurrency: CONCURRENCY };
    const file = join(__dirname, '../../../fixtures/programs/bullmq/worker.mjs');
    const worker = start(process.execPath, [file, JSON.stringify({ ...given, timeout: TIMEOUT_MS })], directory);
    connect(server, worker, number);
    await said(worker.child, 'ready');
    return worker;
  }

  test(`do ${JOBS} jobs as BullMQ promises, though one machine dies in the middle`, async () => {
    const server = await startServer();
    queue = new Queue('jobs', { connection: { path: join(directory, 'socket') } });
    const workers = [];
    for (let number = 1; number <= WORKERS; number++) workers.push(await startWorker(server, number));
    const namespaces = machines.map(({ network }) => network);
    expect(new Set([...namespaces, readlinkSync('/proc/self/ns/net')]).size).toBe(WORKERS + 2);
    const [victim, ...others] = workers as [Machine, ...Machine[]];
    const all = Array.from({ length: JOBS }, (_, n) => ({ name: kindOf(n), data: { n } }));
    const opts = (name: string) => ({ opts: { attempts: name === 'hangs' ? 1 : 2 } });
    await queue.addBulk(all.map((job) => ({ ...job, ...opts(job.name) })));

    const ended = async () => (await queue.getCompletedCount()) + (await queue.getFailedCount());
    await until('a third is done', async () => (await ended()) > JOBS / 3, ALL_MS);
    const cages = cagesLeft(victim.pid);
    expect(cages.length).toBeGreaterThan(0);
    victim.child.kill('SIGKILL');
    await until('what the dead worker had is gone', () => cagesLeft(victim.pid).length === 0);
    await until('all is done', async () => (await ended()) === JOBS, ALL_MS);

    const rows = await Promise.all((await queue.getJobs(['completed', 'failed'])).map(recordOf));
    expect(rows.length).toBe(JOBS);
    const wrong = rows.filter(({ record, logs, name }) => {
      const { attemptsMade, ...promise } = PROMISES[name] as { attemptsMade: number; state: string };
      // Once for each attempt, except those that the dead worker had begun.
      const isRight = logs - attemptsMade >= 0 && record.attemptsMade === attemptsMade;
      return !isRight || !matches(record, promise);
    });
    expect(wrong).toEqual([]);
    const again = rows.filter(({ logs, record }) => logs > record.attemptsMade);
    expect(again.length).toBeLessThanOrEqual(CONCURRENCY);
    for (const { record, n, name } of rows)
      if (name === 'works') expect(record.returnvalue).toEqual({ square: n ** 2 });

    await expectEnd(others);
    expect(processesThatAre('sleep 3600')).toEqual([]);
    await queue.close();
    await server.cage.close();
    await until('no network is left', () => !networks().some((name) => namespaces.includes(name)));
  });

  /** The workers end at SIGTERM, and nothing of them is left. */
  async function expectEnd(workers: readonly Machine[]): Promise<void> {
    for (const { child, pid, cage } of workers) {
      const output = Promise.all([text(child.stdout), text(child.stderr), once(child, 'exit')]);
      child.kill('SIGTERM');
      const [stdout, stderr, end] = await output;
      expect({ stderr, end }).toEqual({ stderr: '', end: [0, null] });
      expect(JSON.parse(stdout)).toMatchObject({ running: 0, queued: 0, reservedBytes: 0 });
      expect(cagesLeft(pid)).toEqual([]);
      await until('its cage is empty', () => cage.cgroup.pids().length === 0);
    }
  }

  async function recordOf(job: Job) {
    const { name, returnvalue, failedReason, attemptsMade } = job;
    const { logs } = await queue.getJobLogs(job.id ?? '');
    const state = await job.getState();
    const n = (job.data as { n: number }).n;
    return { name, n, logs: logs.length, record: { state, returnvalue, failedReason, attemptsMade } };
  }
});

function matches(actual: object, expected: object): boolean {
  try {
    expect(actual).toMatchObject(expected);
    return true;
  } catch {
    return false;
  }
}

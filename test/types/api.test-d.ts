// Compiled by the type check (npm run lint), never run. Each @ts-expect-error is a test: unused, it is an error itself.
import type { ChildProcess, SpawnSyncReturns as NodeSpawnSyncReturns } from 'node:child_process';
import { once } from 'node:events';
import type { Readable, Writable } from 'node:stream';
import { promisify } from 'node:util';
import {
  type Cage,
  type CageThresholdEvent,
  createCage,
  createLauncher,
  createWarmPool,
  type ErrorCode,
  type ExecFileSyncOptions,
  type ExecSyncOptions,
  ExitError,
  exec,
  execFile,
  execFileSync,
  execSync,
  fork,
  type LauncherOptions,
  LimitError,
  MemcageError,
  MemoryLimitError,
  type MemoryReport,
  type OomEvent,
  type OomVerdict,
  type Outcome,
  parseSize,
  RunError,
  type RunOutput,
  run,
  type SharedCage,
  type SpawnOptions,
  type SpawnSyncOptions,
  type SpawnSyncReturns,
  spawn,
  spawnSync,
  type WarmPool,
  whyUnsupported,
} from 'memcage';
import {
  CGROUP_EVENT_NAMES,
  Cgroup,
  type CgroupContainer,
  type CgroupEvent,
  type CgroupEventName,
  containerOf,
  type FlatKeyed,
  type LimitEvent,
  type OomControl,
  type TriggerHandle,
} from 'memcage/cgroup';
import * as replacement from 'memcage/child_process';
import { type CageName, type CollectedCage, cageOf, collectGarbage, type ListedCage, listCages } from 'memcage/machine';
import { expectType } from './expect-type';

declare const shared: SharedCage;
declare const options: SpawnOptions;
declare const launcherOptions: LauncherOptions;

async function cages(): Promise<void> {
  // With memory or cage there is a cage, without neither only within contain().
  expectType<Cage>()(spawn('true', { memory: '10M' }).cage);
  expectType<Cage>()(spawn('true', [], { memory: { max: 1e7, swap: 0 } }).cage);
  expectType<Cage>()(spawn('true', ['x'], { cage: shared }).cage);
  // @ts-expect-error a private cage starts no other child
  spawn('true', { memory: '10M' }).cage.spawn('true');
  expectType<Cage | null>()(spawn('true').cage);
  expectType<Cage | null>()(spawn('true', []).cage);
  expectType<Cage | null>()(spawn('true', [], {}).cage);
  expectType<Cage | null>()(spawn('true', undefined, { namespaces: { pid: true } }).cage);
  expectType<Cage | null>()(spawn('true', { stdio: 'ignore' }).cage);

  // And so is what the kernel tells of its memory.
  expectType<Outcome>()(await spawn('true', { memory: '10M' }).outcome);
  expectType<MemoryReport>()((await spawn('true', { memory: '10M' }).outcome).memory);
  expectType<MemoryReport | null>()((await spawn('true').outcome).memory);
  expectType<OomVerdict | null>()((await spawn('true').outcome).oom);

  // A caged child is Node's.
  const child: ChildProcess = spawn('true', { memory: '10M' });
  child.kill();
}

function streams(): void {
  const pipes = spawn('cat', { memory: '10M' });
  expectType<Writable>()(pipes.stdin);
  expectType<Readable>()(pipes.stdout);
  expectType<Readable>()(spawn('cat', [], { stdio: 'pipe', memory: '10M' }).stderr);

  const none = spawn('cat', [], { stdio: 'inherit', memory: '10M' });
  expectType<null>()(none.stdin);
  expectType<null>()(none.stdout);
  expectType<null>()(spawn('cat', [], { stdio: 'ignore' }).stderr);

  const mixed = spawn('cat', [], { stdio: ['ignore', 'pipe', 'inherit'], memory: '10M' });
  expectType<null>()(mixed.stdin);
  expectType<Readable>()(mixed.stdout);
  expectType<null>()(mixed.stderr);

  // What is not known from the type may be there or not.
  expectType<Readable | null>()(spawn('cat', [], { stdio: ['pipe', 'pipe', 'pipe', 'ipc'] }).stdout);
}

function launchers(): void {
  expectType<Cage>()(createLauncher({ memory: '10M' }).cage);
  expectType<Cage>()(createLauncher({ memory: { max: 1e7, swap: 0 }, namespaces: { pid: true } }).cage);
  expectType<Cage>()(createLauncher({ cage: shared }).cage);
  expectType<Cage | null>()(createLauncher({ namespaces: { pid: true } }).cage);
  expectType<Cage | null>()(createLauncher(launcherOptions).cage);
  // @ts-expect-error
  createLauncher({ memory: '10M', memroy: '10M' });
  // @ts-expect-error
  createLauncher({ namespaces: { pid: true }, nodeHeap: false });
}

async function warmPools(): Promise<void> {
  const pool = createWarmPool('worker.js', {
    memory: '10M',
    spare: 2,
    maxUses: 3,
    maxChildren: 4,
    trim: true,
    silent: true,
  });
  const child: ChildProcess = await pool.take({ signal: AbortSignal.abort() });
  child.kill();
  expectType<Cage>()((await pool.take()).cage);
  expectType<Outcome>()(await (await pool.take()).outcome);
  expectType<Cage>()((await createWarmPool(new URL('file:///a.js'), ['a'], { cage: shared }).take()).cage);
  expectType<Cage | null>()((await createWarmPool('worker.js').take()).cage);
  expectType<unknown>()(await pool.ask({ any: ['message'] }, { timeout: 5 }));
  const any: WarmPool = pool;
  await once(any, 'ready');
  pool.on('ready', () => {}).on('error', (error: Error) => void error);
  // @ts-expect-error it is called error
  pool.on('crash', () => {});
  await any.close();
  // @ts-expect-error it is called spare
  createWarmPool('worker.js', { memory: '10M', spares: 2 });
  // @ts-expect-error it is called max
  createWarmPool('worker.js', [], { memory: { limit: '10M' } });
  // @ts-expect-error a child that waits is not aborted
  createWarmPool('worker.js', { memory: '10M', signal: AbortSignal.abort() });
  // @ts-expect-error only run() has a timeout
  await pool.take({ timeout: 5 });
  // @ts-expect-error nothing can't be sent
  await pool.ask(undefined);
}

/** What a project gets that does not set exactOptionalPropertyTypes: there the options' own types let undefined through. */
function undefinedValues(): void {
  // @ts-expect-error
  spawn('true', { memory: process.env['LIMIT'] });
  // @ts-expect-error
  createCage({ memory: process.env['LIMIT'] });
  spawn('true', { memory: '10M', signal: undefined, cwd: undefined });
  spawn('true', { ...(process.env['LIMIT'] === undefined ? {} : { memory: '10M' }) });
  const either = process.env['LIMIT'] === undefined ? { cpu: 1 } : { cpu: 1, memory: { max: '10M' as const } };
  spawn('true', either);
}

/** A slip is an error of the compiler, wherever it is. */
function names(): void {
  // @ts-expect-error
  spawn('true', { memoryLimit: '10M' });
  // @ts-expect-error
  spawn('true', [], { memory: '10M', memroy: '10M' });
  // @ts-expect-error
  spawn('true', [], { memory: { limit: '10M' } });
  // @ts-expect-error
  spawn('true', [], { memory: { max: '10M', swop: 0 } });
  // @ts-expect-error
  spawn('true', [], { namespaces: { pid: true, network: true } });
  // @ts-expect-error
  spawn('true', [], { namespaces: { pid: { init: true, reap: true } } });
  // @ts-expect-error
  spawn('true', [], { namespaces: { uts: { host: 'x' } } });
  // @ts-expect-error it is called path
  spawn('true', [], { root: { rootfs: '/srv' } });
  // @ts-expect-error it is called readOnly
  spawn('true', [], { root: { binds: [{ source: '/a', target: '/b', ro: true }] } });
  // @ts-expect-error a target is needed
  spawn('true', [], { root: { binds: [{ source: '/a' }] } });
  // @ts-expect-error it is called path
  spawn('true', [], { root: { tmpfs: ['/tmp', { path: '/a', target: '/b' }] } });
  const mounts = { tmpfs: ['/tmp', { path: '/a', size: '1M' as const, mode: 0o700 }], hide: ['/root'] };
  spawn('true', [], { root: { readOnly: true, binds: [{ source: '/a', target: '/b', readOnly: true }], ...mounts } });
  // @ts-expect-error no such resource
  spawn('true', [], { rlimits: { nofiles: 5 } });
  // @ts-expect-error a resource has a soft and a hard limit, and no other
  spawn('true', [], { rlimits: { nofile: { soft: 1, hard: 2, max: 3 } } });
  // @ts-expect-error a size only where bytes are counted
  spawn('true', [], { rlimits: { nofile: '1M' } });
  // @ts-expect-error it is called noNewPrivileges
  spawn('true', [], { privileges: { noNewPrivs: true } });
  // @ts-expect-error a list of names
  spawn('true', [], { privileges: { capabilities: 'chown' } });
  spawn('true', [], { rlimits: { fsize: '1M', cpu: { soft: 1, hard: 'max' } }, nice: 1, oomScoreAdj: 1 });
  spawn('true', [], { privileges: { capabilities: ['chown'], seccomp: new Uint8Array(8), noNewPrivileges: true } });
  spawn('true', [], { privileges: { seccomp: 'default' } });
  // @ts-expect-error a filter, or the name of memcage's own
  spawn('true', [], { privileges: { seccomp: 'docker' } });
  // @ts-expect-error of run alone
  spawn('true', [], { input: 'x' });
  // @ts-expect-error
  void run('true', [], { timeOut: 5 });
  // @ts-expect-error
  void run('true', { memory: '10M', maxMemory: '10M' });
  // @ts-expect-error
  fork('x.js', { memory: '10M', memlimit: 1 });
  // @ts-expect-error
  fork('x.js', [], { memory: '10M', memlimit: 1 });
  // @ts-expect-error
  exec('true', { memory_limit: '10M' });
  // @ts-expect-error Node's exec has no stdio
  exec('true', { stdio: 'inherit' });
  // @ts-expect-error
  execFile('true', { memory: '10M', timeOut: 5 });
  // @ts-expect-error
  execFile('true', [], { memory: '10M', timeOut: 5 }, () => {});
  // @ts-expect-error
  void promisify(exec)('true', { memory: '10M', timeOut: 5 });
  // @ts-expect-error
  void promisify(execFile)('true', [], { memory: '10M', timeOut: 5 });
  // @ts-expect-error
  spawnSync('true', { memory: '10M', timeOut: 5 });
  // @ts-expect-error
  spawnSync('true', [], { memory: { maximum: '10M' } });
  // @ts-expect-error
  execFileSync('true', { mem: '10M' });
  // @ts-expect-error
  execFileSync('true', [], { mem: '10M' });
  // @ts-expect-error
  execSync('true', { mem: '10M' });
  // @ts-expect-error
  shared.spawn('true', { nodeheap: '10M' });
  // @ts-expect-error
  shared.spawn('true', [], { nodeheap: '10M' });
  // @ts-expect-error
  shared.fork('x.js', { nodeheap: '10M' });
  // @ts-expect-error
  shared.exec('true', { nodeheap: '10M' });
  // @ts-expect-error
  shared.execFile('true', [], { nodeheap: '10M' });
  // @ts-expect-error
  void shared.run('true', { nodeheap: '10M' });
  // @ts-expect-error
  createCage({ memory: '10M', memoryDetails: true });
  // @ts-expect-error
  createCage({ memory: { max: '10M', limit: 1 } });

  // An object made elsewhere is looked at as well.
  const elsewhere = { memory: '10M', memoryLimit: '10M' };
  // @ts-expect-error
  spawn('true', elsewhere);

  // What is said of options in general, and names that are known only at run time.
  spawn('true', [], options);
  const computed: Record<string, boolean> = { [String(Date.now())]: true };
  spawn('true', [], { namespaces: computed });
}

function files(cgroup: Cgroup): void {
  expectType<number>()(cgroup.get('memory.max'));
  expectType<number>()(cgroup.get('memory.limit_in_bytes'));
  expectType<FlatKeyed>()(cgroup.get('memory.stat'));
  expectType<boolean>()(cgroup.get('cgroup.freeze'));
  expectType<number[]>()(cgroup.get('tasks'));
  expectType<OomControl>()(cgroup.get('memory.oom_control'));
  cgroup.set('memory.high', '90M');
  cgroup.set('memory.high', 94371840);
  cgroup.set('cgroup.freeze', true);
  // @ts-expect-error it is a flag
  cgroup.set('cgroup.freeze', 'on');
  // @ts-expect-error it can't be read
  cgroup.get('cgroup.kill');
  // @ts-expect-error it can't be written
  cgroup.set('memory.current', 1);
  // @ts-expect-error what is written does not stay
  cgroup.set('memory.peak', 0);
  // @ts-expect-error there is no such file
  cgroup.get('memory.maximum');
}

async function runs(): Promise<void> {
  expectType<string>()((await run('true')).stdout);
  expectType<string>()((await run('true', { memory: '10M' })).stderr);
  expectType<string>()((await run('true', [], { encoding: 'latin1' })).stdout);
  expectType<Buffer>()((await run('true', [], { encoding: 'buffer' })).stdout);
  expectType<Buffer>()((await run('true', { encoding: 'buffer', memory: '10M' })).stderr);
  expectType<MemoryReport>()((await run('true', { memory: '10M' })).memory);
  expectType<MemoryReport>()((await run('true', [], { cage: shared })).memory);
  expectType<MemoryReport | null>()((await run('true')).memory);
}

async function many(): Promise<void> {
  await using cage = createCage({ memory: '512M', parent: Cgroup.self() });
  expectType<SharedCage>()(cage);
  expectType<Cage>()(cage.spawn('true').cage);
  expectType<Readable>()(cage.spawn('true', ['x']).stdout);
  expectType<null>()(cage.spawn('true', { stdio: 'ignore' }).stdout);
  expectType<Buffer>()((await cage.run('true', { encoding: 'buffer' })).stdout);
  expectType<MemoryReport>()((await cage.run('true')).memory);
  cage.on('oom', (event) => expectType<OomEvent>()(event));
  cage.once('close', () => {});
  cage.on('threshold', (event) => expectType<CageThresholdEvent>()(event));
  cage.cgroup.on('oom', (event) => expectType<LimitEvent>()(event));
  cage.cgroup.once('empty', (event) => expectType<CgroupEvent>()(event));
  expectType<TriggerHandle>()(cage.cgroup.addTrigger({ pressure: 'some', thresholdMs: 100 }));
  // @ts-expect-error a level has no threshold
  cage.cgroup.addTrigger({ pressure: 'low', thresholdMs: 100 });
  // @ts-expect-error no such event
  cage.cgroup.on('close', () => {});
  // @ts-expect-error no such event
  cage.on('exit', () => {});
  expectType<Cage>()(cage.spawn('true', { memory: '5M' }).cage);
  // @ts-expect-error the cage is the one
  cage.spawn('true', { cage });
  // @ts-expect-error the cage is the parent
  void cage.run('true', { parent: '/' });
  // @ts-expect-error a cage has a limit
  createCage({});
  for (const nodeHeap of ['auto', '64M', 2 ** 26, false] as const) createCage({ memory: '5M', nodeHeap });
  // @ts-expect-error a size, 'auto' or false
  createCage({ memory: '5M', nodeHeap: true });
}

async function functions(): Promise<void> {
  expectType<Cage>()(fork('x.js', ['y'], { memory: '10M', silent: true }).cage);
  expectType<Cage | null>()(fork('x.js').cage);
  exec('true', (_error, stdout) => expectType<string>()(stdout));
  exec('true', { memory: '10M', encoding: 'buffer' }, (_error, stdout) => expectType<Buffer>()(stdout));
  execFile('true', ['x'], { memory: '10M' }, (_error, stdout, stderr) => expectType<string>()(stdout + stderr));
  execFile('true', { encoding: null }, (_error, stdout) => expectType<Buffer>()(stdout));
  const promise = promisify(execFile)('true', ['x'], { memory: '10M' });
  expectType<Cage>()(promise.child.cage);
  expectType<string>()((await promise).stdout);
  expectType<Buffer>()((await promisify(exec)('true', { encoding: 'buffer' })).stderr);
  expectType<Cage>()(shared.exec('true').cage);
  expectType<Cage>()(shared.fork('x.js').cage);
  expectType<Cage>()(shared.execFile('true', ['x'], (_error, stdout) => expectType<string>()(stdout)).cage);
  expectType<number>()(shared.contain(() => 5));
  expectType<number>()(shared.contain(() => 5, { threads: 'allow' }));
  // @ts-expect-error: only these two.
  shared.contain(() => 5, { threads: true });
  expectType<Cage>()(shared.exec('true', { memory: '10M' }).cage);
  // @ts-expect-error no such option
  exec('true', { memoryLimit: 5 });
  // @ts-expect-error not a size
  fork('x.js', { memory: true });
}

function synchronous(): void {
  // spawnSync
  expectType<SpawnSyncReturns<Buffer>>()(spawnSync('true'));
  expectType<SpawnSyncReturns<Buffer, MemoryReport>>()(spawnSync('true', { memory: '10M' }));
  expectType<SpawnSyncReturns<string, MemoryReport>>()(spawnSync('true', ['x'], { memory: '10M', encoding: 'utf8' }));
  expectType<Buffer>()(spawnSync('true', undefined, { encoding: 'buffer' }).stdout);
  expectType<Buffer>()(spawnSync('true', [], { encoding: null }).stderr);
  expectType<string>()(spawnSync('true', [], { encoding: 'latin1', cage: shared }).stdout);
  const result = spawnSync('true', ['x'], { cage: shared, namespaces: { uts: true }, timeout: 5, input: 'x' });
  expectType<Outcome<MemoryReport>>()(result.outcome);
  expectType<number>()(result.outcome.memory.limitBytes);
  expectType<{ userMs: number; systemMs: number } | null>()(result.outcome.cpu && { ...result.outcome.cpu });
  const asNode: NodeSpawnSyncReturns<Buffer> = result;
  void asNode;
  withAny((given: SpawnSyncOptions) => expectType<string | Buffer>()(spawnSync('true', given).stdout));
  // execSync
  expectType<Buffer>()(execSync('true'));
  expectType<Buffer>()(execSync('true', { memory: '10M' }));
  expectType<string>()(execSync('true', { memory: '10M', encoding: 'utf8', shell: '/bin/sh' }));
  withAny((given: ExecSyncOptions) => expectType<string | Buffer>()(execSync('true', given)));
  // execFileSync
  expectType<Buffer>()(execFileSync('true'));
  expectType<Buffer>()(execFileSync('true', ['x']));
  expectType<string>()(execFileSync('true', { encoding: 'utf8', memory: { max: '10M', swap: 0 } }));
  expectType<string>()(execFileSync('true', ['x'], { encoding: 'utf8', cage: shared }));
  withAny((given: ExecFileSyncOptions) => expectType<string | Buffer>()(execFileSync('true', [], given)));
  // In place of node:child_process, which has the same names.
  expectType<typeof spawnSync>()(replacement.spawnSync);
  expectType<typeof execSync>()(replacement.execSync);
  expectType<typeof execFileSync>()(replacement.execFileSync);
  // @ts-expect-error not a size
  spawnSync('true', { memory: true });
  // @ts-expect-error no such option
  execSync('true', { memoryLimit: 5 });
  // @ts-expect-error no such option
  execFileSync('true', [], { cages: shared });
  // @ts-expect-error a command line has no arguments
  execSync('true', ['x']);
  // @ts-expect-error not an encoding
  spawnSync('true', { encoding: 5 });
}

declare function withAny<T>(use: (given: T) => void): void;

function groups(): void {
  using group = Cgroup.create('name', { memory: '10M' });
  expectType<1 | 2>()(group.version);
  expectType<number | undefined>()(group.stat()['anon'] as number | undefined);
  expectType<number | null>()(group.peak());
  expectType<number>()(group.usage().workingSetBytes);
  expectType<number | undefined>()(group.limits().high);
  // @ts-expect-error use the static methods
  new Cgroup();
  // @ts-expect-error no such limit
  group.setLimits({ maximum: 5 });
}

function wrongOptions(): void {
  // @ts-expect-error a size is a number or a text
  spawn('true', [], { memory: true });
  // @ts-expect-error no such namespace
  spawn('true', [], { namespaces: { mnt: true } });
  // @ts-expect-error no such part of a namespace
  spawn('true', [], { namespaces: { uts: { name: 'x' } } });
  // @ts-expect-error not a cage
  spawn('true', [], { cage: {} });
  // @ts-expect-error run's alone
  spawn('true', [], { reject: false });
  // @ts-expect-error no such option
  spawn('true', [], { memoryLimit: 1 });
  // @ts-expect-error no such encoding
  void run('true', [], { encoding: 'klingon' });
  // @ts-expect-error arguments are texts
  spawn('true', [1]);
}

function errors(error: unknown): void {
  if (error instanceof MemoryLimitError) {
    expectType<Outcome & RunOutput>()(error.outcome);
    expectType<string | Buffer>()(error.outcome.stdout);
    expectType<MemoryReport>()(error.outcome.memory);
  }
  if (error instanceof LimitError && error.limit === 'stall') return;
  // Without a cage nobody keeps an account of memory.
  if (error instanceof ExitError) expectType<MemoryReport | null>()(error.outcome.memory);
  if (error instanceof RunError) expectType<ErrorCode>()(error.code);
  if (error instanceof MemcageError) {
    expectType<ErrorCode>()(error.code);
    expectType<number | undefined>()(error.errno);
    // @ts-expect-error no such code
    if (error.code === 'ERR_MEMCAGE_NO_SUCH_CODE') return;
    if (error.code === 'ERR_MEMCAGE_FROZEN') return;
  }
}

async function inventory(outcome: Outcome): Promise<void> {
  expectType<ListedCage[]>()(listCages());
  expectType<CageName | null>()(cageOf('/a'));
  expectType<CgroupContainer | null>()(containerOf('/a'));
  expectType<CollectedCage[]>()(await collectGarbage());
  // @ts-expect-error
  void collectGarbage({ dryrun: true });
  for (const root of Cgroup.roots()) for (using each of root.descendants()) expectType<Cgroup>()(each);
  for (const name of CGROUP_EVENT_NAMES) expectType<CgroupEventName>()(name);
  expectType<number>()(parseSize('1G'));
  // @ts-expect-error
  parseSize(true);
  // @ts-expect-error
  whyUnsupported({ memroy: '1G' });
  if (outcome.oom === null) return;
  expectType<string>()(outcome.oom.message);
}

// Options that are made elsewhere fit.
spawn('true', [], options);
void [
  functions,
  synchronous,
  cages,
  streams,
  launchers,
  warmPools,
  undefinedValues,
  names,
  files,
  runs,
  many,
  groups,
  wrongOptions,
  errors,
  inventory,
];

// What wraps a function finds its parameters: the options may be left out.
const withoutOptions: Parameters<typeof spawn> = ['true', []];
void withoutOptions;

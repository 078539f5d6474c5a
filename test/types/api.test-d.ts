// Compiled by the type check (npm run lint), never run.
import type { ChildProcess } from 'node:child_process';
import type { Readable, Writable } from 'node:stream';
import {
  type Cage,
  Cgroup,
  createCage,
  type ErrorCode,
  MemcageError,
  MemoryLimitError,
  type MemoryReport,
  type MultiCage,
  type OomEvent,
  type OomVerdict,
  type Outcome,
  run,
  type SharedCage,
  type SpawnOptions,
  spawn,
} from 'memcage';
import { expectType } from './expect-type';

declare const shared: SharedCage;
declare const options: SpawnOptions;

async function cages(): Promise<void> {
  // With memory or cage there is a cage, without neither.
  expectType<Cage>()(spawn('true', { memory: '10M' }).cage);
  expectType<Cage>()(spawn('true', [], { memory: { max: 1e7, swap: 0 } }).cage);
  expectType<Cage>()(spawn('true', ['x'], { cage: shared }).cage);
  expectType<null>()(spawn('true').cage);
  expectType<null>()(spawn('true', []).cage);
  expectType<null>()(spawn('true', [], {}).cage);
  expectType<null>()(spawn('true', undefined, { namespaces: { pid: true } }).cage);
  expectType<null>()(spawn('true', { stdio: 'ignore' }).cage);

  // And so is what the kernel tells of its memory.
  expectType<Outcome>()(await spawn('true', { memory: '10M' }).outcome);
  expectType<MemoryReport>()((await spawn('true', { memory: '10M' }).outcome).memory);
  expectType<null>()((await spawn('true').outcome).memory);
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

async function runs(): Promise<void> {
  expectType<string>()((await run('true')).stdout);
  expectType<string>()((await run('true', { memory: '10M' })).stderr);
  expectType<string>()((await run('true', [], { encoding: 'latin1' })).stdout);
  expectType<Buffer>()((await run('true', [], { encoding: 'buffer' })).stdout);
  expectType<Buffer>()((await run('true', { encoding: 'buffer', memory: '10M' })).stderr);
  expectType<MemoryReport>()((await run('true', { memory: '10M' })).memory);
  expectType<MemoryReport>()((await run('true', [], { cage: shared })).memory);
  expectType<null>()((await run('true')).memory);
}

async function many(): Promise<void> {
  await using cage = createCage({ memory: '512M', parent: Cgroup.self() });
  expectType<MultiCage>()(cage);
  expectType<Cage>()(cage.spawn('true').cage);
  expectType<Readable>()(cage.spawn('true', ['x']).stdout);
  expectType<null>()(cage.spawn('true', { stdio: 'ignore' }).stdout);
  expectType<Buffer>()((await cage.run('true', { encoding: 'buffer' })).stdout);
  expectType<MemoryReport>()((await cage.run('true')).memory);
  cage.on('oom', (event) => expectType<OomEvent>()(event));
  cage.once('close', () => {});
  // @ts-expect-error no such event
  cage.on('exit', () => {});
  // @ts-expect-error the cage has the limit
  cage.spawn('true', { memory: '5M' });
  // @ts-expect-error the cage is the parent
  void cage.run('true', { parent: '/' });
  // @ts-expect-error a cage has a limit
  createCage({});
}

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
    expectType<Outcome>()(error.outcome);
    expectType<MemoryReport>()(error.outcome.memory);
  }
  if (error instanceof MemcageError) {
    expectType<ErrorCode>()(error.code);
    expectType<number | undefined>()(error.errno);
    // @ts-expect-error no such code
    if (error.code === 'ERR_MEMCAGE_NO_SUCH_CODE') return;
    if (error.code === 'ERR_MEMCAGE_FROZEN') return;
  }
}

// Options that are made elsewhere fit.
spawn('true', [], options);
void [cages, streams, runs, many, groups, wrongOptions, errors];

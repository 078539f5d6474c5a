// Compiled by the type check (npm run lint), never run. Each @ts-expect-error is a test: unused, it is an error itself.
import type { Readable, Writable } from 'node:stream';
import {
  type Budget,
  type Cage,
  createBudget,
  type JobEndedEvent,
  type MemoryReport,
  type Room,
  type SharedCage,
} from 'memcage';
import { expectType } from './expect-type';

async function jobs(): Promise<void> {
  const budget = createBudget({ memory: '8G', cpu: 4, pids: 100, concurrency: 3, nodeHeap: 'auto', nice: 5 });
  expectType<Budget>()(budget);
  await using sameBudget = budget;
  expectType<SharedCage>()(sameBudget.cage);

  // As the functions of a cage, but for the promise.
  const { stdout, memory } = await budget.run('true', ['x'], { memory: '1G', key: 'a', priority: -1.5 });
  expectType<string>()(stdout);
  expectType<MemoryReport>()(memory);
  expectType<Buffer>()((await budget.run('true', { memory: { max: '1G', swap: 0 }, encoding: 'buffer' })).stdout);
  const child = await budget.spawn('cat', { memory: '1G', stdio: ['pipe', 'pipe', 'ignore'] });
  expectType<Writable>()(child.stdin);
  expectType<Readable>()(child.stdout);
  expectType<null>()(child.stderr);
  expectType<Cage>()(child.cage);
  expectType<Cage>()((await budget.fork('module.js', [], { memory: '1G' })).cage);

  // @ts-expect-error memory is required
  void budget.run('true');
  // @ts-expect-error memory is required
  void budget.run('true', []);
  // @ts-expect-error memory is required without learn
  void budget.run('true', { key: 'a' });
  // @ts-expect-error memory is required
  void budget.spawn('true', [], {});
  // @ts-expect-error run() has the output, and contain() takes any function of Node's
  void budget.exec('true', { memory: '1G' });
  // @ts-expect-error it says where
  void budget.run('true', { memory: '1G', cage: budget.cage });
  // @ts-expect-error it is called priority
  void budget.run('true', { memory: '1G', prioritty: 5 });
  // @ts-expect-error it is called swap
  void budget.run('true', { memory: { max: '1G', swpa: 0 } });
  // @ts-expect-error only run() has input
  void budget.spawn('true', { memory: '1G', input: 'text' });

  expectType<Room>()(await budget.reserve({ memory: '1G', cpu: 0.5, pids: 3, signal: AbortSignal.timeout(5) }));
  using room = await budget.reserve({ memory: 5000 });
  expectType<number>()(room.memoryBytes);
  // @ts-expect-error memory is required
  void budget.reserve({ key: 'a' });

  budget.on('ended', (event) => {
    expectType<JobEndedEvent>()(event);
    expectType<'memory' | 'budget' | null>()(event.again);
  });
  // @ts-expect-error it is called ended
  budget.on('end', () => {});
}

async function learned(): Promise<void> {
  const budget = createBudget({ memory: '8G', learn: { file: 'learned.json', floor: '32M', ceiling: '2G' } });
  expectType<MemoryReport>()((await budget.run('true', { key: 'a' })).memory);
  await budget.run('true', { memory: '1G' });
  await budget.spawn('true', [], { key: 'a', memory: '1G' });
  // @ts-expect-error one of them
  void budget.run('true', { priority: 1 });
}

function options(): void {
  // @ts-expect-error memory is required
  createBudget({});
  // @ts-expect-error memory is required
  createBudget({ cpu: 4 });
  // @ts-expect-error it is called concurrency
  createBudget({ memory: '1G', concurency: 4 });
  // @ts-expect-error only 'limits' and 'use'
  createBudget({ memory: '1G', admit: 'all' });
}

void [jobs, learned, options];

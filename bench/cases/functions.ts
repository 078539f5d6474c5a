import node, { type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import type { Readable, Writable } from 'node:stream';
import * as memcage from 'memcage';
import { byTurns, type Measure, type TurnOptions } from '../support/by-turns';
import type { Case, Row } from '../support/case';
import { PROGRAM } from '../support/starts';
import { milliseconds } from '../support/stats';

const MIB = 1024 * 1024;
const FORKED = join(__dirname, '../support/first-message.js');
const CAT = '/bin/cat';
const AT_ONCE = 200;

/** A call of Node's function, or of memcage's in a cage. */
interface Functions {
  fork(): ChildProcess;
  exec(done: (error: Error | null) => void): unknown;
  execFile(done: (error: Error | null) => void): unknown;
  spawnSync(): { status: number | null };
  pipes(): ChildProcess;
}

const stock: Functions = {
  fork: () => node.fork(FORKED),
  exec: (done) => node.exec(PROGRAM, done),
  execFile: (done) => node.execFile(PROGRAM, done),
  spawnSync: () => node.spawnSync(PROGRAM),
  pipes: () => node.spawn(CAT),
};

const caged: Functions = {
  fork: () => memcage.fork(FORKED, { memory: '500M' }),
  exec: (done) => memcage.exec(PROGRAM, { memory: '100M' }, done),
  execFile: (done) => memcage.execFile(PROGRAM, { memory: '100M' }, done),
  spawnSync: () => memcage.spawnSync(PROGRAM, { memory: '100M' }),
  pipes: () => memcage.spawn(CAT, { memory: '100M' }),
};

/** Time to the first message. The end of the child is not measured. */
async function timeFork({ fork }: Functions): Promise<number> {
  const called = process.hrtime.bigint();
  const child = fork();
  await once(child, 'message');
  const time = milliseconds(called, process.hrtime.bigint());
  child.send('end');
  await once(child, 'exit');
  return time;
}

async function timeCallback(start: (done: (error: Error | null) => void) => unknown): Promise<number> {
  const called = process.hrtime.bigint();
  await new Promise<void>((resolve, reject) => start((error) => (error === null ? resolve() : reject(error))));
  return milliseconds(called, process.hrtime.bigint());
}

function timeSync({ spawnSync }: Functions): number {
  const called = process.hrtime.bigint();
  if (spawnSync().status !== 0) throw new Error('spawnSync failed');
  return milliseconds(called, process.hrtime.bigint());
}

const megabyte = Buffer.alloc(MIB, 'x');
const line = Buffer.from('a line\n');

/** Writes all data to the child, and reads the same amount from it. */
async function passThrough(child: ChildProcess, data: Buffer): Promise<void> {
  const { stdin, stdout } = child as ChildProcess & { stdin: Writable; stdout: Readable };
  let length = 0;
  stdout.on('data', (chunk: Buffer) => {
    length += chunk.length;
  });
  stdin.end(data);
  await once(child, 'close');
  if (length !== data.length) throw new Error(`${length} of ${data.length} bytes came back`);
}

async function timePipes({ pipes }: Functions): Promise<number> {
  const called = process.hrtime.bigint();
  await passThrough(pipes(), megabyte);
  return milliseconds(called, process.hrtime.bigint());
}

async function timeManyPipes({ pipes }: Functions): Promise<number> {
  const called = process.hrtime.bigint();
  await Promise.all(Array.from({ length: AT_ONCE }, () => passThrough(pipes(), line)));
  return milliseconds(called, process.hrtime.bigint());
}

async function compare(
  measure: string,
  bound: number,
  time: (functions: Functions) => ReturnType<Measure>,
  options: TurnOptions,
): Promise<Row> {
  const medians = await byTurns({ stock: () => time(stock), caged: () => time(caged) }, options);
  return row(measure, bound, medians.caged, medians.stock);
}

function row(measure: string, bound: number, ours: number, theirs: number): Row {
  const figure = ours / theirs;
  const value = `${figure.toFixed(3)} (${ours.toFixed(3)} ms / ${theirs.toFixed(3)} ms)`;
  return { measure, value, figure, bound, claim: [measure, 0] };
}

export const functions: Case = {
  name: 'functions',
  async run({ quick }) {
    const short = { count: quick ? 200 : 1000, warmUp: 100, block: 10 };
    const long = { count: quick ? 30 : 100, warmUp: 5, block: 5 };
    return [
      // Starting Node takes 30 times as long as anything that a cage could save.
      await compare('`fork`, to the first message', 1, timeFork, long),
      await compare('`exec`, to its callback', 0.9, ({ exec }) => timeCallback(exec), short),
      await compare('`execFile`, to its callback', 0.9, ({ execFile }) => timeCallback(execFile), short),
      await compare('`spawnSync`', 1.3, timeSync, short),
      await compare('`spawn`, three pipes, 1 MiB through them', 0.9, timePipes, { ...short, warmUp: 30 }),
      await compare(`\`spawn\`, ${AT_ONCE} at once with three pipes`, 1, timeManyPipes, {
        count: quick ? 6 : 20,
        warmUp: 2,
        block: 1,
      }),
    ];
  },
};

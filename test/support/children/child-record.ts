import type { ChildProcess } from 'node:child_process';
import type { Readable } from 'node:stream';
import { thrown as errorOf } from '../thrown';

const EVENTS = ['spawn', 'exit', 'close', 'error', 'message', 'disconnect'];

/** Every event of a child with its arguments, in order. Errors become plain data without pids and stacks. */
export function recordEvents(child: ChildProcess): unknown[][] {
  const events: unknown[][] = [];
  for (const name of EVENTS) {
    child.on(name, (...args: unknown[]) => {
      events.push([
        name,
        ...args.filter((arg) => arg !== undefined).map((arg) => (isError(arg) ? errorData(arg) : arg)),
      ]);
    });
  }
  return events;
}

export const eventNames = (events: readonly unknown[][]): unknown[] => events.map(([name]) => name);

/**
 * The events in order, but with 'disconnect' last: if a child ends by itself, the system decides whether it comes
 * before 'exit'.
 */
export function disconnectLast<T extends unknown[]>(events: T[]): T[] {
  const isDisconnect = ([name]: T): boolean => name === 'disconnect';
  return [...events.filter((event) => !isDisconnect(event)), ...events.filter(isDisconnect)];
}

// Node's errors belong to another realm than a Jest test.
function isError(value: unknown): value is Error {
  return Object.prototype.toString.call(value) === '[object Error]';
}

export function errorData(error: Error): Record<string, unknown> {
  return { ...error, name: error.name, message: error.message };
}

/** What a call throws, as data. */
export const thrownData = (call: () => unknown): Record<string, unknown> => errorData(errorOf(call));

/** The fields of a child that do not differ from run to run. */
export function fieldsOf(child: ChildProcess): Record<string, unknown> {
  const { connected, exitCode, signalCode, killed, spawnfile, spawnargs, stdin, stdout, stderr, stdio, channel } =
    child;
  return {
    connected,
    exitCode,
    signalCode,
    killed,
    spawnfile,
    spawnargs,
    pid: typeof child.pid,
    streams: [stdin, stdout, stderr].map(kindOf),
    stdio: stdio?.map(kindOf),
    channel: kindOf(channel),
    send: typeof child.send,
    keys: Object.keys(child).filter((key) => !['cage', 'outcome'].includes(key)),
  };
}

function kindOf(value: unknown): unknown {
  return typeof value === 'object' && value !== null ? value.constructor.name : value;
}

export async function textOf(stream: Readable | null | undefined): Promise<string | undefined> {
  if (!stream) return undefined;
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
}

export interface ChildRecord {
  events: unknown[][];
  before: Record<string, unknown>;
  after: Record<string, unknown>;
  stdout: string | undefined;
  stderr: string | undefined;
}

/** Follows a child, which ends by itself or is killed, until its 'close'. */
export async function follow(child: ChildProcess): Promise<ChildRecord> {
  const events = recordEvents(child);
  const before = fieldsOf(child);
  // Not events.once(), which rejects at 'error', and 'close' comes after it.
  const closed = new Promise((resolve) => child.once('close', resolve));
  const [stdout, stderr] = await Promise.all([textOf(child.stdout), textOf(child.stderr), closed]);
  return { events: disconnectLast(events), before, after: fieldsOf(child), stdout, stderr };
}

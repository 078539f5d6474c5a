import { closeSync, openSync, readFileSync, readlinkSync, rmSync, writeSync } from 'node:fs';
import { createServer, type Socket } from 'node:net';
import { setTimeout } from 'node:timers/promises';
import { parentPort, workerData } from 'node:worker_threads';
import { started, tell } from '../../../common/event-loop/in-own-thread';
import { printable } from '../../../common/text/names';
import { isNode } from '../../../process/node-heap';
import type { HeapAddress } from '../messages';
import { checkedThreads } from './checked-threads';
import type { HeapAnswer, HeapRequest } from './messages';
import type { Answer, Hello, Order } from './protocol';
import { summarizeSnapshot } from './summarize';

/** A process tells some kilobytes of itself. */
const MOST_LINE = 1024 ** 2;
/** Where it waits for the thread in a process. */
const START_MS = 1000;
const START_STEP_MS = 5;
const MOST_REASON = 200;
const MOST_SNAPSHOT = 4 * 1024 ** 3;

const { name, secret } = workerData as HeapAddress;
const told = tell<HeapAnswer>;
/** By pid, as the process has it. */
const children = new Map<number, Set<Child>>();
const takes = new Map<number, Take>();
let summaries = Promise.resolve();

/** A Node process that waits for an order. */
class Child {
  /** Calls it once with what the process answers, or why it does not. */
  waits: ((answer: Answer | string) => void) | undefined;

  constructor(
    readonly pid: number,
    private readonly socket: Socket,
  ) {}

  order(order: Order, waits: (answer: Answer | string) => void): void {
    this.waits?.('it was asked anew');
    this.waits = waits;
    this.socket.write(`${JSON.stringify(order)}\n`);
  }

  told(answer: Answer | string): void {
    const { waits } = this;
    this.waits = undefined;
    waits?.(answer);
  }
}

/** A snapshot on its way into a file. */
class Take {
  #fd: number | undefined;
  #bytes = 0;
  #isClosed = false;
  #answer: string | true | undefined;
  #failure: string | undefined;

  constructor(
    readonly pid: number,
    private readonly path: string,
    private readonly done: (answer: { bytes: number } | { failed: string }) => void,
  ) {
    this.#fd = openSync(path, 'wx', 0o600);
  }

  begin(socket: Socket): void {
    socket.on('data', (chunk) => {
      if (!this.#write(chunk)) socket.destroy();
    });
    socket.on('close', () => {
      this.#isClosed = true;
      this.#conclude();
    });
  }

  /** @param answer true: the process has written all */
  answered(answer: string | true): void {
    this.#answer = answer;
    if (answer !== true) this.#isClosed = true;
    this.#conclude();
  }

  #write(chunk: Buffer): boolean {
    if (this.#fd === undefined) return false;
    this.#bytes += chunk.length;
    if (this.#bytes > MOST_SNAPSHOT) this.#failure = 'its heap snapshot is larger than 4 GiB';
    try {
      if (this.#failure === undefined) for (let at = 0; at < chunk.length; ) at += writeSync(this.#fd, chunk, at);
    } catch (error) {
      this.#failure = (error as Error).message;
    }
    return this.#failure === undefined;
  }

  #conclude(): void {
    if (!this.#isClosed || this.#answer === undefined || this.#fd === undefined) return;
    closeSync(this.#fd);
    this.#fd = undefined;
    const failed = this.#failure ?? (this.#answer === true ? undefined : this.#answer);
    if (failed !== undefined) rmSync(this.path, { force: true });
    this.done(failed === undefined ? { bytes: this.#bytes } : { failed });
  }
}

const server = createServer((socket) => {
  let text = Buffer.alloc(0);
  socket.on('error', () => undefined);
  const greeted = (chunk: Buffer): void => {
    text = Buffer.concat([text, chunk]);
    const end = text.indexOf('\n');
    if (end < 0 && text.length < 1024) return;
    socket.off('data', greeted);
    const hello = helloIn(text.toString('utf8', 0, end));
    if (hello === undefined) {
      socket.destroy();
      return;
    }
    const rest = text.subarray(end + 1);
    if (hello.data === undefined) admit(hello.pid, socket);
    else {
      const take = takes.get(hello.data);
      if (take?.pid !== hello.pid) {
        socket.destroy();
        return;
      }
      take.begin(socket);
    }
    if (rest.length > 0) socket.emit('data', rest);
  };
  socket.on('data', greeted);
  socket.unref();
});

/** Of this process's children only: anybody may connect. */
function helloIn(line: string): Hello | undefined {
  try {
    const hello = JSON.parse(line) as Hello;
    return hello.secret === secret && Number.isInteger(hello.pid) ? hello : undefined;
  } catch {
    return undefined;
  }
}

function admit(pid: number, socket: Socket): void {
  const child = new Child(pid, socket);
  const same = children.get(pid) ?? new Set();
  children.set(pid, same.add(child));
  let text = '';
  socket.on('data', (chunk) => {
    text += chunk.toString('latin1');
    if (text.length > MOST_LINE) socket.destroy();
    const lines = text.split('\n');
    text = lines.pop() ?? '';
    for (const line of lines) {
      try {
        child.told(JSON.parse(Buffer.from(line, 'latin1').toString('utf8')) as Answer);
      } catch {
        socket.destroy();
      }
    }
  });
  socket.on('close', () => {
    same.delete(child);
    if (same.size === 0) children.delete(pid);
    child.told('it has ended meanwhile');
  });
}

/** The Node process with that pid here, which it may have another one for. */
function childOf(pid: number): Child | string {
  let own = pid;
  try {
    own = Number(/^NSpid:.*?(\d+)$/m.exec(readFileSync(`/proc/${pid}/status`, 'latin1'))?.[1] ?? pid);
  } catch {
    return 'it has ended meanwhile';
  }
  const [child, ...others] = children.get(own) ?? [];
  if (child === undefined) return 'it is no Node process that has loaded what memcage added to NODE_OPTIONS';
  return others.length === 0 ? child : 'several processes have its pid, in PID namespaces of their own';
}

/** A program that fills memory from its first line on does so before the thread in it has started. */
async function startedChildOf(pid: number): Promise<Child | string> {
  for (let waitedMs = 0; ; waitedMs += START_STEP_MS) {
    const child = childOf(pid);
    if (typeof child !== 'string' || waitedMs >= START_MS || !isNodeNow(pid)) return child;
    await setTimeout(START_STEP_MS);
  }
}

function isNodeNow(pid: number): boolean {
  try {
    return isNode(readlinkSync(`/proc/${pid}/exe`));
  } catch {
    return false;
  }
}

async function ask({ id, pid }: Extract<HeapRequest, { kind: 'ask' }>): Promise<void> {
  const child = await startedChildOf(pid);
  if (typeof child === 'string') {
    told(id, { failed: child });
    return;
  }
  child.order({ ask: id }, (answer) => {
    if (typeof answer === 'string') told(id, { failed: answer });
    else if ('asked' in answer && answer.asked === id) told(id, { threads: checkedThreads(answer.threads) });
    else told(id, { failed: 'it has answered something else' });
  });
}

function take({ id, pid, session, path }: Extract<HeapRequest, { kind: 'take' }>): void {
  const child = childOf(pid);
  if (typeof child === 'string') {
    told(id, { failed: child });
    return;
  }
  try {
    const begun = new Take(child.pid, path, (answer) => {
      takes.delete(id);
      told(id, answer);
    });
    takes.set(id, begun);
    child.order({ take: id, session }, (answer) => {
      if (typeof answer === 'string') begun.answered(answer);
      else if ('taken' in answer)
        begun.answered(answer.failed === undefined ? true : printable(String(answer.failed).slice(0, MOST_REASON)));
      else begun.answered('it has answered something else');
    });
  } catch (error) {
    told(id, { failed: (error as Error).message });
  }
}

/** One after the other: each may take much memory. */
function summarize({ id, path }: Extract<HeapRequest, { kind: 'summarize' }>): void {
  const failed = (error: Error): void => told(id, { failed: error.message });
  summaries = summaries.then(() => summarizeSnapshot(path).then((types) => told(id, types), failed));
}

parentPort?.on('message', (request: HeapRequest) => {
  switch (request.kind) {
    case 'ask':
      void ask(request);
      break;
    case 'take':
      take(request);
      break;
    case 'summarize':
      summarize(request);
      break;
    case 'drop':
      takes.get(request.id)?.answered('it is too late');
  }
});

server.on('error', (error) => started(`can't listen for Node children: ${error.message}`));
server.listen(`\0${name}`, () => started());
server.unref();

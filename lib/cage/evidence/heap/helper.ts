// The thread in a Node child that waits for an order. It reaches the other threads through the inspector, which interrupts
// JavaScript, within this process: nothing listens.
import { Session } from 'node:inspector';
import { connect, type Socket } from 'node:net';
import { workerData } from 'node:worker_threads';
import { type Answer, HELPER, type Hello, type Order, type ThreadMemory } from './protocol';

/** How long the other threads have to answer. */
const PATIENCE_MS = 500;

/** Evaluated in the thread that is looked at: it must not use anything of this file. */
function look(): string {
  const v8 = process.getBuiltinModule('node:v8');
  const { heapUsed, heapTotal, external, arrayBuffers } = process.memoryUsage();
  const { malloced_memory: malloced, heap_size_limit: heapLimit } = v8.getHeapStatistics();
  const code = v8.getHeapCodeStatistics();
  const spaces = v8.getHeapSpaceStatistics().map((space) => ({
    name: space.space_name,
    usedBytes: space.space_used_size,
    sizeBytes: space.space_size,
  }));
  const stack = (new Error('here').stack ?? '').split('\n').slice(3, 13);
  return JSON.stringify({
    ...{ heapUsed, heapTotal, heapLimit, external, arrayBuffers, malloced, spaces },
    code: code.code_and_metadata_size + code.bytecode_and_metadata_size,
    scripts: code.external_script_source_size,
    stack: stack.map((line) => line.trim()),
  });
}

/** Evaluated there too. As the snapshot is made, it goes into the socket, and is never here as a whole. */
function writeSnapshot(fd: number): void {
  const { writeSync } = process.getBuiltinModule('node:fs');
  const cell = new Int32Array(new SharedArrayBuffer(4));
  const put = (chunk: Buffer): void => {
    let rest = chunk;
    while (rest.length > 0) {
      try {
        rest = rest.subarray(writeSync(fd, rest));
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') throw error;
        Atomics.wait(cell, 0, 0, 1);
      }
    }
  };
  let failure: unknown;
  const snapshot = process.getBuiltinModule('node:v8').getHeapSnapshot();
  const read = snapshot._read;
  // V8 serializes all of it in one go, into this. The stream would keep it until somebody reads.
  Object.assign(snapshot, {
    _read: () => undefined,
    push(chunk: Buffer | null) {
      try {
        if (chunk !== null && failure === undefined) put(chunk);
      } catch (error) {
        failure = error;
      }
      return true;
    },
  });
  read.call(snapshot, 0);
  snapshot.destroy();
  if (failure !== undefined) throw failure as Error;
}

type Evaluated = { result: { value?: unknown }; exceptionDetails?: { exception?: { description?: string } } };

/** The threads of this process, by the inspector. */
class Threads {
  readonly #session = new Session();
  readonly #others = new Map<string, string>();
  readonly #waiting = new Map<string, (answer: { result?: Evaluated; error?: { message: string } }) => void>();
  #lastId = 0;

  constructor() {
    this.#session.connectToMainThread();
    this.#session.on('NodeWorker.attachedToWorker', ({ params: { sessionId, workerInfo } }) => {
      if (!workerInfo.title.includes(HELPER)) this.#others.set(sessionId, workerInfo.title);
    });
    this.#session.on('NodeWorker.receivedMessageFromWorker', ({ params: { sessionId, message } }) => {
      const answer = JSON.parse(message) as { id: number; result?: Evaluated; error?: { message: string } };
      const key = `${sessionId} ${answer.id}`;
      this.#waiting.get(key)?.(answer);
      this.#waiting.delete(key);
    });
  }

  end(): void {
    this.#session.disconnect();
  }

  async look(): Promise<ThreadMemory[]> {
    const main = this.#lookAt(undefined, 'main thread');
    await new Promise<void>((resolve) => {
      this.#session.post('NodeWorker.enable', { waitForDebuggerOnStart: false }, () => resolve());
    });
    const found = [await main];
    const others = Promise.all(
      Array.from(this.#others, async ([session, title]) => found.push(await this.#lookAt(session, title))),
    );
    const late = new Promise<void>((resolve) => setTimeout(resolve, PATIENCE_MS));
    await Promise.race([others.catch(() => undefined), late]);
    return [...found];
  }

  async write(session: string | undefined, fd: number): Promise<void> {
    await this.#evaluate(session, `(${writeSnapshot})(${fd})`);
  }

  async #lookAt(session: string | undefined, title: string): Promise<ThreadMemory> {
    const text = await this.#evaluate(session, `(${look})()`);
    return { ...(session !== undefined && { session }), title, ...(JSON.parse(text) as Omit<ThreadMemory, 'title'>) };
  }

  #evaluate(session: string | undefined, expression: string): Promise<string> {
    return new Promise((resolve, reject) => {
      const done = (error: { message: string } | null | undefined, answer: Evaluated | undefined): void => {
        const thrown = error?.message ?? answer?.exceptionDetails?.exception?.description;
        if (thrown === undefined) resolve(String(answer?.result.value));
        else reject(new Error(thrown));
      };
      const params = { expression, returnByValue: true };
      if (session === undefined) {
        this.#session.post('Runtime.evaluate', params, (error, answer) => done(error, answer as Evaluated | undefined));
        return;
      }
      this.#lastId += 1;
      const id = this.#lastId;
      this.#waiting.set(`${session} ${id}`, ({ error, result }) => done(error, result));
      const message = JSON.stringify({ id, method: 'Runtime.evaluate', params });
      this.#session.post('NodeWorker.sendMessageToWorker', { sessionId: session, message });
    });
  }
}

function serve(address: string): void {
  const [name = '', secret = ''] = address.split(':');
  const path = `\0${name}`;
  const { pid } = process;
  const socket = connect(path);
  const greet = (to: Socket, hello: Hello): void => void to.write(`${JSON.stringify(hello)}\n`);
  const answer = (told: Answer): void => void socket.write(`${JSON.stringify(told)}\n`);
  // Whoever made the socket is gone.
  socket.on('error', () => undefined);
  greet(socket, { secret, pid });
  let threads: Threads | undefined;

  const take = (id: number, session: string | undefined): void => {
    const told = (failed?: string): void => answer({ taken: id, ...(failed !== undefined && { failed }) });
    const data = connect(path);
    data.on('error', () => undefined);
    data.write(`${JSON.stringify({ secret, pid, data: id } satisfies Hello)}\n`, () => {
      // Node has no other name for it.
      const { fd } = (data as unknown as { _handle: { fd: number } })._handle;
      threads ??= new Threads();
      threads
        .write(session, fd)
        .then(
          () => told(),
          (error: Error) => told(error.message.slice(0, 200)),
        )
        .finally(() => data.end());
    });
  };

  const obey = async (order: Order): Promise<void> => {
    if ('take' in order) {
      take(order.take, order.session);
      return;
    }
    threads ??= new Threads();
    answer({ asked: order.ask, threads: await threads.look() });
  };

  let text = '';
  socket.setEncoding('utf8').on('data', (chunk: string) => {
    const lines = `${text}${chunk}`.split('\n');
    text = lines.pop() ?? '';
    for (const line of lines) obey(JSON.parse(line) as Order).catch(() => undefined);
  });
  socket.on('close', () => threads?.end());
}

serve(workerData as string);

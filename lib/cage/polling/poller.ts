import { accessSync, constants, readlinkSync } from 'node:fs';
import { MessageChannel, type MessagePort, receiveMessageOnPort, Worker } from 'node:worker_threads';
import { companion } from '../../common/addon/companion';
import { addonPath } from '../../common/addon/load-native';
import { ErrorCode, MemcageError } from '../../common/errors/errors';
import { CURE, words } from '../../common/errors/words';
import { cancel, later, outsideOfCalls } from '../../common/event-loop/timers';
import { readPageSize } from '../../common/machine/proc';
import { FdReserve } from './fd-reserve';
import type { SamplerData, SamplerReport, SamplerRequest } from './messages';

/** Throws ERR_MEMCAGE_UNSUPPORTED with the reason and the cure if this process can't sample the memory of others. */
export function refuseWhereNothingCanBeSampled(platform: NodeJS.Platform): void {
  const permission: { has(scope: string, reference?: string): boolean } | undefined = process.permission;
  if (permission?.has('worker') === false) {
    throw refusal('the permission model forbids the worker thread that does so', 'add --allow-worker to --permission');
  }
  if (platform !== 'linux') {
    if (permission?.has('child') !== false) return;
    throw refusal('the permission model forbids to start ps', 'add --allow-child-process to --permission');
  }
  if (permission?.has('fs.read', '/proc') === false) {
    throw refusal('the permission model forbids to read /proc', 'add --allow-fs-read=/proc to --permission');
  }
  let self: string;
  try {
    self = readlinkSync('/proc/self');
    accessSync(`/proc/${self}/stat`, constants.R_OK);
  } catch (cause) {
    throw refusal('/proc is not mounted, or can not be read', 'mount -t proc proc /proc', cause);
  }
  if (self !== String(process.pid)) {
    throw refusal('/proc shows the processes of another PID namespace', 'mount -t proc proc /proc');
  }
}

function refusal(why: string, cure: string, cause?: unknown): MemcageError {
  return new MemcageError(
    ErrorCode.UNSUPPORTED,
    words`memcage can't look at the memory of processes: ${why}${CURE}${cure}`,
    { cause },
  );
}

/** The sampler waits so long for another group: to start a thread takes some 30 ms. */
const IDLE_MS = 5000;

/** What the sampler needs of the environment, to find and start `ps` and what Windows has instead. */
const ENVIRONMENT = ['PATH', 'Path', 'PATHEXT', 'SystemRoot', 'windir', 'ComSpec', 'TEMP'];

/** Who gets the reports about one group. */
export interface GroupListener {
  onReport(report: SamplerReport): void;
  /** The sampler is no more. Once. Resolves when it has done what it can without. */
  onFailed(cause: unknown): Promise<void>;
}

/** The sampler of this thread: a worker thread, so that it works while the event loop is blocked. */
class Poller {
  /** For what its groups must do without it. */
  readonly reserve = new FdReserve();
  /** Its thread is there. */
  hasLooked = false;
  readonly #worker: Worker;
  readonly #reports: MessagePort;
  readonly #listeners = new Map<number, GroupListener>();
  #lastGroup = 0;
  #waiting = 0;
  #idle: NodeJS.Timeout | undefined;
  #isOver = false;

  constructor(platform: NodeJS.Platform) {
    refuseWhereNothingCanBeSampled(platform);
    const { port1, port2 } = new MessageChannel();
    this.#reports = port1;
    const workerData: SamplerData = {
      reports: port2,
      addon: addonIfThere(),
      platform,
      pageBytes: platform === 'linux' ? readPageSize() : 0,
    };
    this.#worker = new Worker(companion('polling-worker.js'), {
      name: 'memcage-sampler',
      workerData,
      transferList: [port2],
      // Loaders and checks of the program are not for this thread.
      execArgv: [],
      env: minimalEnvironment(),
      // What it could print is no business of the program; its errors arrive as an event.
      stdout: true,
      stderr: true,
      resourceLimits: { maxOldGenerationSizeMb: 64, maxYoungGenerationSizeMb: 8 },
    });
    this.#worker.once('error', (cause) => this.#fail(cause));
    this.#worker.once('exit', (code) => this.#fail(new Error(`its thread has ended with code ${code}`)));
    port1.on('message', (report: SamplerReport) => this.#deliver(report));
    this.#worker.unref();
    port1.unref();
  }

  get isOver(): boolean {
    return this.#isOver;
  }

  /** @returns the number of the new group */
  add(listener: GroupListener): number {
    cancel(this.#idle);
    this.#lastGroup += 1;
    this.#listeners.set(this.#lastGroup, listener);
    return this.#lastGroup;
  }

  delete(group: number): void {
    if (!this.#listeners.delete(group) || this.#listeners.size > 0 || this.#isOver) return;
    this.#idle = later(() => this.#end(), IDLE_MS);
    this.#idle.unref();
  }

  send(request: SamplerRequest): void {
    this.#worker.postMessage(request);
  }

  /** Delivers the reports that have arrived, while the event loop is blocked. */
  deliverNow(): void {
    for (;;) {
      const received = receiveMessageOnPort(this.#reports) as { message: SamplerReport } | undefined;
      if (received === undefined) return;
      this.#deliver(received.message);
    }
  }

  /** Keeps the event loop alive until a report has come. */
  holdLoop(): () => void {
    this.#waiting += 1;
    this.#reports.ref();
    return () => {
      this.#waiting -= 1;
      if (this.#waiting === 0) this.#reports.unref();
    };
  }

  #deliver(report: SamplerReport): void {
    this.#listeners.get(report.group)?.onReport(report);
  }

  #end(): void {
    this.#isOver = true;
    this.send({ kind: 'end' });
    this.#reports.close();
    this.reserve.lend();
  }

  #fail(cause: unknown): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.deliverNow();
    this.#reports.close();
    const listeners = [...this.#listeners.values()];
    this.#listeners.clear();
    void Promise.all(listeners.map((listener) => listener.onFailed(cause))).then(() => void this.reserve.lend());
  }
}

let poller: Poller | undefined;

/**
 * The sampler of this thread; starts it if there is none. Throws ERR_MEMCAGE_UNSUPPORTED where that is impossible.
 *
 * @param platform another one than that of this process only in tests
 */
export function samplerFor(platform: NodeJS.Platform): Poller {
  if (poller === undefined || poller.isOver) poller = outsideOfCalls(() => new Poller(platform));
  return poller;
}

export type { Poller };

function addonIfThere(): string | null {
  if (process.platform !== 'linux') return null;
  try {
    return addonPath();
  } catch {
    // Signals are sent by pid then.
    return null;
  }
}

function minimalEnvironment(): NodeJS.ProcessEnv {
  const kept = ENVIRONMENT.flatMap((name) => {
    const value = process.env[name];
    return value === undefined ? [] : [[name, value] as const];
  });
  return { ...Object.fromEntries(kept), LC_ALL: 'C', PIDUSAGE_SILENT: '1' };
}

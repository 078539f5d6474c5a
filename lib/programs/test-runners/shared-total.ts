import { mkdirSync } from 'node:fs';
import { freemem } from 'node:os';
import { dirname, resolve } from 'node:path';
import { contradiction } from '../../common/errors/argument-errors';
import { formatSize } from '../../common/text/size';
import { type CagedChild, type Cgroup, createCage, type EvidenceOption, type SharedCage } from '../../index';
import { LearnFile } from '../../jobs/budget/learning/learn-file';
import { LessonStore } from '../../jobs/budget/learning/lesson-store';
import { Needs } from './needs';
import type { Plan } from './options';
import { type EnterOptions, Rooms } from './rooms';
import { type TestFile, TestWorker } from './test-worker';

type Cage = SharedCage<Cgroup | null>;

/** What each worker is started with. */
export interface WorkerLimits {
  memory: number;
  evidence?: EvidenceOption;
}

export interface WorkerOptions extends EnterOptions {
  plan: Plan;
  /** Starts the process in this cage, with these options beside its own. */
  start: (cage: Cage, limits: WorkerLimits) => CagedChild<Cgroup | null>;
}

/** Where what is learned is kept, unless the plan says otherwise. */
const LEARN_FILE = 'node_modules/.cache/memcage/test-files.json';
/** The rest is for the runner itself, and for what else runs. */
const SHARE_OF_AVAILABLE = 4 / 5;

/** What is of the total rather than of a worker, with the name of its option. */
const SHARED = { totalBytes: 'total', learnFile: 'learnFile', enforce: 'enforce' } as const;

let current: SharedTotal | undefined;

/** The cage around all workers of this process, which all projects share. */
export class SharedTotal {
  readonly #owners = new Set<object>();
  readonly #rooms: Rooms;
  #closing: Promise<void> | undefined;

  private constructor(
    readonly cage: Cage,
    readonly bytes: number,
    private readonly plan: Plan,
    private readonly needs: Needs,
  ) {
    this.#rooms = new Rooms(bytes);
  }

  /**
   * The total that there is, or a new one.
   *
   * @param owner whose end ends it: {@link leave}
   * @param root of the project
   * @throws a MemcageError if the cage can't be made; TypeError if the plan asks for another total than one with workers
   */
  static join(plan: Plan, owner: object, root: string): SharedTotal {
    let total = current;
    const other = total && otherIn(plan, total.plan);
    if (total !== undefined && other !== undefined) {
      if (total.#rooms.taken + total.#rooms.waiting > 0) throw otherTotal(other, plan, total.plan);
      void total.#close().catch(complain);
      total = undefined;
    }
    total ??= SharedTotal.#open(plan, root);
    if (plan.memoryBytes > total.bytes) throw tooLarge(plan, total.bytes);
    current = total;
    total.#owners.add(owner);
    return total;
  }

  static #open(plan: Plan, root: string): SharedTotal {
    const { memoryBytes, totalBytes, learnFile, enforce } = plan;
    const bytes = totalBytes ?? Math.max(memoryBytes, Math.floor(SHARE_OF_AVAILABLE * availableBytes()));
    const needs = new Needs(new LessonStore(openFile(learnFile, root), Date.now), Date.now);
    const cage = createCage({ memory: bytes, enforce });
    const { kind, reason } = cage.enforcedBy;
    if (kind !== 'kernel') {
      complain(`The memory of the tests is ${kind}: workers may exceed their limits for a moment. ${reason ?? ''}`);
    }
    return new SharedTotal(cage, bytes, plan, needs);
  }

  /**
   * Waits for room for the file, and starts a worker for it.
   *
   * @throws the reason of the signal, if it aborts before there is room; what `start` throws
   */
  async worker(file: TestFile, { plan, start, alone = false, signal }: WorkerOptions): Promise<TestWorker> {
    const { memoryBytes, evidence } = plan;
    const room = await this.#rooms.enter(this.needs.of(file.key, memoryBytes), { alone, signal });
    try {
      const child = start(this.cage, { memory: memoryBytes, ...(evidence !== undefined && { evidence }) });
      const { cage, needs, bytes } = this;
      const total = { bytes, path: cage.cgroup?.path };
      return new TestWorker(file, alone, { child, room, needs, limitBytes: memoryBytes, total });
    } catch (error) {
      room.release();
      throw error;
    }
  }

  /** The last owner that leaves ends what still runs, saves what was learned, and removes the cage. Never rejects. */
  async leave(owner: object): Promise<void> {
    this.#owners.delete(owner);
    if (this.#owners.size === 0) await this.#close().catch(complain);
  }

  #close(): Promise<void> {
    if (current === this) current = undefined;
    this.#closing ??= this.cage.close().finally(() => this.needs.close());
    return this.#closing;
  }
}

/** Prints a line about the tests as a whole. */
export function complain(what: unknown): void {
  console.error(`memcage: ${what instanceof Error ? what.message : String(what)}`);
}

function otherIn(plan: Plan, before: Plan): keyof typeof SHARED | undefined {
  return (Object.keys(SHARED) as (keyof typeof SHARED)[]).find((key) => plan[key] !== before[key]);
}

function otherTotal(key: keyof typeof SHARED, plan: Plan, other: Plan): TypeError {
  const [here, asked] = [other[key], plan[key]].map((value) =>
    typeof value === 'number' ? formatSize(value) : (value ?? 'the default'),
  );
  const option = SHARED[key];
  return contradiction(
    option,
    `All projects share one ${option}, which is ${here} here, while a project has ${asked}: give all of them the same`,
  );
}

function tooLarge({ memoryBytes }: Plan, bytes: number): TypeError {
  const [memory, total] = [formatSize(memoryBytes), formatSize(bytes)];
  return contradiction(
    'total',
    `All projects share one total, which is ${total} here, while a project has a memory of ${memory}: give all of them the same total`,
  );
}

function openFile(given: string | undefined, root: string): LearnFile | undefined {
  const path = resolve(root, given ?? LEARN_FILE);
  try {
    mkdirSync(dirname(path), { recursive: true });
    return LearnFile.open(path);
  } catch (error) {
    // Nobody asked for that file.
    if (given !== undefined) throw error;
    complain(
      `What the test files need is not kept for the next run: ${error instanceof Error ? error.message : String(error)}`,
    );
    return undefined;
  }
}

/** What programs can get without swapping, here and in the cgroup around, in bytes. */
function availableBytes(): number {
  // Node 20.0 to 20.12 do not have it.
  const inCgroup: number | undefined = (process as { availableMemory?: () => number }).availableMemory?.();
  return Math.min(freemem(), inCgroup ?? Number.POSITIVE_INFINITY);
}

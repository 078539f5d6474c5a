import type { ChildProcess } from 'node:child_process';
import type { Readable } from 'node:stream';
import type { MemoryReport, Outcome } from '../../../types/outcome';
import type { Cage } from '../../cage/contract/cage';
import type { Cgroup } from '../../cgroup/handle/cgroup';
import { undo } from '../../cgroup/processes/remove-cgroup';
import { loadNative } from '../../common/addon/load-native';
import type { Program } from '../../process/launch-contract';
import { readStreams, whenClosed } from '../../process/observe-child';
import type { HeldChild } from '../child/held-child';
import { type KernelReport, type PossibleVictim, withChild } from '../child/kernel-report';
import { makeHeldChild } from '../child/make-held-child';
import { noteEnd } from '../child/note-end';
import { type ChildEnd, OutcomeRecorder } from '../child/outcome-recorder';
import { KernelFirst } from '../request/enforcement';
import type { Gate } from '../request/gate';
import { acceptedIn, memoryOfUnstarted, type StartRequest } from '../request/start-request';
import type { Turn } from '../request/turns';

export interface StartOptions {
  /** Undefined: the child needs none. */
  turn: Turn | undefined;
  /** Node itself starts the child, since the addon does not load. */
  byNode: boolean;
}

/**
 * One start, from a checked request to the outcome of its child. Whoever carries it out (Node's handle, the blocking call, Node
 * without the addon) tells it what happens, in this order: {@link take}, {@link hold}, {@link failed} if it was not started, {@link born}, {@link
 * exited}, {@link ended}. It lives as long as its child, so it must not hold the call, which has the environment.
 */
export class Start {
  readonly recorder: OutcomeRecorder;
  readonly byNode: boolean;
  /** The child as it is held in its cage; undefined until then, and without a cage. */
  held: HeldChild | undefined;
  readonly #turn: Turn | undefined;
  readonly #kernelFirst: KernelFirst;
  #hasTaken = false;
  #child: ChildProcess | undefined;
  #read: readonly Readable[] = [];

  /** @throws ERR_MEMCAGE_UNSUPPORTED if the cage around can't have the `enforce` that is asked for */
  constructor(
    readonly request: StartRequest,
    { turn, byNode }: StartOptions,
  ) {
    this.#turn = turn;
    this.byNode = byNode;
    const { limits, outer, enforce, parent } = request;
    const accepted = limits === undefined ? 'kernel' : acceptedIn(outer, enforce);
    this.#kernelFirst = new KernelFirst({ outer, parent, accepted });
    this.recorder = new OutcomeRecorder(memoryOfUnstarted(request));
  }

  /** CLOCK_MONOTONIC. Where the kernel's is not to be had, that of this process. */
  nowNs(): number {
    return this.byNode ? performance.now() * 1e6 : loadNative().monotonicNs();
  }

  /** The cage of the child, as users see it. */
  get cage(): Cage<Cgroup | null> | null {
    return (this.held ?? this.request.shared)?.publicCage ?? null;
  }

  /** Carries the start out with `run`, and gives the turn back if that throws. */
  attempt<T>(run: () => T): T {
    this.recorder.startNs = this.nowNs();
    try {
      return run();
    } catch (error) {
      this.#turn?.over({ error: error as Error });
      throw error;
    }
  }

  get needsTurn(): boolean {
    return this.#turn !== undefined && !this.#hasTaken;
  }

  /** Takes the turn, once, when nothing speaks against the start: where the child is to wait; undefined: nowhere. */
  take(program: Pick<Program, 'file'>): Gate | undefined {
    if (!this.needsTurn) return undefined;
    this.#hasTaken = true;
    return this.#turn?.take(program);
  }

  /** Makes the child's place in its cage; undefined without a cage. */
  hold(program: Program): HeldChild | undefined {
    this.take(program);
    this.held = makeHeldChild(this.request, program, this.#kernelFirst);
    this.recorder.held = this.held;
    return this.held;
  }

  /** The kernel refused the cage, and nothing was started. True: {@link hold} makes another kind from now on. */
  refused(error: Error): boolean {
    return this.#kernelFirst.refused(error);
  }

  failed(error: Error, report?: KernelReport): void {
    this.recorder.failed(error, report, this.nowNs());
  }

  /** The start is over, with a child or without, whose pid Node may set later. */
  born(child: ChildProcess, pid = child.pid): void {
    this.#child = child;
    const { cage, recorder, killAll } = this;
    this.#turn?.born({ child, pid, cage, recorder, killAll });
  }

  /** A start whose caller has waited is over, and nothing is left of it. `error`: what Node returned. */
  over(error?: Error): Outcome<MemoryReport | null> {
    // If Node ran out of fds while it opened the pipes, nothing was launched.
    const outcome = this.recorder.failed(error, undefined, this.nowNs());
    // A child that needs a turn is in a cage, so that its outcome has the kernel's report.
    this.#turn?.over({ outcome: outcome as Outcome });
    return outcome;
  }

  /** The child has ended, and 'exit' comes next. */
  exited(): void {
    if (this.#child !== undefined) this.#read = readStreams(this.#child);
  }

  /**
   * @param report undefined without a cage
   * @param child undefined where the guardian can't note its end: Node has started it
   */
  ended(end: ChildEnd, report: KernelReport | undefined, child?: PossibleVictim): void {
    const outcome = this.recorder.ended(end, child === undefined ? report : withChild(report, child));
    if (child === undefined || this.held === undefined) return;
    const { startNs } = this.recorder;
    const isNamed = (report?.oom?.victims ?? null) !== null;
    noteEnd({ ...child, startNs, isNamed, cgroup: this.held.cgroup?.memory.path }, outcome);
  }

  /** Sends SIGKILL to the child and to everything in its own part of the cage. Never throws. */
  readonly killAll = (): void => {
    // Reaches the child even if its cgroup is gone or can't be read.
    this.#child?.kill('SIGKILL');
    undo(() => this.held?.killAll());
  };

  /** Resolves once what somebody reads of the child is closed too. */
  async outcome(): Promise<Outcome<MemoryReport | null>> {
    const ended = await this.recorder.promise;
    if (this.#read.length > 0) await whenClosed(this.#read);
    return ended;
  }
}

import type { ExecException, ExecFileException } from 'node:child_process';
import { SharedCage } from '../cage/shared-cage';
import { alreadyRead, type Called, strictMember } from '../options/called';
import type { Exactly } from '../options/exactly';
import { isOptions, nodeCall } from '../process/node-call';
import type { CageOptions, SpawnOptions } from '../request/cage-options';
import { contain } from './contain';
import type { Callback, Child, ExecFileOptions, ExecOptions, TextBy } from './exec';
import type { ForkOptions } from './fork';
import { type ResultOf, RUN_OPTIONS, runAs } from './run';
import type { RunOptions } from './run-options';
import type { SpawnedProcess } from './spawn';
import { startChild } from './start';

/** Options of a child in a cage. With `memory` it gets a private cage within that. */
export type MemberOptions<O extends CageOptions> = Omit<O, 'cage' | 'parent'>;

/** The option that a child of the cage has been given. */
interface InCage {
  /** The cage itself. */
  cage: SharedCage;
}

const RUN = strictMember('cage.run', 'spawn', RUN_OPTIONS);
const CALLED = {
  spawn: strictMember('cage.spawn', 'spawn'),
  fork: strictMember('cage.fork', 'fork'),
  exec: strictMember('cage.exec', 'exec'),
  execFile: strictMember('cage.execFile', 'execFile'),
};

/** One limit for many children. Each child ends with the cage, and has its own outcome. */
export class MultiCage extends SharedCage {
  /** Like {@link spawn}, in this cage. */
  spawn(file: string): SpawnedProcess<InCage>;
  spawn<const O extends MemberOptions<SpawnOptions> = object>(
    file: string,
    options: O & Exactly<O, MemberOptions<SpawnOptions>>,
  ): SpawnedProcess<O & InCage>;
  spawn<const O extends MemberOptions<SpawnOptions> = object>(
    file: string,
    args: readonly string[] | undefined,
    options?: O & Exactly<O, MemberOptions<SpawnOptions>>,
  ): SpawnedProcess<O & InCage>;
  spawn(...args: unknown[]): unknown {
    return this.#start('spawn', args);
  }

  /** Like {@link fork}, in this cage. */
  fork(modulePath: string | URL): Child<InCage>;
  fork(modulePath: string | URL, options: MemberOptions<ForkOptions> | undefined): Child<InCage>;
  fork(
    modulePath: string | URL,
    args: readonly string[] | undefined,
    options?: MemberOptions<ForkOptions>,
  ): Child<InCage>;
  fork(...args: unknown[]): unknown {
    return this.#start('fork', args);
  }

  /** Like {@link exec}, in this cage. */
  exec(command: string, callback?: Callback<ExecException, string>): Child<InCage>;
  exec<const O extends MemberOptions<ExecOptions>>(
    command: string,
    options: (O & Exactly<O, MemberOptions<ExecOptions>>) | null | undefined,
    callback?: Callback<ExecException, TextBy<O>>,
  ): Child<O & InCage>;
  exec(...args: unknown[]): unknown {
    return this.#start('exec', args);
  }

  /** Like {@link execFile}, in this cage. */
  execFile(file: string, callback?: Callback<ExecFileException, string>): Child<InCage>;
  execFile(
    file: string,
    args: readonly string[] | null | undefined,
    callback?: Callback<ExecFileException, string>,
  ): Child<InCage>;
  execFile<const O extends MemberOptions<ExecFileOptions>>(
    file: string,
    options: O & Exactly<O, MemberOptions<ExecFileOptions>>,
    callback?: Callback<ExecFileException, TextBy<O>>,
  ): Child<O & InCage>;
  execFile<const O extends MemberOptions<ExecFileOptions>>(
    file: string,
    args: readonly string[] | null | undefined,
    options: (O & Exactly<O, MemberOptions<ExecFileOptions>>) | null | undefined,
    callback?: Callback<ExecFileException, TextBy<O>>,
  ): Child<O & InCage>;
  execFile(...args: unknown[]): unknown {
    return this.#start('execFile', args);
  }

  /**
   * Call `fn` and return its result. Every child started in the async context of `fn`, by whatever library, is in
   * this cage, and a cage made there is made within this one. The context outlives `fn`: after {@link close} a start
   * in it throws. If `fn` returns a generator, the result is another object that runs the generator in this context,
   * wherever you iterate over it.
   *
   * @throws ERR_MEMCAGE_UNSUPPORTED_NODE before it calls `fn`, where memcage could not keep every child in the cage
   */
  contain<T>(fn: () => T): T {
    return contain(this, fn);
  }

  /** Like {@link run}, in this cage. */
  run(file: string): Promise<ResultOf<InCage>>;
  run<const O extends MemberOptions<RunOptions> = object>(
    file: string,
    options: O & Exactly<O, MemberOptions<RunOptions>>,
  ): Promise<ResultOf<O & InCage>>;
  run<const O extends MemberOptions<RunOptions> = object>(
    file: string,
    args: readonly string[] | undefined,
    options?: O & Exactly<O, MemberOptions<RunOptions>>,
  ): Promise<ResultOf<O & InCage>>;
  run(
    file: string,
    args?: readonly string[] | MemberOptions<RunOptions>,
    options?: MemberOptions<RunOptions>,
  ): Promise<unknown> {
    const [list, rest] = isOptions(args) ? [[], args] : [args, options ?? {}];
    return runAs(alreadyRead(RUN), file, list, this.#with(rest, RUN));
  }

  #start(name: keyof typeof CALLED, args: readonly unknown[]): unknown {
    const call = nodeCall(name, args);
    return startChild({ ...call, options: this.#with(call.options, CALLED[name]) }, alreadyRead(CALLED[name])).result;
  }

  /** Anything but an options object is left for Node to refuse. */
  #with<O>(options: O, called: Called): O | (O & InCage) {
    return isOptions(options) ? { ...called.read(options), cage: this } : options;
  }
}

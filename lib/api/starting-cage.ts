import type { ExecException, ExecFileException } from 'node:child_process';
import { SharedCage } from '../cage/shared-cage';
import type {
  Cage,
  Callback,
  Child,
  ExecFileOptions,
  ExecOptions,
  ForkOptions,
  InCage,
  MemberOptions,
  ResultOf,
  RunOptions,
  SpawnedProcess,
  SpawnOptions,
  TextBy,
} from '../contract/cage';
import { alreadyRead, type Called, strictMember } from '../options/called';
import type { Exactly } from '../options/exactly';
import { isOptions, nodeCall } from '../process/node-call';
import { contain } from './contain';
import { RUN_OPTIONS, runAs } from './run';
import { startChild } from './start';

const RUN = strictMember('cage.run', 'spawn', RUN_OPTIONS);
const CALLED = {
  spawn: strictMember('cage.spawn', 'spawn'),
  fork: strictMember('cage.fork', 'fork'),
  exec: strictMember('cage.exec', 'exec'),
  execFile: strictMember('cage.execFile', 'execFile'),
};

/** A shared cage with the functions that start children in it. */
export class StartingCage extends SharedCage implements Cage {
  get self(): Cage {
    return this;
  }

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

  exec(command: string, callback?: Callback<ExecException, string>): Child<InCage>;
  exec<const O extends MemberOptions<ExecOptions>>(
    command: string,
    options: (O & Exactly<O, MemberOptions<ExecOptions>>) | null | undefined,
    callback?: Callback<ExecException, TextBy<O>>,
  ): Child<O & InCage>;
  exec(...args: unknown[]): unknown {
    return this.#start('exec', args);
  }

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

  contain<T>(fn: () => T): T {
    return contain(this, fn);
  }

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

import type {
  ChildProcess,
  ExecException,
  ExecFileException,
  ExecFileOptions as NodeExecFileOptions,
  ExecOptions as NodeExecOptions,
} from 'node:child_process';
import { promisify } from 'node:util';
import { type Called, strict } from '../options/called';
import type { Exactly } from '../options/exactly';
import { likeNodes } from '../process/node-functions';
import type { CageOptions } from '../request/cage-options';
import { type CagedBy, callNode } from './start';

interface EncodingOption {
  /** Of `stdout` and `stderr`; 'buffer' or null for Buffers. Default: 'utf8'. */
  encoding?: BufferEncoding | 'buffer' | null | undefined;
}

/** Options of {@link exec}: Node's, and {@link CageOptions}. */
export type ExecOptions = NodeExecOptions & EncodingOption & CageOptions;

/** Options of {@link execFile}: Node's, and {@link CageOptions}. */
export type ExecFileOptions = NodeExecFileOptions & EncodingOption & CageOptions;

/** `stdout` and `stderr` as these options ask for them. */
export type TextBy<O> = O extends { encoding: 'buffer' | null }
  ? Buffer
  : O extends { encoding: BufferEncoding | undefined }
    ? string
    : 'encoding' extends keyof O
      ? string | Buffer
      : string;

/** Node's ChildProcess, with `cage` and `outcome`. */
export type Child<O> = ChildProcess & CagedBy<O>;

/** What Node calls once the child has ended. */
export type Callback<E, T> = (error: E | null, stdout: T, stderr: T) => void;

/** What the promisified functions return. */
type PromiseWithChild<O> = Promise<{ stdout: TextBy<O>; stderr: TextBy<O> }> & { child: Child<O> };

/** The type of {@link exec}. */
export interface Exec {
  (command: string, callback?: Callback<ExecException, string>): Child<object>;
  <const O extends ExecOptions>(
    command: string,
    options: (O & Exactly<O, ExecOptions>) | null | undefined,
    callback?: Callback<ExecException, TextBy<O>>,
  ): Child<O>;
  /** For util.promisify(). */
  readonly [promisify.custom]: <const O extends ExecOptions = object>(
    command: string,
    options?: (O & Exactly<O, ExecOptions>) | null,
  ) => PromiseWithChild<O>;
}

/** The type of {@link execFile}. */
export interface ExecFile {
  (file: string, callback?: Callback<ExecFileException, string>): Child<object>;
  (
    file: string,
    args: readonly string[] | null | undefined,
    callback?: Callback<ExecFileException, string>,
  ): Child<object>;
  <const O extends ExecFileOptions>(
    file: string,
    options: O & Exactly<O, ExecFileOptions>,
    callback?: Callback<ExecFileException, TextBy<O>>,
  ): Child<O>;
  <const O extends ExecFileOptions>(
    file: string,
    args: readonly string[] | null | undefined,
    options: (O & Exactly<O, ExecFileOptions>) | null | undefined,
    callback?: Callback<ExecFileException, TextBy<O>>,
  ): Child<O>;
  /** For util.promisify(). */
  readonly [promisify.custom]: {
    <const O extends ExecFileOptions = object>(
      file: string,
      options?: O & Exactly<O, ExecFileOptions>,
    ): PromiseWithChild<O>;
    <const O extends ExecFileOptions = object>(
      file: string,
      args: readonly string[] | null | undefined,
      options?: (O & Exactly<O, ExecFileOptions>) | null,
    ): PromiseWithChild<O>;
  };
}

/**
 * As Node's `child_process.exec`, and run by it: a command line for a shell, whose output is collected. The shell and all
 * that it starts are in the cage. What {@link spawn} says of the cage, of errors and of differences holds here as well.
 *
 * @function
 */
export const exec = collecting('exec', strict('exec', 'exec')) as Exec;

/**
 * As Node's `child_process.execFile`, and run by it: a program whose output is collected. What {@link spawn} says of the
 * cage, of errors and of differences holds here as well.
 *
 * @function
 */
export const execFile = collecting('execFile', strict('execFile', 'execFile')) as ExecFile;

/** With what util.promisify asks for, as Node's own have it: not enumerable, and run by Node's. */
export function collecting(name: 'exec' | 'execFile', called: Called): unknown {
  const call = likeNodes(name, (...args: unknown[]): unknown => callNode(name, args, called));
  const promise = `${name} promise` as const;
  return Object.defineProperty(call, promisify.custom, {
    value: likeNodes(promise, (...args: unknown[]) => callNode(promise, args, called)),
  });
}

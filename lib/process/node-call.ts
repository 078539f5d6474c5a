import { invokeNodes, type NodeFunction } from './node-functions';

/** A call of a function of child_process, split into options and other arguments. */
export interface NodeCall {
  readonly name: NodeFunction;
  /** The arguments before the options. */
  readonly before: readonly unknown[];
  /** `{}` if there are none; not an object if Node is going to refuse them. */
  readonly options: unknown;
  /** The program; undefined if it is a shell, or the argument is none. */
  readonly file: string | undefined;
  /** Calls Node's own function with these options instead. */
  invoke(options: unknown): unknown;
}

/** Finds the options among the arguments as the function itself does. */
export function nodeCall(name: NodeFunction, args: readonly unknown[]): NodeCall {
  const { before, options, after } = take(name, args);
  return {
    name,
    before,
    options,
    file: fileOf(name, args[0], options),
    invoke: (replaced) => invokeNodes(name, [...before, replaced, ...after]),
  };
}

function fileOf(name: NodeFunction, first: unknown, options: unknown): string | undefined {
  const { shell, execPath } = (isOptions(options) ? options : {}) as { shell?: unknown; execPath?: unknown };
  if (name === 'fork') return typeof execPath === 'string' ? execPath : process.execPath;
  return typeof first === 'string' && !shell && name !== 'exec' && name !== 'exec promise' ? first : undefined;
}

interface SplitArguments {
  before: readonly unknown[];
  options: unknown;
  after: readonly unknown[];
}

function take(name: NodeFunction, args: readonly unknown[]): SplitArguments {
  switch (name) {
    case 'spawn':
      return afterArguments(args, (options) => (options === undefined ? {} : options));
    case 'fork':
      return afterArguments(args, (options) => options ?? {});
    case 'execFile':
    case 'execFile promise':
      if (typeof args[1] === 'function') return at(1, withoutOptions(1, args));
      if (typeof args[2] === 'function' && !isOptions(args[1])) return at(2, withoutOptions(2, args));
      return afterArguments(args, (options) => options ?? {});
    case 'exec':
    case 'exec promise': {
      const parts = at(1, typeof args[1] === 'function' ? withoutOptions(1, args) : args);
      // Node spreads them, whatever they are.
      return isOptions(parts.options) ? parts : { ...parts, options: {} };
    }
  }
}

/** The arguments are (file, args, options, ...) or (file, options, ...). */
function afterArguments(args: readonly unknown[], orDefault: (options: unknown) => unknown): SplitArguments {
  if (isOptions(args[1])) return at(1, args);
  const parts = at(2, args);
  return { ...parts, options: orDefault(parts.options) };
}

/** For a call with a callback where the options could be. */
function withoutOptions(index: number, args: readonly unknown[]): unknown[] {
  return [...args.slice(0, index), {}, ...args.slice(index)];
}

function at(index: number, args: readonly unknown[]): SplitArguments {
  const before = args.slice(0, index);
  // Arguments that are left out are undefined.
  while (before.length < index) before.push(undefined);
  return { before, options: args[index], after: args.slice(index + 1) };
}

/** Tells options from arguments as Node does. */
export function isOptions<O extends object>(value: readonly string[] | O | null | undefined): value is O;
export function isOptions(value: unknown): value is object;
export function isOptions(value: unknown): boolean {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

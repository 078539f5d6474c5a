import { fileURLToPath } from 'node:url';
import { invalidArgument } from '../../common/errors/argument-errors';
import type { NodeSpawnOptions } from '../launch-contract';
import { isOptions, type NodeCall } from '../node-call';
import { refuse } from '../swap-handle';

/** What Node's `spawn` would pass to `ChildProcess.prototype.spawn`, but for `stdio`. */
export type OwnRequest = Omit<NodeSpawnOptions, 'stdio'> & { args: readonly string[] };

/** The options of a call of `spawn`, of which `stdio` has a module of its own. */
export type OwnOptions = Readonly<Record<string, unknown>>;

/** Checks the arguments of a call of `spawn` as normalizeSpawnArguments in Node's lib/child_process.js does. */
export function ownRequest({ before: [file, args], options }: NodeCall): OwnRequest {
  if (typeof file !== 'string' || file === '') throw invalidArgument('file', 'the name of a program', file);
  if (args !== undefined && args !== null && !Array.isArray(args)) throw invalidArgument('args', 'an array', args);
  const list = (args ?? []).map(String);
  const given = ownOptions(options);
  const { shell, argv0, env, detached, uid, gid, serialization } = given;
  if (serialization !== undefined) refuseChannel();
  const texts = { argv0: check('argv0', argv0, isText, 'a string'), cwd: cwdOf(given['cwd']) };
  const byShell = check('shell', shell, isTextOrFlag, 'true, false or the path of a shell') || undefined;
  const program = byShell === undefined ? { file, list } : inShell(byShell, [file, ...list].join(' '));
  return {
    file: program.file,
    args: [texts.argv0 ?? program.file, ...program.list],
    cwd: texts.cwd,
    envPairs: pairsOf(env),
    detached: check('detached', detached, isFlag, 'true or false') ?? false,
    uid: check('uid', uid, isId, 'an integer'),
    gid: check('gid', gid, isId, 'an integer'),
  };
}

export function ownOptions(options: unknown): OwnOptions {
  if (!isOptions(options)) throw invalidArgument('options', 'an object', options);
  return options as OwnOptions;
}

export function refuseChannel(): never {
  refuse(
    "a channel to the child ('ipc', serialization) needs Node's own fork",
    'pass messages through a pipe of stdio',
  );
}

function check<T>(name: string, value: unknown, fits: (value: unknown) => value is T, expected: string): T | undefined {
  if (value === undefined || value === null) return undefined;
  if (!fits(value)) throw invalidArgument(name, expected, value);
  return value;
}

function isText(value: unknown): value is string {
  return typeof value === 'string';
}

function isFlag(value: unknown): value is boolean {
  return typeof value === 'boolean';
}

function isTextOrFlag(value: unknown): value is string | boolean {
  return isText(value) || isFlag(value);
}

function isId(value: unknown): value is number {
  return typeof value === 'number' && value === (value | 0);
}

function cwdOf(cwd: unknown): string | undefined {
  if (cwd instanceof URL) return fileURLToPath(cwd);
  return check('cwd', cwd, isText, 'a path or a file URL');
}

function inShell(shell: string | true, command: string): { file: string; list: string[] } {
  return { file: shell === true ? '/bin/sh' : shell, list: ['-c', command] };
}

/** With what the environment inherits, as in Node. */
function pairsOf(env: unknown): string[] {
  const variables = (env || process.env) as Record<string, unknown>;
  const pairs: string[] = [];
  for (const name in variables) {
    const value = variables[name];
    if (value !== undefined) pairs.push(`${name}=${value as string}`);
  }
  return pairs;
}

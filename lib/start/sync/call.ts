import type { SpawnSyncOptions } from 'node:child_process';
import { isOptions } from '../../process/node-call';

/** A call of `spawnSync`, as Node understands it. */
export interface SyncCall {
  file: string;
  /** argv, including `argv[0]`. */
  argv: unknown[];
  /** The options left for Node, after `file` and `argv` have absorbed `shell` and `argv0`. */
  options: Omit<SpawnSyncOptions, 'argv0' | 'shell' | 'uid' | 'gid'>;
  uid: number | undefined;
  gid: number | undefined;
}

/**
 * Reads the arguments like Node's normalizeSpawnArguments. Undefined if Node would throw because of the options
 * handled here; Node still validates the others.
 */
export function readCall(file: unknown, args: unknown, options: unknown): SyncCall | undefined {
  if (typeof file !== 'string' || file === '' || file.includes('\0')) return undefined;
  if (isOptions(args)) return readCall(file, [], args);
  if (args !== undefined && args !== null && !Array.isArray(args)) return undefined;
  if (options !== undefined && !isOptions(options)) return undefined;
  const list: unknown[] = [...((args ?? []) as readonly unknown[])];
  const { shell, argv0, uid, gid, ...rest }: SpawnSyncOptions = options ?? {};
  const isValid =
    list.every(isPlainText) &&
    isPlainText(argv0) &&
    isOneOf(argv0, 'string') &&
    isPlainText(shell) &&
    isOneOf(shell, 'boolean', 'string') &&
    isId(uid) &&
    isId(gid);
  if (!isValid) return undefined;
  const ids = { uid: uid ?? undefined, gid: gid ?? undefined };
  if (shell === undefined || shell === null || shell === false || shell === '') {
    return { file, argv: [argv0 ?? file, ...list], options: rest, ...ids };
  }
  const command = [file, ...list].join(' ');
  const program = typeof shell === 'string' ? shell : '/bin/sh';
  return { file: program, argv: [argv0 ?? program, '-c', command], options: rest, ...ids };
}

function isPlainText(value: unknown): boolean {
  return typeof value !== 'string' || !value.includes('\0');
}

function isOneOf(value: unknown, ...types: string[]): boolean {
  return value === undefined || value === null || types.includes(typeof value);
}

function isId(value: unknown): boolean {
  return value === undefined || value === null || (typeof value === 'number' && value === (value | 0));
}

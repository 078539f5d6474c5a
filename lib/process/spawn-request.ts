import type { LaunchPlan } from './launch';
import type { StdioEntry } from './stdio';

/** The options of a call of `ChildProcess.prototype.spawn`, after that has replaced `stdio` in them. */
export interface SpawnRequest {
  file: string;
  args?: readonly unknown[] | undefined;
  cwd?: unknown;
  envPairs?: readonly unknown[] | undefined;
  stdio: readonly StdioEntry[];
  detached?: boolean | undefined;
  uid?: number | null | undefined;
  gid?: number | null | undefined;
  serialization?: string | undefined;
}

/** The same before that. */
export type EarlyRequest = Omit<SpawnRequest, 'stdio'>;

/**
 * Reads the options as ProcessWrap::Spawn and SyncProcessRunner do: cwd, uid and gid of other types count as absent,
 * and arguments become strings.
 */
export function planOf(request: EarlyRequest, toText = text): Omit<LaunchPlan, 'stdio'> {
  const { file, args, cwd, envPairs, detached, uid, gid } = request;
  return {
    file,
    args: args === undefined ? [file] : args.map(toText),
    env: Array.isArray(envPairs) ? envPairs.map(toText) : ownEnvironment(),
    detached: detached === true,
    cwd: typeof cwd === 'string' && cwd !== '' ? cwd : undefined,
    // A negative id wraps around to 2^32 minus its value. -1 becomes a number that is no id, and setuid(2) refuses
    // it.
    uid: typeof uid === 'number' ? uid >>> 0 : undefined,
    gid: typeof gid === 'number' ? gid >>> 0 : undefined,
  };
}

function text(value: unknown): string {
  return `${value as string}`;
}

/** Since Node 22, ProcessWrap::Spawn takes a value that can't be a string, such as a symbol, for an empty one. */
export function textOrEmpty(value: unknown): string {
  if (typeof value === 'string' || MAJOR < 22) return text(value);
  try {
    return text(value);
  } catch {
    return '';
  }
}

const MAJOR = Number.parseInt(process.versions.node, 10);

function ownEnvironment(): string[] {
  return Object.entries(process.env).map(([key, value]) => `${key}=${value}`);
}

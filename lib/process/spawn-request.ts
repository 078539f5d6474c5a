import type { LaunchPlan } from './launch';
import type { StdioEntry } from './stdio';

/** The options with which `ChildProcess.prototype.spawn` was called, after it has replaced `stdio` in them. */
export interface SpawnRequest {
  file: string;
  args?: readonly unknown[] | undefined;
  cwd?: unknown;
  envPairs?: readonly unknown[] | undefined;
  stdio: readonly StdioEntry[];
  detached?: boolean | undefined;
  uid?: number | null | undefined;
  gid?: number | null | undefined;
}

/**
 * As ProcessWrap::Spawn and SyncProcessRunner read the options: other types of cwd, uid and gid count as absent, arguments
 * become strings.
 */
export function planOf(request: SpawnRequest, toText = text): Omit<LaunchPlan, 'stdio'> {
  const { file, args, cwd, envPairs, detached, uid, gid } = request;
  return {
    file,
    args: args === undefined ? [file] : args.map(toText),
    env: envPairs === undefined ? ownEnvironment() : envPairs.map(toText),
    detached: detached === true,
    ...(typeof cwd === 'string' && cwd !== '' && { cwd }),
    // A negative one is 2^32 less: -1 is no id, which setuid(2) refuses.
    ...(typeof uid === 'number' && { uid: uid >>> 0 }),
    ...(typeof gid === 'number' && { gid: gid >>> 0 }),
  };
}

function text(value: unknown): string {
  return `${value as string}`;
}

/** What can't be a string, such as a symbol, is an empty one to ProcessWrap::Spawn since Node 22. */
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

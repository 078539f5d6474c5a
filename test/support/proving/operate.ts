import { join } from 'node:path';
import { type Overseen, type OverseeOptions, oversee } from './oversee';
import type { Place } from './place';

export const OPERATE = join(__dirname, '../../fixtures/proving/operate.js');

/** An error as test/fixtures/proving/operate.js tells of it. */
export interface Told {
  message: string;
  code?: string;
  errno?: number;
  syscall?: string;
  stage?: string;
  /** Causes and the like. */
  related?: Told[];
}

export type Attempt = { result: unknown; error?: undefined } | { result?: undefined; error: Told };

/** What test/fixtures/proving/operate.js prints. */
interface Said {
  /** Within the window. */
  first: Attempt;
  /** The same once more, when nothing fails any more. */
  second?: Attempt;
  fds: string[];
  children: string[];
  /** Exceptions that nobody could catch. */
  stray: Told[];
}

export interface Operated extends Overseen {
  /** Undefined: it has not come so far. */
  said: Said | undefined;
  /** What is left in the place. */
  remains: string[];
}

export interface OperateOptions extends OverseeOptions {
  /** The window stays open until the process has ended, and nothing is tried a second time. */
  open?: boolean;
  /** In place of operate.js. */
  program?: string;
}

/** Carries an operation out under the overseer, in a place that is empty, and leaves it empty. */
export async function operate(operation: string, place: Place, options: OperateOptions = {}): Promise<Operated> {
  const { open = false, program = OPERATE, env } = options;
  const words = [...place.enter, process.execPath, program, operation, ...(open ? ['open'] : [])];
  const overseen = await oversee(words, { ...options, cwd: place.directory, env: { ...place.env, ...env } });
  const remains = place.left();
  if (remains.length > 0) place.clear();
  return { ...overseen, said: saidIn(overseen.stdout), remains };
}

function saidIn(stdout: string): Said | undefined {
  try {
    return JSON.parse(stdout) as Said;
  } catch {
    return undefined;
  }
}

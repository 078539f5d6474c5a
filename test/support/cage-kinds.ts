import type { ChildProcessWithoutNullStreams } from 'node:child_process';
import { join } from 'node:path';
import {
  type Cage,
  type Caged,
  createCage,
  type MemoryOption,
  type MemoryReport,
  type RunResult,
  run,
  spawn,
} from 'memcage';
import { until } from './until';

/** A cage in which children can be started, private or shared. */
export interface Place {
  spawn(file: string, args: readonly string[]): ChildProcessWithoutNullStreams & Caged;
  /** A whole memcage.run(), with `reject`. */
  run(file: string, args: readonly string[], options?: { reject?: boolean }): Promise<RunResult<'utf8', MemoryReport>>;
  close(): Promise<void>;
}

export type Kind = 'private' | 'shared';

export const kinds: Kind[] = ['private', 'shared'];

export function place(kind: Kind, options: { memory: MemoryOption; parent?: string }): Place {
  if (kind === 'private') {
    const cages: Cage[] = [];
    return {
      spawn(file, args) {
        const child = spawn(file, args, { ...options }) as ChildProcessWithoutNullStreams & Caged;
        cages.push(child.cage);
        return child;
      },
      run: (file, args, more) => run(file, args, { ...options, ...more }),
      async close() {
        for (const cage of cages.splice(0)) await cage.close();
      },
    };
  }
  const cage = createCage(options);
  return {
    spawn: (file, args) => cage.spawn(file, args, {}) as ChildProcessWithoutNullStreams & Caged,
    run: (file, args, more) => cage.run(file, args, { ...more }),
    close: () => cage.close(),
  };
}

/** Touches that many MiB in one go, from within the kernel, and then ends. */
export function allocate(megabytes: number): string {
  return `dd if=/dev/zero of=/dev/null bs=${megabytes}M count=1 status=none`;
}

/**
 * Has the kernel kill this process first. Without that it may kill main: a worker that has freed its memory, or is about
 * to, is no candidate any more, and one that has just begun is no larger than main.
 */
export const killedFirst = 'echo 1000 >/proc/self/oom_score_adj';

/** A child that allocates 30 MiB for each line of input, and says "done" when the worker that does it has ended. */
export const eachLine: [string, string[]] = [
  'sh',
  ['-c', `while read -r _; do (${killedFirst}; exec ${allocate(30)}); echo done; done`],
];

const outputs = new WeakMap<ChildProcessWithoutNullStreams, { text: string }>();

/**
 * Resolves when the child has written a text to stdout, after the texts that were waited for before. Fails if the child
 * ends without it.
 */
export async function said(child: ChildProcessWithoutNullStreams, text: string): Promise<void> {
  let output = outputs.get(child);
  if (output === undefined) {
    const collected = { text: '' };
    child.stdout.on('data', (chunk: Buffer) => {
      collected.text += chunk.toString();
    });
    outputs.set(child, collected);
    output = collected;
  }
  const collected = output;
  await until(`the child says ${text}`, () => {
    if (collected.text.includes(text)) return true;
    const end = child.signalCode ?? child.exitCode;
    if (end !== null && child.stdout.readableEnded) throw new Error(`the child ended (${end}) before it said ${text}`);
    return false;
  });
  collected.text = collected.text.slice(collected.text.indexOf(text) + text.length);
}

export function fixture(name: string): string {
  return join(__dirname, '../fixtures/cage', name);
}

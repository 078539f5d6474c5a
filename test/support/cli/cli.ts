import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { cagesOf } from '../cgroups/cgroup-tree';

const MAIN = join(__dirname, '../../../dist/cli.js');

export interface CliEnd {
  code: number | null;
  signal: NodeJS.Signals | null;
  stdout: string;
  stderr: string;
  /** Cgroups that the command made and did not remove. */
  left: string[];
}

export interface Cli {
  process: ChildProcess;
  pid: number;
  /** What it has written so far. */
  stdout(): string;
  stderr(): string;
  end: Promise<CliEnd>;
}

export interface CliOptions {
  input?: string;
  env?: NodeJS.ProcessEnv;
}

/** Starts the built command, as a shell would. */
export function startCli(args: readonly string[], { input, env = process.env }: CliOptions = {}): Cli {
  const child = spawn(process.execPath, [MAIN, ...args], { stdio: ['pipe', 'pipe', 'pipe'], env });
  const stdout = collect(child.stdout);
  const stderr = collect(child.stderr);
  const pid = child.pid ?? 0;
  child.stdin.on('error', () => {});
  child.stdin.end(input ?? '');
  const end = new Promise<CliEnd>((resolve) => {
    child.once('close', (code, signal) => {
      resolve({ code, signal, stdout: stdout(), stderr: stderr(), left: cagesOf(pid) });
    });
  });
  return { process: child, pid, stdout, stderr, end };
}

export function runCli(args: readonly string[], options?: CliOptions): Promise<CliEnd> {
  return startCli(args, options).end;
}

function collect(stream: Readable): () => string {
  let text = '';
  stream.setEncoding('utf8').on('data', (chunk: string) => {
    text += chunk;
  });
  return () => text;
}

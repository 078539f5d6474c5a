import { chmodSync, existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { extname, join } from 'node:path';
import {
  ExitError,
  LimitError,
  type RootBind,
  RunError,
  type RunOptions,
  run,
  type Size,
  type StallOption,
} from 'memcage';

/** How slow the machine is: limits of the time that a program may take are multiplied by this. */
const SLOWNESS = Number(process.env['JUDGE_SLOWNESS'] ?? 1);
const ms = (time: number): number => Math.round(time * SLOWNESS);
const stall = (time: number): StallOption => ({ limitMs: ms(time), action: 'kill' });

/** What a program may use, beside what `untrusted` stands for. */
export const PROGRAM = {
  memory: '64M',
  pids: 10,
  cpu: 1,
  cpuTimeMs: ms(1500),
  stall: stall(600),
  timeout: ms(10_000),
} as const;
const SMALL = { ...PROGRAM, maxBuffer: 64 << 10, rlimits: { fsize: '4M', nofile: 64 } } as const;
/** Node has 11 threads before it does anything. */
const NODE = { ...SMALL, memory: '128M', pids: 20 } as const;
/** The program is its output. */
const COMPILER: RunOptions = {
  ...{ memory: '256M' as const, pids: 16, cpuTimeMs: ms(2000), stall: stall(3000), timeout: ms(20_000) },
  ...{ maxBuffer: 8 << 20, rlimits: { fsize: 'max' as const, nofile: 64 } },
};
const GCC = 'gcc -O1 -w -static -pthread -o /tmp/program /submission.c && cat /tmp/program';

interface Language {
  /** What this machine must have, and how Debian calls it. */
  needs: [path: string, debian: string];
  limits: RunOptions;
  command: string[];
}

/** By the extension of a submission. */
const languages: Readonly<Record<string, Language>> = {
  c: { needs: ['/usr/bin/gcc', 'gcc libc6-dev'], limits: SMALL, command: ['/submission'] },
  py: { needs: ['/usr/bin/python3', 'python3'], limits: SMALL, command: ['/usr/bin/python3', '-I', '/submission'] },
  js: { needs: [process.execPath, 'nodejs'], limits: NODE, command: [process.execPath, '/submission'] },
};
const extensionOf = (file: string): string => extname(file).slice(1);

export interface Problem {
  input: string;
  answer: string;
  /** A file that every program may read, as /data. */
  data: string;
}

export interface Verdict {
  kind: string;
  /** What a person wants to know besides, on one line and safe to print. */
  detail: string;
}

/** What the machine lacks to judge this file; undefined if nothing. */
export function missingFor(file: string): string | undefined {
  const [path = '', debian = ''] = languages[extensionOf(file)]?.needs ?? [];
  return existsSync(path) ? undefined : `${path} (Debian: ${debian})`;
}

/** What a submission makes of a problem. */
export async function judge(file: string, source: string, { input, answer, data }: Problem): Promise<Verdict> {
  const directory = mkdtempSync(join(tmpdir(), DIRECTORY));
  const place = (content: string | Buffer, target: string): RootBind => {
    writeFileSync(join(directory, target), content);
    chmodSync(join(directory, target), 0o755);
    return { source: join(directory, target), target, readOnly: true };
  };
  const { limits, command } = languages[extensionOf(file)] as Language;
  let isCompiled = extensionOf(file) !== 'c';
  try {
    let program = source as string | Buffer;
    if (!isCompiled) program = (await caged(['/bin/sh', '-c', GCC], COMPILER, [place(source, '/submission.c')])).stdout;
    isCompiled = true;
    const seen = [place(program, '/submission'), { source: data, target: '/data', readOnly: true }];
    const ended = await caged(command, limits, seen, { input, room: '8M' });
    const output = String(ended.stdout).trim();
    if (output === answer) return { kind: 'accepted', detail: '' };
    // It may have been refused a process, and made do without.
    return refusedProcess(ended) ?? { kind: 'wrong answer', detail: onOneLine(output) };
  } catch (error) {
    if (!(error instanceof RunError)) throw error;
    return isCompiled ? explain(error) : notCompiled(error);
  } finally {
    rmSync(directory, { recursive: true });
  }
}

/** How the names of directories for submissions begin. */
export const DIRECTORY = `memcage-judge-${process.pid}-`;

function caged(
  [file = '', ...args]: string[],
  limits: RunOptions,
  binds: RootBind[],
  { input = '', room = 'max' as Size } = {},
) {
  const root = { binds, tmpfs: [{ path: '/tmp', size: room }] };
  return run(file, args, { memory: 'max', ...limits, untrusted: true, root, input, encoding: 'buffer' });
}

/** memcage's own words for a limit: it is never guessed from how the program ended. */
const KINDS: Readonly<Record<string, string>> = {
  ...{ memory: 'memory limit', heap: 'memory limit', stall: 'stalled', cpuTime: 'time limit' },
  // rlimits.cpu is memcage's own, should it be stopped itself.
  ...{ 'rlimits.cpu': 'time limit', 'rlimits.fsize': 'file limit' },
  ...{ ERR_MEMCAGE_TIMEOUT: 'wall limit', ERR_MEMCAGE_MAX_BUFFER: 'output limit' },
};

function explain(error: RunError): Verdict {
  const { outcome } = error;
  const limit = error instanceof LimitError ? error.limit : error.code;
  const kind = KINDS[limit];
  // A storm of refused forks may reach any other limit first: the kernel counts each refusal.
  const refused = refusedProcess(outcome);
  if (refused !== undefined) return refused;
  const details: Record<string, string> = { memory: `cause ${outcome.oom?.cause}`, heap: 'the JavaScript heap' };
  if (kind !== undefined) return { kind, detail: details[limit] ?? '' };
  if (!(error instanceof ExitError)) throw error;
  const lastLine = String(outcome.stderr).trim().split('\n').at(-1) ?? '';
  const how = outcome.signal ?? `exit code ${outcome.exitCode}`;
  return { kind: 'runtime error', detail: lastLine === '' ? how : `${how}, ${onOneLine(lastLine)}` };
}

function notCompiled(error: RunError): Verdict {
  const { kind, detail } = explain(error);
  if (kind !== 'runtime error') return { kind: 'compile limit', detail: detail === '' ? kind : `${kind}, ${detail}` };
  const lines = String(error.outcome.stderr).split('\n');
  return { kind: 'compile error', detail: onOneLine(lines.find((line) => line.includes('error: ')) ?? detail) };
}

function refusedProcess({ limits: { pids } }: RunError['outcome']): Verdict | undefined {
  if (pids === null || (pids.limitHits ?? 0) === 0) return undefined;
  return { kind: 'process limit', detail: `more than ${pids.limit}` };
}

/** A program may write whatever it likes, such as control sequences for the terminal. */
function onOneLine(text: string): string {
  return text
    .replace(/[^\x20-\x7e]+/g, ' ')
    .trim()
    .slice(0, 160);
}

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { cagesLeft } from '../nothing-left';
import { patience } from '../patience';

const root = join(__dirname, '../../..');
/** How many times slower than at other things a guest is when its memory fills. */
const toFillMemory = process.env['MEMCAGE_TEST_GUEST'] === undefined ? 1 : 2;

interface End {
  code: number | null;
  lines: string[];
  left: string[];
}

export async function runExample(name: string, ...args: string[]): Promise<End> {
  return runExampleIn({}, name, ...args);
}

export async function runExampleIn(env: NodeJS.ProcessEnv, name: string, ...args: string[]): Promise<End> {
  return runProgram(env, process.execPath, join(root, 'out/examples', `${name}.mjs`), ...args);
}

export async function runProgram(env: NodeJS.ProcessEnv, program: string, ...args: string[]): Promise<End> {
  const child = spawn(program, args, {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { JUDGE_SLOWNESS: String(Math.min(8, patience(1) * toFillMemory)), ...process.env, ...env },
  });
  const [stdout, [code]] = await Promise.all([text(child.stdout), once(child, 'close') as Promise<[number | null]>]);
  return {
    code,
    lines: stdout.split('\n').map((line) => line.trim().replace(/ +/g, ' ')),
    left: cagesLeft(child.pid ?? 0),
  };
}

/** What an example that checks itself prints after its title. */
export async function expectChecked(
  name: string,
  expected: (string | RegExp)[],
  words: readonly string[] = [],
): Promise<void> {
  expectLines(await runExample(name, ...words), expected);
}

export function expectLines({ code, lines, left }: End, expected: (string | RegExp)[]): void {
  const [, title, ...rest] = lines;
  expect(title).not.toBe('');
  const texts = expected.map((line) => (typeof line === 'string' ? line : expect.stringMatching(line)) as string);
  expect(rest).toEqual([...texts, '', 'All of it was so.', '', '']);
  expect({ code, left }).toEqual({ code: 0, left: [] });
}

import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Random } from '../support/random';
import { type Between, makeProject, type Project, startClient } from './client';
import { abandoned, described, kill, marked } from './left';

/** What became of one client. */
export interface Killed {
  readonly between: Between;
  /** Whether its server ran already. */
  readonly isRunning: boolean;
  /** How long something was left. */
  readonly lastedMs: number;
  /** What was left after {@link KillOptions.mostMs}. */
  readonly late: readonly string[];
  /** What was still left when nobody waited any longer. */
  readonly left: readonly string[];
}

export interface KillOptions {
  /** Where memcage is. */
  readonly root: string;
  readonly kills: number;
  /** It ends then, however many there were. */
  readonly minutes: number;
  /** How many clients at a time. */
  readonly lines: number;
  /** How long something may be left. */
  readonly mostMs: number;
  /** How long to wait for the end of what is late. */
  readonly longestMs: number;
  readonly random: Random;
  /** One of so many has npx between. */
  readonly npxEvery: number;
  onKilled?(killed: Killed): void;
}

/** Guesses, until some have started. */
const startMs: Record<Between, number> = { nothing: 300, shell: 300, shells: 300, npx: 1500 };

/** Starts clients, and kills each at a random moment: half of them while they start, half once the server runs. */
export async function killClients(options: KillOptions): Promise<Killed[]> {
  const project = makeProject(options.root);
  const killed: Killed[] = [];
  const end = performance.now() + options.minutes * 60_000;
  let started = 0;
  const line = async (): Promise<void> => {
    while (started < options.kills && performance.now() < end) {
      started += 1;
      const one = await killOne(project, started, options);
      killed.push(one);
      options.onKilled?.(one);
    }
  };
  try {
    await Promise.all(Array.from({ length: options.lines }, line));
  } finally {
    project.remove();
  }
  return killed;
}

async function killOne(
  project: Project,
  turn: number,
  { root, random, npxEvery, mostMs, longestMs }: KillOptions,
): Promise<Killed> {
  const mark = `${process.pid}-${turn}`;
  const between: Between =
    turn % npxEvery === 0 ? 'npx' : ((['nothing', 'shell', 'shells'] as const)[turn % 3] ?? 'shell');
  const client = startClient(root, project, { between, mark, random });
  const began = performance.now();
  client.stdin?.on('error', () => {});
  let said = '';
  client.stderr?.setEncoding('utf8').on('data', (text: string) => {
    said += text;
  });
  const closed = once(client, 'exit');
  const running = once(client.stdout ?? client, 'data').then(() => {
    startMs[between] = 0.9 * startMs[between] + 0.1 * (performance.now() - began);
    return true;
  });
  const isStarting = (turn + Math.floor(turn / npxEvery)) % 2 === 0;
  const waited = isStarting ? sleep(random() * 1.2 * startMs[between], false) : sleep(30_000, false, { ref: false });
  const isRunning = await Promise.race([running, waited, closed.then(() => false)]);
  if (isRunning) await sleep(random() * 100);
  if (client.exitCode !== null) throw new Error(`the client has ended by itself: ${said}`);
  client.kill('SIGKILL');
  const killedMs = performance.now();
  await closed;
  const look = (): string[] => [...marked(mark).map(described), ...abandoned()];
  let late: string[] = [];
  let left = look();
  while (left.length > 0 && performance.now() - killedMs < longestMs) {
    await sleep(20);
    left = look();
    if (late.length === 0 && performance.now() - killedMs > mostMs) late = left;
  }
  const lastedMs = performance.now() - killedMs;
  for (let each = marked(mark); each.length > 0; each = marked(mark)) each.forEach(kill);
  client.stdout?.destroy();
  client.stderr?.destroy();
  return { between, isRunning, lastedMs, late, left };
}

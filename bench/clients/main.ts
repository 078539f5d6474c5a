/** The soak that README.md describes. The exit code is 1 if anything of memcage's is left after a second. */
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { randomFrom } from '../support/random';
import { type Killed, killClients } from './kill-clients';

/** What a kill must leave nothing after. */
const MOST_MS = 1000;

const { values } = parseArgs({
  options: {
    kills: { type: 'string', default: '10000' },
    lines: { type: 'string', default: '4' },
    minutes: { type: 'string', default: '1440' },
    seed: { type: 'string', default: `${Date.now() % 2 ** 31}` },
    'npx-every': { type: 'string', default: '25' },
  },
});

function rowOf(name: string, killed: readonly Killed[]): string {
  const times = killed.map(({ lastedMs }) => lastedMs).sort((one, other) => one - other);
  const at = (part: number): string =>
    `${Math.round(times[Math.min(times.length - 1, Math.floor(part * times.length))] ?? 0)}`;
  const late = killed.filter((each) => each.late.length > 0).length;
  const left = killed.filter((each) => each.left.length > 0).length;
  return `| ${[name, killed.length, at(0.5), at(0.99), at(1), late, left].join(' | ')} |`;
}

async function main(): Promise<void> {
  const kills = Number(values.kills);
  console.log(`${kills} kills, seed ${values.seed}`);
  let done = 0;
  const killed = await killClients({
    root: join(__dirname, '../../..'),
    kills,
    minutes: Number(values.minutes),
    lines: Number(values.lines),
    mostMs: MOST_MS,
    longestMs: 10_000,
    random: randomFrom(Number(values.seed)),
    npxEvery: Number(values['npx-every']),
    onKilled({ between, isRunning, lastedMs, late }) {
      done += 1;
      if (done % 500 === 0) console.log(`${done} are done`);
      if (late.length === 0) return;
      const when = isRunning ? 'while the server ran' : 'while it started';
      console.log(`${Math.round(lastedMs)} ms, ${between} between, ${when}: ${late.join('; ')}`);
    },
  });
  console.log('| between, when | kills | ms p50 | p99 | most | late | left |\n|---|---|---|---|---|---|---|');
  for (const between of ['nothing', 'shell', 'shells', 'npx'] as const) {
    for (const isRunning of [false, true]) {
      const those = killed.filter((each) => each.between === between && each.isRunning === isRunning);
      console.log(rowOf(`${between}, ${isRunning ? 'runs' : 'starts'}`, those));
    }
  }
  console.log(rowOf('all', killed));
  // npx alone may take longer than that until it starts memcage.
  const isWrong = ({ between, isRunning, late, left }: Killed): boolean =>
    left.length > 0 || (late.length > 0 && (between !== 'npx' || isRunning));
  if (killed.some(isWrong)) process.exitCode = 1;
}

void main();

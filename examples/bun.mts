/**
 * Children of Bun below a memory limit: started by memcage, by Bun in a cgroup that memcage has made, and by Bun through the
 * launcher. Each time memcage says what became of them.
 *
 *   npm run build && npx bun --tsconfig-override=tsconfig.programs.json examples/bun.mts
 *
 * Without that option Bun would find this checkout's sources as `memcage`. In a program of yours you don't need it.
 */
import { type CagedLauncher, createLauncher, formatSize, MemoryLimitError, type OomEvent, run } from 'memcage';
import { exitWith, Report } from './support/report.mts';

const LIMIT = '256M';
const MIB = 2 ** 20;

interface BunChild {
  readonly pid: number;
  readonly stdin: { write(text: string): void; end(): void };
  readonly stdout: ReadableStream<Uint8Array>;
  readonly exited: Promise<number>;
  readonly signalCode: string | null;
}

/** What this example needs of Bun's own types, which are in `@types/bun`. */
declare const Bun: {
  spawn(command: readonly string[], options: { cgroup?: string; stdin: 'pipe'; stdout: 'pipe' }): BunChild;
};

/** Holds 100 MiB, and takes more until it dies once it is told to. */
const HUNGRY = `
  const kept = [Buffer.alloc(100 * ${MIB}, 1)];
  console.log('ready');
  process.stdin.once('data', () => {
    for (;;) kept.push(Buffer.alloc(10 * ${MIB}, 1));
  });
`;
const COMMAND = [process.execPath, '--eval', HUNGRY];
const PIPES = { stdin: 'pipe', stdout: 'pipe' } as const;

/** Bun's option: Bun's own child joins the cgroup. */
function byOption({ cage }: CagedLauncher): BunChild {
  return Bun.spawn(COMMAND, { cgroup: cage.cgroup.path, ...PIPES });
}

/** The launcher joins the cgroup, then becomes the command. */
function byLauncher({ file, args }: CagedLauncher): BunChild {
  return Bun.spawn([file, ...args, ...COMMAND], PIPES);
}

async function showRun(report: Report): Promise<void> {
  const { stdout } = await run('echo', ['hello'], { memory: LIMIT });
  report.check('output', stdout.trim(), stdout === 'hello\n');
  const error: unknown = await run('tail', ['/dev/zero'], { memory: LIMIT }).catch((reason: unknown) => reason);
  report.check('error', String(error), error instanceof MemoryLimitError);
}

async function show(report: Report, start: (launcher: CagedLauncher) => BunChild): Promise<void> {
  const launcher = createLauncher({ memory: LIMIT });
  const { cage } = launcher;
  const events: OomEvent[] = [];
  cage.on('oom', (event) => events.push(event));

  const child = start(launcher);
  await child.stdout.getReader().read();
  const pids = cage.cgroup.processes().map(({ pid }) => pid);
  report.check('in the cage', pids.includes(child.pid) ? 'yes' : 'no', pids.includes(child.pid));
  const { usageBytes, limitBytes } = cage.cgroup.usage();
  report.check('usage', formatSize(usageBytes), usageBytes >= 100 * MIB && usageBytes <= limitBytes);

  child.stdin.write('more\n');
  await child.exited;
  report.check('ended by', child.signalCode, child.signalCode === 'SIGKILL');
  const { oom } = await launcher.close();
  const [event] = events;
  report.check("event 'oom'", `${event?.cause}, kills ${event?.kills}`, event?.cause === 'limit' && event.kills === 1);
  report.check('verdict', oom?.message ?? 'none', oom?.cause === 'limit' && oom.kills === 1);
}

/** A cage ends with all that is in it, however that came there. */
async function showEnd(report: Report): Promise<void> {
  const launcher = createLauncher({ memory: LIMIT });
  const child = byOption(launcher);
  await child.stdout.getReader().read();
  await launcher.close();
  await child.exited;
  report.check('ended by close()', child.signalCode, child.signalCode === 'SIGKILL');
}

async function main(): Promise<number> {
  if (process.versions['bun'] === undefined) {
    console.log('This example is for Bun: npx bun --tsconfig-override=tsconfig.programs.json examples/bun.mts');
    return 1;
  }
  const report = new Report();
  report.title(`run(), below a limit of ${LIMIT}`);
  await showRun(report);
  report.title(`Bun.spawn({ cgroup }), below a limit of ${LIMIT}`);
  await show(report, byOption);
  report.title('Bun.spawn([launcher, ...])');
  await show(report, byLauncher);
  report.title('The end of a cage');
  await showEnd(report);
  return report.end();
}

exitWith(main());

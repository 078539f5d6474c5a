import { setTimeout as sleep } from 'node:timers/promises';
import { type NamespaceOptions, run, type SpawnOptions, spawn } from 'memcage';
import { oneOf, type Random } from '../../support/random';
import { attempt, finish } from '../finish';
import type { Kind } from '../world';
import { SLEEP, TRUE } from './programs';

const STDIO: readonly SpawnOptions['stdio'][] = [
  'ignore',
  'pipe',
  ['ignore', 'pipe', 'ignore'],
  ['pipe', 'ignore', 'pipe'],
  ['ignore', 'ignore', 2],
  ['ignore', 'ignore', 'ignore', 'pipe'],
];

const NAMESPACES = [
  { pid: true },
  { uts: true, mount: true, pid: true },
  { ipc: true, uts: { hostname: 'inside' } },
  { pid: { init: true }, mount: true },
  { user: { uid: 0, gid: 0 }, pid: true },
] as const;

/** Any of these may come with any other. */
const PARTS: readonly SpawnOptions[] = [
  { pids: 20 },
  { cpuTimeMs: 5000 },
  { memoryDetails: true },
  { thresholds: ['50%'] },
  { stall: { limitMs: 5000 } },
  { nice: 5 },
  { oomScoreAdj: 100 },
  { rlimits: { nofile: 64 } },
  { privileges: { noNewPrivileges: true, capabilities: [] } },
  { env: { PATH: '/usr/bin:/bin' } },
  { cwd: '/' },
];

function drawn(random: Random): SpawnOptions {
  const options: SpawnOptions = { memory: oneOf(random, ['20M', '64M', '100M']) };
  for (const part of PARTS) if (random() < 0.06) Object.assign(options, part);
  options.stdio = STDIO[Math.floor(random() * STDIO.length)];
  if (random() < 0.3) options.namespaces = oneOf<NamespaceOptions>(random, NAMESPACES);
  return options;
}

const usual: Kind = {
  name: 'private cage',
  weight: 200,
  run: (world) => finish(world, usual.name, () => spawn(TRUE, [], drawn(world.random))),
};

const plain: Kind = {
  name: 'no cage',
  weight: 40,
  run: (world) => finish(world, plain.name, () => spawn(TRUE, [], { stdio: 'ignore' })),
};

const root: Kind = {
  name: 'root',
  weight: 10,
  run: (world) =>
    finish(world, root.name, () =>
      spawn(TRUE, [], { memory: '64M', stdio: 'ignore', cwd: '/', root: { readOnly: true, tmpfs: ['/tmp'] } }),
    ),
};

const oom: Kind = {
  name: 'too large',
  weight: 6,
  run: (world) => finish(world, oom.name, () => spawn('tail', ['/dev/zero'], { memory: '4M', stdio: 'ignore' })),
};

const killed: Kind = {
  name: 'killed by its parent',
  weight: 30,
  run: (world) =>
    finish(world, killed.name, () => {
      const child = spawn(...SLEEP, { memory: '64M', stdio: 'ignore' });
      void sleep(world.random() * 4).then(() => child.kill('SIGKILL'));
      return child;
    }),
};

/** What it starts is killed with its cage. */
const descendants: Kind = {
  name: 'descendants',
  weight: 10,
  run: (world) =>
    finish(world, descendants.name, () =>
      spawn('sh', ['-c', 'sleep 1000.0625 & :'], { memory: '64M', stdio: 'ignore' }),
    ),
};

const kept: Kind = {
  name: 'kept descendants',
  weight: 3,
  run: (world) =>
    finish(world, kept.name, () =>
      spawn('sh', ['-c', 'sleep 0.02 & :'], { memory: '64M', stdio: 'ignore', keepDescendants: true }),
    ),
};

const detached: Kind = {
  name: 'detached',
  weight: 5,
  run: (world) =>
    finish(world, detached.name, () => spawn(TRUE, [], { memory: '64M', stdio: 'ignore', detached: true })),
};

const timeout: Kind = {
  name: 'timeout',
  weight: 10,
  run: (world) =>
    finish(world, timeout.name, () =>
      spawn(...SLEEP, {
        memory: '64M',
        stdio: 'ignore',
        timeout: 1 + Math.floor(world.random() * 5),
        killSignal: 'SIGKILL',
      }),
    ),
};

const aborted: Kind = {
  name: 'aborted',
  weight: 10,
  run(world) {
    const abort = new AbortController();
    void sleep(world.random() * 3).then(() => abort.abort());
    return attempt(world, aborted.name, () => run(...SLEEP, { memory: '64M', signal: abort.signal }));
  },
};

const listened: Kind = {
  name: 'events',
  weight: 20,
  run: (world) =>
    finish(world, listened.name, () => {
      const child = spawn(TRUE, [], { memory: '64M', stdio: 'ignore', thresholds: ['20%', '80%'] });
      // Should the cage take no listener, nobody follows this one.
      child.on('error', () => {});
      const { cage } = child;
      cage?.on('oom', () => {}).on('threshold', () => {});
      for (const name of ['oomKill', 'threshold', 'empty'] as const) cage?.cgroup.on(name, () => {});
      return child;
    }),
};

export const privateKinds = [usual, plain, root, oom, killed, descendants, kept, detached, timeout, aborted, listened];

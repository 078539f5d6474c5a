import childProcess from 'node:child_process';
import { promisify } from 'node:util';
import {
  createCage,
  createLauncher,
  exec,
  execFile,
  execFileSync,
  execSync,
  fork,
  type SharedCage,
  spawnSync,
} from 'memcage';
import { attempt, finish, follow } from '../finish';
import type { Kind, World } from '../world';
import { ANSWERS, TRUE } from './programs';
import { closePatiently } from './shared';

const MEMORY = '64M';

const around = (world: World): SharedCage => world.shared('contained', () => createCage({ memory: '500M' }), 300);

const files: Kind = {
  name: 'execFile',
  weight: 20,
  run: (world) => attempt(world, files.name, () => promisify(execFile)(TRUE, [], { memory: MEMORY })),
};

const commands: Kind = {
  name: 'exec',
  weight: 10,
  run: (world) => attempt(world, commands.name, () => promisify(exec)('exit 0', { memory: MEMORY })),
};

const BLOCKING = [
  () => spawnSync(TRUE, [], { memory: MEMORY }).error,
  () => execFileSync(TRUE, [], { memory: MEMORY, stdio: 'ignore' }),
  () => execSync('exit 0', { memory: MEMORY, stdio: 'ignore' }),
  () => spawnSync('tail', ['/dev/zero'], { memory: '4M', stdio: 'ignore' }).error,
  () => spawnSync('/no/such/program', [], { memory: MEMORY }).error,
  () => spawnSync('sleep', ['1000.0625'], { memory: MEMORY, timeout: 2, killSignal: 'SIGKILL' }).error,
];

const blocking: Kind = {
  name: 'blocking',
  weight: 10,
  run: (world) =>
    attempt(world, blocking.name, () => {
      const result = BLOCKING[Math.floor(world.random() * BLOCKING.length)]?.();
      if (result instanceof Error) throw result;
    }),
};

const contained: Kind = {
  name: 'contain()',
  weight: 30,
  run: (world) =>
    finish(world, contained.name, () => around(world).contain(() => childProcess.spawn(TRUE, [], { stdio: 'ignore' }))),
};

const containedFile: Kind = {
  name: 'contain() execFile',
  weight: 10,
  run: (world) =>
    attempt(world, containedFile.name, () =>
      around(world).contain(() => promisify(childProcess.execFile)(TRUE, [], {})),
    ),
};

const containedSync: Kind = {
  name: 'contain() spawnSync',
  weight: 5,
  run: (world) =>
    attempt(world, containedSync.name, () => {
      const { error } = around(world).contain(() => childProcess.spawnSync(TRUE, [], { stdio: 'ignore' }));
      if (error !== undefined) throw error;
    }),
};

const launchers: Kind = {
  name: 'createLauncher()',
  weight: 20,
  run: (world) =>
    attempt(world, launchers.name, async () => {
      const init = world.random() < 0.3 ? { namespaces: { pid: { init: true } } } : {};
      const launcher = createLauncher({ memory: MEMORY, ...init });
      try {
        const child = childProcess.spawn(launcher.file, [...launcher.args, TRUE], { stdio: 'ignore' });
        await follow(world, launchers.name, child);
      } finally {
        await closePatiently(world, launcher);
      }
    }),
};

/** A Node process takes as long as fifty others. */
const forked: Kind = {
  name: 'fork',
  weight: 0.7,
  run: (world) =>
    finish(world, forked.name, () => {
      const child = fork(ANSWERS, { memory: '200M', stdio: ['ignore', 'ignore', 'ignore', 'ipc'] });
      child.on('message', () => child.connected && child.disconnect());
      if (child.connected) child.send('hello', () => {});
      return child;
    }),
};

export const functionKinds = [files, commands, blocking, contained, containedFile, containedSync, launchers, forked];

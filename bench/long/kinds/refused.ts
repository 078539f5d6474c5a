import type { ChildProcess } from 'node:child_process';
import { spawn } from 'memcage';
import { oneOf } from '../../support/random';
import { finish } from '../finish';
import type { Kind } from '../world';
import { TRUE } from './programs';

const LIMIT = { memory: '64M', stdio: 'ignore' } as const;

/** Starts that fail, each for its reason. */
const STARTS = [
  () => spawn('/no/such/program', [], LIMIT),
  () => spawn('no-such-program', [], { ...LIMIT, namespaces: { pid: { init: true } } }),
  () => spawn(TRUE, [], { ...LIMIT, cwd: '/no/such/directory' }),
  () => spawn(TRUE, [], { ...LIMIT, cwd: '/etc/passwd' }),
  () => spawn('/etc/passwd', [], LIMIT),
  () => spawn(TRUE, [], { stdio: 'ignore', memory: '4K' }),
  () => spawn(TRUE, [], { ...LIMIT, root: { path: '/no/such/root' } }),
  () => spawn(TRUE, [], { ...LIMIT, parent: '/sys/fs/cgroup/no/such/parent' }),
  () => spawn('sh', ['-c', ': & : & : & wait'], { stdio: 'ignore', pids: 1 }),
] as const;

const refused: Kind = {
  name: 'refused',
  weight: 30,
  run: (world) => finish(world, refused.name, oneOf<() => ChildProcess>(world.random, STARTS)),
};

export const refusedKinds = [refused];

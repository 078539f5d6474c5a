import { lenient } from '../../common/options/accepted-options';
import { likeNodes } from '../../process/node-functions';
import { callNode } from '../launch/start-call';
import { execFileNow, type execFileSync, execNow, type execSync } from '../sync/exec-file-sync';
import { type spawnSync, startSync } from '../sync/spawn-sync';
import { collecting, type exec, type execFile } from './exec';
import type { fork } from './fork';
import type { spawn } from './spawn';

const CALLED = {
  spawnSync: lenient('spawnSync'),
  execFileSync: lenient('execFileSync'),
  execSync: lenient('execSync'),
};

/** @internal The functions of memcage/child_process, which accept options that neither memcage nor Node knows. */
export const dropIn = {
  exec: collecting('exec', lenient('exec')) as typeof exec,
  execFile: collecting('execFile', lenient('execFile')) as typeof execFile,
  fork: starting('fork') as typeof fork,
  spawn: starting('spawn') as typeof spawn,
  spawnSync: likeNodes('spawnSync', ((file: string, args?: unknown, options?: unknown) =>
    startSync(CALLED.spawnSync, file, args, options)) as typeof spawnSync),
  execFileSync: likeNodes('execFileSync', ((file: string, args?: unknown, options?: unknown) =>
    execFileNow(CALLED.execFileSync, file, args, options)) as typeof execFileSync),
  execSync: likeNodes('execSync', ((command: string, options?: unknown) =>
    execNow(CALLED.execSync, command, options)) as typeof execSync),
};

function starting(name: 'spawn' | 'fork'): unknown {
  const called = lenient(name);
  return likeNodes(name, (...args: unknown[]): unknown => callNode(name, args, called));
}

/// <reference types="node" preserve="true" />
/**
 * A drop-in replacement for `node:child_process`: everything that the running Node exports there, with memcage's
 * functions in place of Node's. Libraries pass extra options of their own, so an unknown option is ignored, unless it
 * looks like a typo for one of memcage's.
 *
 * Stable: see docs/reference/stability.md.
 *
 * @module memcage/child_process
 */
import { dropIn } from './start/api/child-process-functions';

export * from 'node:child_process';
/** memcage's `spawn`. */
export const spawn = dropIn.spawn;
/** memcage's `fork`. */
export const fork = dropIn.fork;
/** memcage's `exec`. */
export const exec = dropIn.exec;
/** memcage's `execFile`. */
export const execFile = dropIn.execFile;
/** memcage's `spawnSync`. */
export const spawnSync = dropIn.spawnSync;
/** memcage's `execSync`. */
export const execSync = dropIn.execSync;
/** memcage's `execFileSync`. */
export const execFileSync = dropIn.execFileSync;

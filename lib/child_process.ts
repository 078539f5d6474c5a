/**
 * Takes the place of `node:child_process`: all that the running Node exports there, with memcage's functions among it. Libraries
 * give these options of their own, so that a name that nobody knows goes through, but for a likely slip for one of memcage's.
 *
 * @module memcage/child_process
 */
import { dropIn } from './index.js';

export * from 'node:child_process';
/** As `spawn` of memcage. */
export const spawn = dropIn.spawn;
/** As `fork` of memcage. */
export const fork = dropIn.fork;
/** As `exec` of memcage. */
export const exec = dropIn.exec;
/** As `execFile` of memcage. */
export const execFile = dropIn.execFile;
/** As `spawnSync` of memcage. */
export const spawnSync = dropIn.spawnSync;
/** As `execSync` of memcage. */
export const execSync = dropIn.execSync;
/** As `execFileSync` of memcage. */
export const execFileSync = dropIn.execFileSync;

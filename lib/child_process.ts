/**
 * Takes the place of `node:child_process`: all that the running Node exports there, with memcage's functions among it.
 *
 * @module memcage/child_process
 */
export * from 'node:child_process';
export { exec, execFile, execFileSync, execSync, fork, spawn, spawnSync } from './index.js';

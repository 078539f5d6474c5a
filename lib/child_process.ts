/** Takes the place of `node:child_process`: all that the running Node exports there, with memcage's functions among it. */
export * from 'node:child_process';
export { exec, execFile, execFileSync, execSync, fork, spawn, spawnSync } from './index.js';

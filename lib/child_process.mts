import childProcess from './child_process.js';

// Not those of the CommonJS file: which names that has is only known once it runs.
export * from 'node:child_process';
export { exec, execFile, execFileSync, execSync, fork, spawn, spawnSync } from './index.js';
export default childProcess;

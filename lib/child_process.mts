import childProcess from './child_process.js';

// The names cannot come from the CommonJS file: which names it exports is known only when it runs.
export * from 'node:child_process';
export const { exec, execFile, execFileSync, execSync, fork, spawn, spawnSync } = childProcess;
export default childProcess;

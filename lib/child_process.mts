import childProcess from './child_process.js';
import { dropIn } from './index.js';

// The names cannot come from the CommonJS file: which names it exports is known only when it runs.
export * from 'node:child_process';
export const { exec, execFile, execFileSync, execSync, fork, spawn, spawnSync } = dropIn;
export default childProcess;

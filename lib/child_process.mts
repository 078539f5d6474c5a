import childProcess from './child_process.js';
import { dropIn } from './index.js';

// Not those of the CommonJS file: which names that has is only known once it runs.
export * from 'node:child_process';
export const { exec, execFile, execFileSync, execSync, fork, spawn, spawnSync } = dropIn;
export default childProcess;

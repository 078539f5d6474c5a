import childProcess from './child_process.js';

// The names cannot come from the CommonJS file: which names it exports is known only when it runs.
export * from 'node:child_process';
export const exec: typeof childProcess.exec = childProcess.exec;
export const execFile: typeof childProcess.execFile = childProcess.execFile;
export const execFileSync: typeof childProcess.execFileSync = childProcess.execFileSync;
export const execSync: typeof childProcess.execSync = childProcess.execSync;
export const fork: typeof childProcess.fork = childProcess.fork;
export const spawn: typeof childProcess.spawn = childProcess.spawn;
export const spawnSync: typeof childProcess.spawnSync = childProcess.spawnSync;
export default childProcess;

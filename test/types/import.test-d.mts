// The package as an ES module sees it.
import * as everything from 'memcage';
import { createCage, MemoryLimitError, run, spawn } from 'memcage';
import { Cgroup } from 'memcage/cgroup';
import replacement, { type ChildProcess, fork, type SpawnOptions, spawnSync } from 'memcage/child_process';
import { type NativeBinding, native } from 'memcage/native';

const { exitCode } = await run('true', { memory: '10M' });
const code: number | null = exitCode;
const binding: NativeBinding = native;
const frozen: 'ERR_MEMCAGE_FROZEN' = 'ERR_MEMCAGE_FROZEN';
everything.spawn('true');
// @ts-expect-error its texts are the values: 'ERR_MEMCAGE_FROZEN'
void everything.ErrorCode;
// @ts-expect-error an abort is known by its name, as Node's
void everything.AbortError;
const forked: ChildProcess = fork('x.js', { memory: '10M' });
const options: SpawnOptions = { cwd: '/' };
replacement.exec('true', { memory: '10M' }).cage.kill();
void [forked, options, spawnSync, code, binding, frozen, Cgroup, createCage, MemoryLimitError, spawn];

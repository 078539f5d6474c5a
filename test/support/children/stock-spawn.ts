import childProcess, { type ChildProcess, type SpawnOptions } from 'node:child_process';
import { loadNative } from '../../../lib/common/addon/load-native';
import { watcher } from '../../../lib/common/addon/watcher';
import { ProcessHandle } from '../../../lib/process/handle';
import { callWith } from '../../../lib/process/intercept-children';
import { isOptions, nodeCall } from '../../../lib/process/node-call';
import type { MakeHandle } from '../../../lib/process/swap-handle';
import { spawn } from '../../../lib/start/api/spawn';
import { createLaunch } from '../../../lib/start/launch/launch-child';
import { Start } from '../../../lib/start/launch/start';
import { NO_CAGE_OPTIONS } from '../../../lib/start/request/cage-options';
import { Gate } from '../../../lib/start/request/gate';
import { requestOf } from '../../../lib/start/request/start-request';
import type { Turn } from '../../../lib/start/request/turns';
import { stockLaunch, timerRefs } from './stock-launch';

export type Spawn = (file: string, args?: readonly string[] | SpawnOptions, options?: SpawnOptions) => ChildProcess;

const refs = timerRefs();

/** Node's spawn with that handle. */
export const spawnWithHandle = (
  file: string,
  args: unknown,
  options: unknown,
  makeHandle: MakeHandle,
  call = callWith,
): ChildProcess => {
  const made = nodeCall('spawn', [file, args, options]);
  // A copy, because the call changes the options.
  const given = isOptions(made.options) ? { ...made.options } : made.options;
  return call({ ...made, options: given }, { makeHandle }).child;
};

/** Node's spawn with our handle, without a cage. */
export const swappedSpawn: Spawn = (file, args, options) =>
  spawnWithHandle(file, args, options, () => new ProcessHandle({ launch: stockLaunch, binding: loadNative(), refs }));

/** The whole library, without a cage. */
export const librarySpawn: Spawn = spawn as Spawn;

/** How long the gated child of {@link sameAsNode} waits at its gate, in milliseconds. */
export const HELD_MS = 20;

/** Our handle and our launch, without a cage, and each child waits at a gate for a moment. */
const gatedSpawn: Spawn = (file, args, options) => {
  const gate = new Gate();
  const start = new Start(requestOf(NO_CAGE_OPTIONS), {
    turn: { take: () => gate, born: () => {} } as unknown as Turn,
    byNode: false,
  });
  const launch = createLaunch(start);
  const child = spawnWithHandle(
    file,
    args,
    options,
    () => new ProcessHandle({ launch, binding: loadNative(), refs: watcher().refs }),
  );
  setTimeout(() => gate.open(), HELD_MS);
  return child;
};

// Saved at load time, so that changes by another test file do not count.
export const nodeSpawn = childProcess.spawn as Spawn;

/**
 * Runs a scenario with each spawn. The results must be the same, and are returned for more checks.
 *
 * @param isBlocking it waits for a child without the event loop, which would never open a gate
 */
export async function sameAsNode<T>(
  scenario: (spawn: Spawn) => T | Promise<T>,
  { isBlocking = false } = {},
): Promise<T> {
  const expected = await handleSameAsNode(scenario);
  expect({ library: await scenario(librarySpawn) }).toEqual({ library: expected });
  if (!isBlocking) expect({ gated: await scenario(gatedSpawn) }).toEqual({ gated: expected });
  return expected;
}

export async function handleSameAsNode<T>(scenario: (spawn: Spawn) => T | Promise<T>): Promise<T> {
  const expected = await scenario(nodeSpawn);
  expect({ handle: await scenario(swappedSpawn) }).toEqual({ handle: expected });
  return expected;
}

/** libuv 1.52 corrupts the heap if a stock spawn fails before the fork (see lib/process/swap-handle.ts). */
export const stockSurvivesRefusals = /^1\.([0-9]|[1-4][0-9]|5[01])\./.test(process.versions.uv);

import { closeSync, constants, mkdirSync, openSync, promises, rmdirSync, writeSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import type { BusFailure, ScopeRequest, UnitQuestion } from '../../../types/native';
import { loadNative } from '../../common/addon/load-native';
import { pauseSync } from '../../common/event-loop/timers';
import { cgroupLimitError } from '../directory/cgroup-limit';
import { tellGuardian, unguard, wantsGuardian } from '../processes/guardian';

/**
 * A step that may take long: a move waits for an RCU grace period, and systemd takes its time. Whoever drives the
 * generator carries out the step, blocking or not.
 */
export type Effect =
  | { do: 'write'; path: string; value: string }
  | { do: 'pause'; ms: number }
  /** Registers the cgroup below the parent that this process is about to move to, in case it is killed there. */
  | { do: 'tell-guardian'; path: string; name: string }
  | { do: 'make-directory'; path: string }
  | { do: 'remove-directory'; path: string }
  /** Tells the guardian that the cgroup which it was told of has been removed. */
  | { do: 'forget-self'; name: string }
  | { do: 'start-scope'; request: ScopeRequest }
  | { do: 'ask-delegation'; question: UnitQuestion };

/** The result of an effect: systemd's answer to a request. Refusals of the kernel are thrown into the generator. */
export type EffectResult = undefined | { controlGroup: string } | { delegated: boolean } | BusFailure;

export function runBlocking<T>(steps: Generator<Effect, T, EffectResult>): T {
  let step = steps.next();
  while (step.done !== true) {
    let result: EffectResult;
    try {
      result = carryOut(step.value);
    } catch (error) {
      step = steps.throw(error);
      continue;
    }
    step = steps.next(result);
  }
  return step.value;
}

/** {@link runBlocking} without blocking the event loop. */
export async function runLater<T>(steps: Generator<Effect, T, EffectResult>): Promise<T> {
  let step = steps.next();
  while (step.done !== true) {
    let result: EffectResult;
    try {
      result = await carryOutLater(step.value);
    } catch (error) {
      step = steps.throw(error);
      continue;
    }
    step = steps.next(result);
  }
  return step.value;
}

function tellOfSelf({ path, name }: Extract<Effect, { do: 'tell-guardian' }>): void {
  if (!wantsGuardian()) return;
  const dirFd = openSync(path, constants.O_RDONLY | constants.O_DIRECTORY);
  try {
    tellGuardian(dirFd, name, 'leaf', path);
  } finally {
    closeSync(dirFd);
  }
}

function makeDirectory(path: string): void {
  try {
    mkdirSync(path);
  } catch (error) {
    const { code, errno, syscall } = error as NodeJS.ErrnoException;
    throw code === 'EAGAIN' ? cgroupLimitError(path, { errno, syscall, cause: error }) : error;
  }
}

function carryOut(effect: Effect): EffectResult {
  switch (effect.do) {
    case 'start-scope':
      return loadNative().startScope(effect.request);
    case 'ask-delegation':
      return loadNative().isDelegated(effect.question);
    case 'tell-guardian':
      tellOfSelf(effect);
      return undefined;
    case 'forget-self':
      unguard(effect.name, { end: false });
      return undefined;
    case 'make-directory':
      makeDirectory(effect.path);
      return undefined;
    case 'pause':
      pauseSync(effect.ms);
      return undefined;
    case 'remove-directory':
      rmdirSync(effect.path);
      return undefined;
    case 'write': {
      const fd = openSync(effect.path, constants.O_WRONLY);
      try {
        writeSync(fd, effect.value);
      } finally {
        closeSync(fd);
      }
      return undefined;
    }
  }
}

/** Does not block in what may take long; all else is done as by {@link carryOut}. */
async function carryOutLater(effect: Effect): Promise<EffectResult> {
  switch (effect.do) {
    case 'start-scope':
      return loadNative().startScopeAsync(effect.request);
    case 'ask-delegation':
      return loadNative().isDelegatedAsync(effect.question);
    case 'pause':
      await sleep(effect.ms);
      return undefined;
    case 'write': {
      const file = await promises.open(effect.path, constants.O_WRONLY);
      try {
        await file.write(effect.value);
      } finally {
        await file.close();
      }
      return undefined;
    }
    default:
      return carryOut(effect);
  }
}

import type { Called } from '../../common/options/called';
import { isWithinOwnCall } from '../../process/intercept';
import { type NodeCall, nodeCall } from '../../process/node-call';
import type { NodeFunction } from '../../process/node-functions';
import { chooseCage } from '../request/cage-choice';
import { splitOptions } from '../request/cage-options';
import { startsByNode } from '../request/starts-by-node';
import { turnOf } from '../request/take-turn';
import type { Turn } from '../request/turns';
import { startByAddon } from './start-by-addon';
import { startByNode } from './start-by-node';
import type { Started } from './started';

/** Calls a function of child_process with these arguments; memcage's options are among Node's. */
export function callNode(name: NodeFunction, args: readonly unknown[], called: Called): unknown {
  const call = nodeCall(name, args);
  return isWithinOwnCall(call) ? call.invoke(call.options) : startThroughNode(call, called).result;
}

export function startThroughNode(given: NodeCall, called: Called): Started {
  return planStart(given, called).start();
}

/** A start that has yet to be made. */
interface PlannedStart {
  /** Undefined if it needs none. */
  turn: Turn | undefined;
  start(): Started;
}

export function planStart(given: NodeCall, called: Called): PlannedStart {
  const { node, own } = splitOptions(given.options, called);
  const choice = chooseCage(own);
  const call = { ...given, options: node };
  const byNode = startsByNode(own, choice);
  const turn = turnOf(choice, own, { canWait: !byNode });
  const start = byNode ? startByNode : startByAddon;
  return { turn, start: () => start(call, own, { choice, turn }) };
}

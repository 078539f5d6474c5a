import type { WorkerRequest } from 'vitest/node' with { 'resolution-mode': 'import' };
import { isRecord } from '../../common/options/option-names';

/** What Vitest sends to a worker, beside the messages of its rpc. */
export type Request = WorkerRequest;
export type RunRequest = Extract<Request, { type: 'run' | 'collect' }>;
export type StartRequest = Extract<Request, { type: 'start' }>;

/** What a worker answers. */
export interface Response {
  __vitest_worker_response__: true;
  type: 'started' | 'testfileFinished' | 'stopped';
  error?: unknown;
  usedMemory?: number;
}

/** A message of Vitest's rpc (birpc): `q` asks, `s` answers. */
export interface RpcMessage {
  t: 'q' | 's';
  /** Without one nobody waits for an answer. */
  i?: string;
  /** The method. */
  m?: string;
  a?: unknown[];
}

/** What our file in the worker says of a test there: it begins, or has ended with a result. */
export interface TestMessage {
  memcage: 'test';
  /** Of Vitest's task. */
  id: string;
  name: string;
  /** As Vitest's task has it. */
  result?: object;
}

export function isRequest(message: unknown): message is Request {
  return isRecord(message) && message['__vitest_worker_request__'] === true;
}

export function isResponse(message: unknown): message is Response {
  return isRecord(message) && message['__vitest_worker_response__'] === true;
}

export function isTestMessage(message: unknown): message is TestMessage {
  return isRecord(message) && message['memcage'] === 'test';
}

export function isRpc(message: unknown): message is RpcMessage {
  return isRecord(message) && (message['t'] === 'q' || message['t'] === 's');
}

export function response(type: Response['type'], more: Pick<Response, 'error' | 'usedMemory'> = {}): Response {
  return { __vitest_worker_response__: true, type, ...more };
}

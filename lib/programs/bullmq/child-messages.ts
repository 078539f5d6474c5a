import type { Job, JobProgress, MoveToWaitingChildrenOpts } from 'bullmq';
import type { Protocol } from './protocol.js';

/** A message of BullMQ's child. */
export interface ChildMessage {
  cmd: number;
  requestId?: string;
  value?: unknown;
  err?: unknown;
}

/** What has the job do something, and the command of the answer that the child waits for, if it does. */
interface ChildRequest {
  act(job: Job, value: unknown): Promise<unknown>;
  answer?: number;
}

type Counted = Parameters<Job['getDependenciesCount']>[0];
type Listed = Parameters<Job['getDependencies']>[0];
interface Move {
  timestamp?: number;
  token?: string;
  opts?: MoveToWaitingChildrenOpts;
}

/** What BullMQ's child may ask its parent for, by the number of the command. */
export function requestsOf({ ParentCommand: from, ChildCommand: to }: Protocol): ReadonlyMap<number, ChildRequest> {
  return new Map<number, ChildRequest>([
    [from.Progress, { act: (job, value) => job.updateProgress(value as JobProgress) }],
    [from.Log, { act: (job, value) => job.log(value as string) }],
    [from.Update, { act: (job, value) => job.updateData(value) }],
    [
      from.MoveToDelayed,
      { act: (job, value) => job.moveToDelayed((value as Move).timestamp as number, (value as Move).token) },
    ],
    [from.MoveToWait, { act: (job, value) => job.moveToWait((value as Move | undefined)?.token) }],
    [
      from.MoveToWaitingChildren,
      {
        act: (job, value) => {
          const { token, opts } = value as Move;
          return job.moveToWaitingChildren(token as string, opts);
        },
        answer: to.MoveToWaitingChildrenResponse,
      },
    ],
    [from.GetChildrenValues, { act: (job) => job.getChildrenValues(), answer: to.GetChildrenValuesResponse }],
    [
      from.GetIgnoredChildrenFailures,
      { act: (job) => job.getIgnoredChildrenFailures(), answer: to.GetIgnoredChildrenFailuresResponse },
    ],
    [
      from.GetDependenciesCount,
      {
        act: (job, value) => job.getDependenciesCount(value as Counted),
        answer: to.GetDependenciesCountResponse,
      },
    ],
    [
      from.GetDependencies,
      { act: (job, value) => job.getDependencies(value as Listed), answer: to.GetDependenciesResponse },
    ],
  ]);
}

/** Whether it is BullMQ's. The processor may send messages of its own, which nobody listens to. */
export function isChildMessage(message: unknown): message is ChildMessage {
  return typeof message === 'object' && message !== null && typeof (message as ChildMessage).cmd === 'number';
}

/** The error that a child tells of, with all that it has. BullMQ takes these three for texts. */
export function toldError(told: unknown): Error {
  const error = new Error();
  if (typeof told !== 'object' || told === null) return error;
  for (const [name, value] of Object.entries(told)) {
    const isWrong = ['name', 'message', 'stack'].includes(name) ? typeof value !== 'string' : name === '__proto__';
    if (!isWrong) Reflect.set(error, name, value);
  }
  return error;
}

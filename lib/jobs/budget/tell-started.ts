import type { ChildProcess } from 'node:child_process';
import type { Job } from './jobs';

/**
 * For a child that its caller does not have yet. A listener may abort it, or whoever holds its signal before the caller's
 * promise is resolved, which has it emit an 'error' at once: that comes again when the caller can have listeners of its own.
 */
export function tellStarted(job: Job, child: ChildProcess): void {
  const unheard: Error[] = [];
  const hear = (error: Error): void => {
    if (child.listenerCount('error') === 1) unheard.push(error);
  };
  child.on('error', hear);
  job.started(child);
  process.nextTick(() => {
    child.off('error', hear);
    for (const error of unheard) child.emit('error', error);
  });
}

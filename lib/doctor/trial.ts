import type { Finding } from '../../types/diagnosis';
import { run } from '../api/run';
import { ErrorCode } from '../errors/errors';
import { formatSize } from '../text/size';

const PLACE_MISSING: ReadonlySet<unknown> = new Set([ErrorCode.NO_PARENT, ErrorCode.NO_PERMISSION]);

/** Runs the main job itself. */
export async function findTrial(): Promise<Finding> {
  const name = 'trial';
  try {
    const { memory } = await run('/bin/sh', ['-c', ':'], {
      memory: '64M',
      namespaces: { uts: true, mount: true, pid: true },
    });
    const { limitBytes, peakBytes } = memory;
    const peak = peakBytes === null ? 'an unknown peak' : `a peak of ${formatSize(peakBytes)}`;
    return {
      name,
      state: 'ok',
      detail: `a child ran in its own namespaces under ${formatSize(limitBytes)}, with ${peak}`,
    };
  } catch (error) {
    const { message, code } = error as NodeJS.ErrnoException;
    const cure = PLACE_MISSING.has(code) && { cure: 'that of parent' };
    return { name, state: 'missing', detail: message, ...cure };
  }
}

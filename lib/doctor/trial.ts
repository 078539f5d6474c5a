import type { Finding } from '../../types/diagnosis';
import { run } from '../run';

/** The main job itself. */
export async function findTrial(): Promise<Finding> {
  const name = 'trial';
  try {
    const { memory } = await run('/bin/sh', ['-c', ':'], {
      memory: '64M',
      namespaces: { uts: true, mount: true, pid: true },
    });
    const { limitBytes, peakBytes } = memory;
    const peak = peakBytes === null ? 'an unknown peak' : `a peak of ${peakBytes} bytes`;
    return { name, state: 'ok', detail: `a child ran in its own namespaces under ${limitBytes} bytes, with ${peak}` };
  } catch (error) {
    return { name, state: 'missing', detail: (error as Error).message };
  }
}

import { TestEnvironment } from 'jest-environment-node';
import { findOwnCgroups } from './leak-check';

/**
 * Jest's environment of Node, in which a file that leaves cgroups of this process behind fails: the check at the end of the run
 * can't say whose they are.
 */
export default class Environment extends TestEnvironment {
  async handleTestEvent({ name }: { name: string }, state: { unhandledErrors: unknown[] }): Promise<void> {
    if (name !== 'run_finish') return;
    const left = await findOwnCgroups();
    if (left.length > 0) state.unhandledErrors.push(new Error(`left behind: ${left.join(', ')}`));
  }
}

import { TestEnvironment } from 'jest-environment-node';
import { ownCgroups, removeTestCgroups, whatStays } from './leak-check';

/**
 * Jest's environment of Node, in which a file that leaves cages of this process behind fails: the check at the end of the run
 * can't say whose they are.
 */
export default class Environment extends TestEnvironment {
  readonly #before = new Set<string>();
  #hasFailed = false;

  async handleTestEvent(
    { name }: { name: string },
    { unhandledErrors }: { unhandledErrors: unknown[] },
  ): Promise<void> {
    if (name === 'setup') for (const path of ownCgroups()) this.#before.add(path);
    if (name === 'test_fn_failure' || name === 'hook_failure') this.#hasFailed = true;
    if (name !== 'run_finish') return;
    if (this.#hasFailed) await removeTestCgroups();
    const left = await whatStays(ownCgroups, this.#before);
    if (left.length > 0) unhandledErrors.push(new Error(`left behind: ${left.join(', ')}`));
  }
}

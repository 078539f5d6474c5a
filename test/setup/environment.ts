import { EnvironmentWithHooks, type TestEvent } from './environment-with-hooks';
import { ownCgroups, removeTestCgroups, whatStays } from './leak-check';

/**
 * Jest's Node environment, in which a file fails if it leaves cages of this process behind. The check at the end of
 * the run can't say whose they are.
 */
export default class Environment extends EnvironmentWithHooks {
  readonly #before = new Set<string>();
  #hasFailed = false;

  override async handleTestEvent(event: TestEvent, state: { unhandledErrors: unknown[] }): Promise<void> {
    await super.handleTestEvent(event, state);
    const { name } = event;
    if (name === 'setup') for (const path of ownCgroups()) this.#before.add(path);
    if (name === 'test_fn_failure' || name === 'hook_failure') this.#hasFailed = true;
    if (name !== 'run_finish') return;
    if (this.#hasFailed) await removeTestCgroups();
    const left = await whatStays(ownCgroups, this.#before);
    if (left.length > 0) state.unhandledErrors.push(new Error(`left behind: ${left.join(', ')}`));
  }
}

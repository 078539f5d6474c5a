import { TestEnvironment } from 'jest-environment-node';
import type { EachHooks } from '../support/rows';
import { ownCgroups, removeTestCgroups, whatStays } from './leak-check';

/** Of what Jest hands on, what is used here. */
interface Block {
  parent?: Block;
  hooks: readonly { type: string; fn: () => unknown }[];
}

/**
 * Jest's environment of Node, in which a file that leaves cages of this process behind fails: the check at the end of the run
 * can't say whose they are. It also tells the rows of a test which hooks the test has.
 */
export default class Environment extends TestEnvironment {
  readonly #before = new Set<string>();
  #hasFailed = false;

  async handleTestEvent(
    { name, test }: { name: string; test?: { parent: Block } },
    { unhandledErrors }: { unhandledErrors: unknown[] },
  ): Promise<void> {
    if (name === 'setup') for (const path of ownCgroups()) this.#before.add(path);
    if (name === 'test_start' && test !== undefined) this.global.memcageEachHooks = eachHooks(test.parent);
    if (name === 'test_fn_failure' || name === 'hook_failure') this.#hasFailed = true;
    if (name !== 'run_finish') return;
    if (this.#hasFailed) await removeTestCgroups();
    const left = await whatStays(ownCgroups, this.#before);
    if (left.length > 0) unhandledErrors.push(new Error(`left behind: ${left.join(', ')}`));
  }
}

/** In the order in which Jest runs them: from the outside in before the test, and back after it. */
function eachHooks(innermost: Block): EachHooks {
  const blocks: Block[] = [];
  for (let block: Block | undefined = innermost; block !== undefined; block = block.parent) blocks.push(block);
  const ofType = (type: string, { hooks }: Block) => hooks.filter((hook) => hook.type === type).map(({ fn }) => fn);
  return {
    before: [...blocks].reverse().flatMap((block) => ofType('beforeEach', block)),
    after: blocks.flatMap((block) => ofType('afterEach', block)),
  };
}

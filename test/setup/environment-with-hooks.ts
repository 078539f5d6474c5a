import { TestEnvironment } from 'jest-environment-node';
import type { EachHooks } from '../support/rows';

/** The parts of Jest's blocks that are used here. */
interface Block {
  parent?: Block;
  hooks: readonly { type: string; fn: () => unknown }[];
}

export interface TestEvent {
  name: string;
  test?: { parent: Block };
}

/** Jest's Node environment, which tells the rows of a test (test/support/rows.ts) which hooks the test has. */
export class EnvironmentWithHooks extends TestEnvironment {
  async handleTestEvent({ name, test }: TestEvent, _state: object): Promise<void> {
    if (name === 'test_start' && test !== undefined) this.global.memcageEachHooks = eachHooks(test.parent);
  }
}

/** In the order in which Jest runs them: from the outside in before the test, and back out after it. */
function eachHooks(innermost: Block): EachHooks {
  const blocks: Block[] = [];
  for (let block: Block | undefined = innermost; block !== undefined; block = block.parent) blocks.push(block);
  const ofType = (type: string, { hooks }: Block) => hooks.filter((hook) => hook.type === type).map(({ fn }) => fn);
  return {
    before: [...blocks].reverse().flatMap((block) => ofType('beforeEach', block)),
    after: blocks.flatMap((block) => ofType('afterEach', block)),
  };
}

import type { TestEvent } from '../setup/environment-with-hooks';
import PureEnvironment from '../setup/pure-environment';

/** How often each mutant was reached, by its id. */
type Hits = Record<string, number>;

interface Block {
  name: string;
  parent?: Block;
}

/** What the instrumented sources look at: `__stryker__` of their realm. */
interface Switch {
  activeMutant?: string | undefined;
  hitCount?: number | undefined;
  hitLimit?: number | undefined;
  currentTestId?: string | undefined;
  mutantCoverage: { static: Hits; perTest: Record<string, Hits> };
}

declare global {
  /** Between the runner (runner.js) and the environment, which are in one realm. */
  var memcageMutation: { active?: string; hitLimit?: number; coverage?: Switch['mutantCoverage'] } | undefined;
}

/** The environment of pure tests, in which one mutant is active, and which notes what each test reaches. */
export default class MutationEnvironment extends PureEnvironment {
  readonly #switch: Switch = { mutantCoverage: { static: {}, perTest: {} } };

  override async setup(): Promise<void> {
    await super.setup();
    const { active, hitLimit } = globalThis.memcageMutation ?? {};
    if (active !== undefined) Object.assign(this.#switch, { activeMutant: active, hitCount: 0, hitLimit });
    this.global['__stryker__'] = this.#switch;
  }

  override async handleTestEvent(event: TestEvent, state: object): Promise<void> {
    if (event.name === 'test_start') this.#switch.currentTestId = fullName(event.test as unknown as Block);
    if (event.name === 'test_done') this.#switch.currentTestId = undefined;
    await super.handleTestEvent(event, state);
  }

  override async teardown(): Promise<void> {
    if (globalThis.memcageMutation !== undefined) globalThis.memcageMutation.coverage = this.#switch.mutantCoverage;
    await super.teardown();
  }
}

/** As Jest matches it with `--testNamePattern`. */
function fullName(test: Block): string {
  const names: string[] = [];
  for (let block: Block | undefined = test; block?.parent !== undefined; block = block.parent)
    names.unshift(block.name);
  return names.join(' ');
}

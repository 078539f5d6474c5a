import childProcess, { ChildProcess } from 'node:child_process';
import { EnvironmentWithHooks } from './environment-with-hooks';

/** In the comment at the top of a test file, with the reason: `@starts-children bash, which completes words`. */
const PRAGMA = 'starts-children';

/**
 * Jest's Node environment for the project `pure`. No child process starts in it, unless the file gives a reason. (The
 * addon can't be loaded either: jest.config.js maps it to no-addon.js.)
 */
export default class PureEnvironment extends EnvironmentWithHooks {
  readonly #mayStart: boolean;
  #undo = (): void => {};

  constructor(...[config, context]: ConstructorParameters<typeof EnvironmentWithHooks>) {
    super(config, context);
    this.#mayStart = context.docblockPragmas[PRAGMA] !== undefined;
  }

  override async setup(): Promise<void> {
    await super.setup();
    if (!this.#mayStart) this.#undo = refuseChildren();
  }

  override async teardown(): Promise<void> {
    this.#undo();
    await super.teardown();
  }
}

function refuse(): never {
  throw new Error(
    `A test in test/pure started a child process. It belongs in test/integration, or, where no kernel can make a difference, says so by @${PRAGMA}.`,
  );
}

/** Everything that starts a child uses these. A test file has the same instance of Node's module as this file. */
function refuseChildren(): () => void {
  const { spawn } = ChildProcess.prototype as unknown as { spawn: unknown };
  const { spawnSync, execFileSync, execSync } = childProcess;
  Object.assign(ChildProcess.prototype, { spawn: refuse });
  Object.assign(childProcess, { spawnSync: refuse, execFileSync: refuse, execSync: refuse });
  return () => {
    Object.assign(ChildProcess.prototype, { spawn });
    Object.assign(childProcess, { spawnSync, execFileSync, execSync });
  };
}

import { SharedCage } from '../cage/shared-cage';
import type { Cage, InCage, MemberOptions, RunOptions } from '../contract/cage';
import { alreadyRead, type Called, strictMember } from '../options/called';
import { isOptions, nodeCall } from '../process/node-call';
import { contain } from './contain';
import { RUN_OPTIONS, runAs } from './run';
import { startThroughNode } from './start';

const RUN = strictMember('cage.run', 'spawn', RUN_OPTIONS);
const CALLED = {
  spawn: strictMember('cage.spawn', 'spawn'),
  fork: strictMember('cage.fork', 'fork'),
  exec: strictMember('cage.exec', 'exec'),
  execFile: strictMember('cage.execFile', 'execFile'),
};
type Options = MemberOptions<RunOptions>;

/** A shared cage with the functions that start children in it. */
export class StartingCage extends SharedCage implements Cage {
  declare spawn: Cage['spawn'];
  declare fork: Cage['fork'];
  declare exec: Cage['exec'];
  declare execFile: Cage['execFile'];
  declare run: Cage['run'];

  static {
    const starter = (name: keyof typeof CALLED) =>
      function (this: StartingCage, ...args: unknown[]): unknown {
        const call = nodeCall(name, args);
        const options = this.#with(call.options, CALLED[name]);
        return startThroughNode({ ...call, options }, alreadyRead(CALLED[name])).result;
      };
    // Their types are the contract's, which says them once.
    Object.assign(StartingCage.prototype, {
      spawn: starter('spawn'),
      fork: starter('fork'),
      exec: starter('exec'),
      execFile: starter('execFile'),
      run(this: StartingCage, file: string, args?: readonly string[] | Options, options: Options = {}): unknown {
        const [list, rest] = isOptions(args) ? [[], args] : [args, options];
        return runAs(alreadyRead(RUN), file, list, this.#with(rest, RUN));
      },
    });
  }

  get self(): Cage {
    return this;
  }

  contain<T>(fn: () => T): T {
    return contain(this, fn);
  }

  /** Anything but an options object is left for Node to refuse. */
  #with<O>(options: O, called: Called): O | (O & InCage) {
    return isOptions(options) ? { ...called.read(options), cage: this } : options;
  }
}

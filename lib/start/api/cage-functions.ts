import type { InCage, MemberOptions, RunOptions } from '../../cage/contract/cage';
import { alreadyRead, type Called, strictMember } from '../../common/options/accepted-options';
import { isOptions, nodeCall } from '../../process/node-call';
import { startCall } from '../launch/start-call';
import { RUN_OPTIONS, runAs } from '../run/run';

const RUN = strictMember('cage.run', 'spawn', RUN_OPTIONS);
const CALLED = {
  spawn: strictMember('cage.spawn', 'spawn'),
  fork: strictMember('cage.fork', 'fork'),
  exec: strictMember('cage.exec', 'exec'),
  execFile: strictMember('cage.execFile', 'execFile'),
};
type Options = MemberOptions<RunOptions>;

/** Gives the class of a shared cage the functions that start children in it. Their types are the contract's. */
export function startInCage(prototype: object): void {
  const starter = (name: keyof typeof CALLED) =>
    function (this: InCage['cage'], ...args: unknown[]): unknown {
      const call = nodeCall(name, args);
      const options = within(this, call.options, CALLED[name]);
      return startCall({ ...call, options }, alreadyRead(CALLED[name])).result;
    };
  Object.assign(prototype, {
    spawn: starter('spawn'),
    fork: starter('fork'),
    exec: starter('exec'),
    execFile: starter('execFile'),
    run(this: InCage['cage'], file: string, args?: readonly string[] | Options, options: Options = {}): unknown {
      const [list, rest] = isOptions(args) ? [[], args] : [args, options];
      return runAs(alreadyRead(RUN), file, list, within(this, rest, RUN));
    },
  });
}

/** Anything but an options object is left for Node to refuse. */
function within<O>(cage: InCage['cage'], options: O, called: Called): O | (O & InCage) {
  return isOptions(options) ? { ...called.read(options), cage } : options;
}

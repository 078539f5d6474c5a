import type { ContainOptions, SharedCage } from '../../cage/contract/cage';
import type { Cgroup } from '../../cgroup/handle/cgroup';
import { alreadyRead, type Called, strictMember } from '../../common/options/accepted-options';
import { RUN_OPTIONS } from '../../common/options/names';
import { isOptions, nodeCall } from '../../process/node-call';
import { contain } from '../contain/contain';
import { startCall } from '../launch/start-call';
import type { AnySharedCage } from '../request/context';
import { listAndOptions } from '../run/run';
import { runChild } from '../run/run-child';

const RUN = strictMember('cage.run', 'spawn', RUN_OPTIONS);
const CALLED = {
  spawn: strictMember('cage.spawn', 'spawn'),
  fork: strictMember('cage.fork', 'fork'),
  exec: strictMember('cage.exec', 'exec'),
  execFile: strictMember('cage.execFile', 'execFile'),
};

type Starting = Pick<SharedCage<Cgroup | null>, keyof typeof CALLED | 'run' | 'contain'>;

/** Has a shared cage, and all others of its class, start children in it. */
export function startingIn<C extends AnySharedCage>(cage: C): C & Starting {
  const prototype = Object.getPrototypeOf(cage) as object;
  if (!Object.hasOwn(prototype, 'spawn')) Object.assign(prototype, FUNCTIONS);
  // The contract has the types of the functions.
  return cage as C & Starting;
}

const FUNCTIONS = {
  spawn: starter('spawn'),
  fork: starter('fork'),
  exec: starter('exec'),
  execFile: starter('execFile'),
  async run(this: SharedCage, file: string, ...given: unknown[]): Promise<unknown> {
    const { args, options } = listAndOptions(RUN.of, given);
    return runChild(alreadyRead(RUN), file, args, within(this, options, RUN));
  },
  contain<T>(this: AnySharedCage, fn: () => T, options?: ContainOptions): T {
    return contain(this, fn, options);
  },
};

function starter(name: keyof typeof CALLED) {
  return function (this: SharedCage, ...args: unknown[]): unknown {
    const call = nodeCall(name, args);
    const options = within(this, call.options, CALLED[name]);
    return startCall({ ...call, options }, alreadyRead(CALLED[name])).result;
  };
}

/** Anything but an options object is left for Node to refuse. */
function within<O>(cage: SharedCage, options: O, called: Called): O | (O & { cage: SharedCage }) {
  return isOptions(options) ? { ...called.read(options), cage } : options;
}

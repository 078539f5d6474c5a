import { accessSync, constants, readlinkSync } from 'node:fs';
import { companion } from '../../common/addon/companion';
import { addonPath } from '../../common/addon/load-native';
import { ErrorCode, MemcageError } from '../../common/errors/errors';
import { CURE, words } from '../../common/errors/words';
import { OwnThread } from '../../common/event-loop/own-thread';
import { outsideOfCalls } from '../../common/event-loop/timers';
import { readPageSize } from '../../common/machine/proc';
import { FdReserve } from './fd-reserve';
import type { SamplerData, SamplerReport, SamplerRequest } from './messages';

/** Throws ERR_MEMCAGE_UNSUPPORTED with the reason and the cure if this process can't sample the memory of others. */
export function refuseWhereNothingCanBeSampled(platform: NodeJS.Platform): void {
  const permission: { has(scope: string, reference?: string): boolean } | undefined = process.permission;
  if (permission?.has('worker') === false) {
    throw refusal('the permission model forbids the worker thread that does so', 'add --allow-worker to --permission');
  }
  if (platform !== 'linux') {
    if (permission?.has('child') !== false) return;
    throw refusal('the permission model forbids to start ps', 'add --allow-child-process to --permission');
  }
  if (permission?.has('fs.read', '/proc') === false) {
    throw refusal('the permission model forbids to read /proc', 'add --allow-fs-read=/proc to --permission');
  }
  let self: string;
  try {
    self = readlinkSync('/proc/self');
    accessSync(`/proc/${self}/stat`, constants.R_OK);
  } catch (cause) {
    throw refusal('/proc is not mounted, or can not be read', 'mount -t proc proc /proc', cause);
  }
  if (self !== String(process.pid)) {
    throw refusal('/proc shows the processes of another PID namespace', 'mount -t proc proc /proc');
  }
}

function refusal(why: string, cure: string, cause?: unknown): MemcageError {
  return new MemcageError(
    ErrorCode.UNSUPPORTED,
    words`memcage can't look at the memory of processes: ${why}${CURE}${cure}`,
    { cause },
  );
}

/** The sampler waits so long for another group: to start a thread takes some 30 ms. */
const IDLE_MS = 5000;

/** What the sampler needs of the environment, to find and start `ps` and what Windows has instead. */
const ENVIRONMENT = ['PATH', 'Path', 'PATHEXT', 'SystemRoot', 'windir', 'ComSpec', 'TEMP'];

/** The sampler of this thread: a worker thread, so that it works while the event loop is blocked. */
class Poller extends OwnThread<SamplerRequest, SamplerReport> {
  /** For what its groups must do without it. */
  readonly reserve: FdReserve;
  /** Its thread is there. */
  hasLooked = false;

  constructor(platform: NodeJS.Platform) {
    refuseWhereNothingCanBeSampled(platform);
    const reserve = new FdReserve();
    const data: SamplerData = {
      addon: addonIfThere(),
      platform,
      pageBytes: platform === 'linux' ? readPageSize() : 0,
    };
    super({
      ...{ file: companion('polling-worker.js'), name: 'memcage-sampler', data, env: minimalEnvironment() },
      ...{ idleMs: IDLE_MS, onOver: () => void reserve.lend() },
    });
    this.reserve = reserve;
  }
}

let poller: Poller | undefined;

/**
 * The sampler of this thread; starts it if there is none. Throws ERR_MEMCAGE_UNSUPPORTED where that is impossible.
 *
 * @param platform another one than that of this process only in tests
 */
export function samplerFor(platform: NodeJS.Platform): Poller {
  if (poller === undefined || poller.isOver) poller = outsideOfCalls(() => new Poller(platform));
  return poller;
}

export type { Poller };

function addonIfThere(): string | null {
  if (process.platform !== 'linux') return null;
  try {
    return addonPath();
  } catch {
    // Signals are sent by pid then.
    return null;
  }
}

function minimalEnvironment(): NodeJS.ProcessEnv {
  const kept = ENVIRONMENT.flatMap((name) => {
    const value = process.env[name];
    return value === undefined ? [] : [[name, value] as const];
  });
  return { ...Object.fromEntries(kept), LC_ALL: 'C', PIDUSAGE_SILENT: '1' };
}

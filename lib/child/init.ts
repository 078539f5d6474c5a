import { readSync } from 'node:fs';
import { constants } from 'node:os';
import type { CloneFailure, CloneResult, NativeBinding } from '../../types/native';
import { OwnedFd } from '../addon/owned-fd';
import type { SettingsPlan } from '../child-settings/child-settings';
import { launcherArguments } from '../launcher/arguments';
import { launcherPath } from '../launcher/executable';
import { openReport } from '../launcher/report';
import { NO_NAMESPACES } from '../namespaces/namespaces';
import type { LaunchPlan } from '../process/launch';
import { endChild } from './end-child';

const { EAGAIN, ETIMEDOUT } = constants.errno;

/** Size of a wait status as wait(2) gives it. */
const STATUS_BYTES = 4;

/** How a process ended. */
interface Ended {
  exitCode: number | null;
  signal: number | null;
}

/** The launcher between the clone and the program: pid 1 of a PID namespace. */
export interface Init {
  /** What the addon starts instead of the program. */
  readonly plan: LaunchPlan;
  /**
   * Blocks until the program has been started, or could not be. If it could not be, or this throws, no child is left.
   * Call it once.
   */
  waitForProgram(result: CloneResult, timeoutMs: number): CloneResult;
  /**
   * How the program ended, once the init has ended: an init can't end itself by a signal, so its own status doesn't
   * say. Undefined if the init did not report it.
   */
  end(): Ended | undefined;
  /** You may call it again. */
  close(): void;
}

/** @param settings of the program */
export function openInit(native: NativeBinding, plan: LaunchPlan, settings: SettingsPlan): Init {
  const count = plan.stdio.length;
  const launcher = withInit(plan, settings, { reportFd: count, statusFd: count + 1 });
  const report = openReport(native);
  let status: [ours: number, its: number];
  try {
    status = native.socketPair();
  } catch (error) {
    report.close();
    throw error;
  }
  const ours = new OwnedFd(native, status[0]);
  const its = new OwnedFd(native, status[1]);
  const late: CloneFailure = { stage: 'watchdog', errno: -ETIMEDOUT, path: plan.file };
  return {
    plan: { ...launcher, stdio: [...plan.stdio, report.fd, its.fd] },
    waitForProgram(result, timeoutMs) {
      its.close();
      let failure: CloneFailure | undefined;
      try {
        const told = report.wait(timeoutMs);
        failure = report.read() ?? (told ? undefined : late);
      } catch (error) {
        if (!('stage' in result)) endChild(native, result.pidfd);
        throw error;
      }
      if ('stage' in result || failure === undefined) return result;
      endChild(native, result.pidfd);
      return failure;
    },
    end: () => readStatus(ours.fd),
    close() {
      ours.close();
      its.close();
      report.close();
    },
  };
}

/**
 * The init keeps the ids of this process, and the program changes its own: what it does to itself before may need rights
 * that a change takes away.
 */
function withInit(
  { uid, gid, ...plan }: LaunchPlan,
  settings: SettingsPlan,
  fds: { reportFd: number; statusFd: number },
): LaunchPlan {
  const file = launcherPath();
  const own = launcherArguments({
    ...fds,
    join: [],
    namespaces: NO_NAMESPACES,
    settings,
    init: true,
    ...(uid !== undefined && { uid }),
    ...(gid !== undefined && { gid }),
    ...(plan.args[0] !== plan.file && { file: plan.file }),
  });
  return { ...plan, file, args: [file, ...own, ...plan.args] };
}

function readStatus(fd: number): Ended | undefined {
  const buffer = Buffer.alloc(STATUS_BYTES);
  try {
    if (readSync(fd, buffer, 0, STATUS_BYTES, null) < STATUS_BYTES) return undefined;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).errno === -EAGAIN) return undefined;
    throw error;
  }
  // WTERMSIG and WEXITSTATUS of wait(2). They are the same on every architecture.
  const status = buffer.readInt32LE();
  const signal = status & 0x7f;
  return signal === 0 ? { exitCode: (status >> 8) & 0xff, signal: null } : { exitCode: null, signal };
}

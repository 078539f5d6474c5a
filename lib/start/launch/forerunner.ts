import { constants } from 'node:os';
import type { CloneFailure, CloneOptions, CloneResult, NativeBinding } from '../../../types/native';
import { OwnedFd } from '../../common/addon/owned-fd';
import type { Program } from '../../process/launch-contract';
import { launcherArguments } from '../../process/launcher/arguments';
import { launcherPath } from '../../process/launcher/executable';
import { openReport, type ReportChannel } from '../../process/launcher/report';
import { NO_NAMESPACES } from '../../process/namespaces/namespaces';
import type { SettingsPlan } from '../../process/settings/child-settings';
import type { HeldChild } from '../child/held-child';
import { killUnwatched } from '../child/kill-unwatched';
import type { Gate } from '../request/gate';

const { ETIMEDOUT } = constants.errno;

/** Size of a wait status as wait(2) gives it. */
const STATUS_BYTES = 4;

/** What the addon starts instead of the program. */
type LauncherProgram = Program & Pick<CloneOptions, 'holdSignals'>;

/** How the program ended. */
interface ProgramEnd {
  exitCode: number | null;
  signal: number | null;
}

/**
 * The launcher in the place of a program that is not to begin at once: the init that starts it, or the process that becomes it
 * when its {@link Gate} is opened, or both.
 */
export interface Forerunner {
  readonly launcher: LauncherProgram;
  /** Whether it stays, as the parent process of the program. */
  readonly isInit: boolean;
  /**
   * Without a gate, blocks until the program has been started, or could not be. With one, the child may go on to wait there.
   * If the program could not be started, or this throws, no child is left. Call it once.
   */
  follow(result: CloneResult, timeoutMs: number, held: HeldChild | undefined): CloneResult;
  /**
   * How the program ended, once the init has ended: an init can't end itself by a signal, so its own status doesn't
   * say. Undefined if the init did not report it.
   */
  end(): ProgramEnd | undefined;
  /** Once the child has ended: why it never became the program. Call it once. */
  failure(): CloneFailure | undefined;
  /** You may call it again. */
  close(): void;
}

export interface ForerunnerOptions {
  /** The settings of the program, not of the launcher. */
  settings: SettingsPlan;
  isInit: boolean;
  gate: Gate | undefined;
  /** The program ends with this process, and nothing but the kernel's signal sees to that. */
  endsWithParent: boolean;
}

export function openForerunner(native: NativeBinding, program: Program, options: ForerunnerOptions): Forerunner {
  const { isInit, gate } = options;
  const count = program.stdio.length;
  const launcher = withLauncher(program, options, { reportFd: count, ...(isInit && { statusFd: count + 1 }) });
  const report = openReport(native);
  let status: StatusChannel | undefined;
  try {
    status = isInit ? openStatus(native) : undefined;
  } catch (error) {
    report.close();
    throw error;
  }
  const close = (): void => {
    status?.close();
    report.close();
  };
  return {
    launcher: { ...launcher, stdio: [...program.stdio, report.fd, ...(status === undefined ? [] : [status.fd])] },
    isInit,
    follow(result, timeoutMs, held) {
      status?.started();
      if (gate === undefined) return waitForProgram(native, { report, file: program.file, result, timeoutMs, held });
      report.started();
      if (!('stage' in result)) gate.hold(report);
      return result;
    },
    end: () => status?.read(),
    failure: () => (gate === undefined ? undefined : (report.read() ?? gate.failure)),
    close,
  };
}

interface Wait {
  report: ReportChannel;
  file: string;
  result: CloneResult;
  timeoutMs: number;
  held: HeldChild | undefined;
}

function waitForProgram(native: NativeBinding, { report, file, result, timeoutMs, held }: Wait): CloneResult {
  const late: CloneFailure = { stage: 'watchdog', errno: -ETIMEDOUT, path: file };
  let failure: CloneFailure | undefined;
  try {
    const told = report.wait(timeoutMs);
    failure = report.read() ?? (told ? undefined : late);
  } catch (error) {
    if (!('stage' in result)) killUnwatched(native, result.pidfd, held);
    throw error;
  }
  if ('stage' in result || failure === undefined) return result;
  killUnwatched(native, result.pidfd, held);
  return failure;
}

/** Through this channel an init says how its program ended. */
interface StatusChannel {
  /** The init inherits this fd. */
  readonly fd: number;
  /** Closes `fd`: the init has its own. */
  started(): void;
  read(): ProgramEnd | undefined;
  close(): void;
}

function openStatus(native: NativeBinding): StatusChannel {
  const [ourFd, itsFd] = native.socketPair();
  const ours = new OwnedFd(native, ourFd);
  const its = new OwnedFd(native, itsFd);
  return {
    fd: its.fd,
    started: () => its.close(),
    read: () => readStatus(native, ours.fd),
    close() {
      ours.close();
      its.close();
    },
  };
}

/**
 * The launcher keeps the ids of this process, and the program changes its own: what it does to itself before may need rights
 * that a change takes away.
 */
function withLauncher(
  { uid, gid, ...program }: Program,
  { settings, isInit, gate, endsWithParent }: ForerunnerOptions,
  fds: { reportFd: number; statusFd?: number },
): LauncherProgram {
  const file = launcherPath();
  // A change of ids would clear the child's PR_SET_PDEATHSIG. The program of an init ends with its init.
  const parent = endsWithParent && !isInit ? 'parent' : true;
  const own = launcherArguments({
    ...fds,
    join: [],
    namespaces: NO_NAMESPACES,
    settings,
    init: isInit,
    signalsHeld: isInit,
    gate: gate === undefined ? false : parent,
    ...(uid !== undefined && { uid }),
    ...(gid !== undefined && { gid }),
    ...(program.args[0] !== program.file && { file: program.file }),
  });
  return { ...program, holdSignals: isInit, file, args: [file, ...own, ...program.args] };
}

function readStatus(native: NativeBinding, fd: number): ProgramEnd | undefined {
  const buffer = Buffer.alloc(STATUS_BYTES);
  if (native.socketRead({ fd, buffer }) !== STATUS_BYTES) return undefined;
  // WTERMSIG and WEXITSTATUS of wait(2). They are the same on every architecture.
  const status = buffer.readInt32LE();
  const signal = status & 0x7f;
  return signal === 0 ? { exitCode: (status >> 8) & 0xff, signal: null } : { exitCode: null, signal };
}

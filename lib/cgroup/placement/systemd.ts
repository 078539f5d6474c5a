import { existsSync } from 'node:fs';
import type { BusFailure, ScopeRequest, UnitQuestion } from '../../../types/native';
import { loadNative } from '../../common/addon/load-native';
import { newScopeName } from '../names/own-names';
import { delegatedUnitCure, userManagerCure } from './candidates';
import type { WhyNoParent } from './given-parent';
import type { ParentFacts } from './parent-facts';

/**
 * memcage talks to systemd through sd-bus of the machine's own libsystemd, which the addon loads when needed. A D-Bus
 * library in JavaScript is asynchronous, and would be a dependency for everyone; busctl(1) can't wait for a signal
 * before version 257, and costs two processes.
 */

const TIMEOUT_MS = 10_000;

/** See sd_booted(3). */
export function isBootedBySystemd(): boolean {
  return existsSync('/run/systemd/system');
}

/** The bus of the manager that starts units for a user. For root that is the machine's. */
export function busAddress(euid: number, environment: NodeJS.ProcessEnv): string {
  if (euid === 0) return environment['DBUS_SYSTEM_BUS_ADDRESS'] || 'unix:path=/run/dbus/system_bus_socket';
  if (environment['DBUS_SESSION_BUS_ADDRESS']) return environment['DBUS_SESSION_BUS_ADDRESS'];
  // If cron, su or setpriv started the program, the variables are missing, but the bus may still be there.
  return `unix:path=${environment['XDG_RUNTIME_DIR'] || `/run/user/${euid}`}/bus`;
}

const UNIT = /\.(slice|scope|service|socket|mount|swap)$/;

/** Whether a cgroup's name is that of a kind of unit for which systemd makes cgroups. */
export function isUnitName(path: string): boolean {
  return UNIT.test(path);
}

export function unitQuestion(address: string, path: string, timeoutMs = TIMEOUT_MS): UnitQuestion {
  return { address, unit: path.slice(path.lastIndexOf('/') + 1), timeoutMs };
}

/** @param own paths of cgroups, from the caller's own to the root */
export function scopeRequest(address: string, own: readonly string[]): ScopeRequest {
  const slice = sliceOf(own, address);
  return {
    address,
    name: newScopeName(),
    description: `Cages of ${process.title} (pid ${process.pid}), made by memcage`,
    ...(slice !== undefined && { slice }),
    timeoutMs: TIMEOUT_MS,
  };
}

/** The slice that the caller is in, so that the slice's settings still apply; undefined for the manager's default. */
function sliceOf(own: readonly string[], address: string): string | undefined {
  const names = own.map((path) => path.slice(path.lastIndexOf('/') + 1));
  const nearest = names.findIndex((name) => name.endsWith('.slice'));
  const manager = names.findIndex((name) => /^user@\d+\.service$/.test(name));
  // Slices above a user's manager do not belong to it.
  const isUserBus = !address.includes('system_bus');
  if (nearest < 0 || (isUserBus && (manager < 0 || nearest > manager))) return undefined;
  return names[nearest];
}

/** Why memcage must not ask for a scope, although systemd might give one. */
export function refuseMove(own: readonly ParentFacts[]): string | undefined {
  const slice = own.findIndex(({ path }) => path.endsWith('.slice'));
  const unit = slice < 0 ? own : own.slice(0, slice);
  const limited = unit.find(({ limits }) => limits.length > 0);
  if (limited === undefined) return undefined;
  return `in a scope this process would be free of ${limited.limits.join(', ')} of ${limited.path}`;
}

const STEPS: Readonly<Record<BusFailure['step'], string>> = {
  library: 'systemd was not asked',
  connect: 'its bus does not answer',
  request: 'it refused to start a scope',
  job: 'it did not start the scope',
  'control-group': 'it did not say where the scope is',
};

export function explainBusFailure({ step, error, message }: BusFailure): string {
  return `${STEPS[step]}: ${message} (${error})`;
}

/** Root's manager is that of the machine: nothing but repairing it helps. */
export function busFailureCure({ step }: BusFailure, euid: number): string | undefined {
  if (euid === 0) return undefined;
  if (step === 'connect') return `${userManagerCure(euid)}; or ${delegatedUnitCure(euid)}`;
  return delegatedUnitCure(euid);
}

export function isNameTaken(answer: object): boolean {
  return 'error' in answer && answer.error === 'org.freedesktop.systemd1.UnitExists';
}

const ANSWER_MS = 2000;

/** Whether the systemd manager answers that memcage would ask for a scope. */
export function probeSystemd(): { answers: boolean; detail: string; cure?: string } {
  if (!isBootedBySystemd()) {
    return { answers: false, detail: 'this machine was not booted by systemd, and cages do not need it' };
  }
  const { euid, address, answer } = askVersion();
  const whose = euid === 0 ? "the machine's manager" : 'the manager of this user';
  if ('version' in answer) return { answers: true, detail: `${whose} is systemd ${answer.version}, at ${address}` };
  const cure = busFailureCure(answer, euid);
  const detail = `${whose}, at ${address}: ${explainBusFailure(answer)}`;
  return { answers: false, detail, ...(cure !== undefined && { cure }) };
}

/** Why a scope would be refused, as far as a question tells that changes nothing; undefined if the manager answers. */
export function refuseAsking(timeoutMs: number): WhyNoParent | undefined {
  const { euid, answer } = askVersion(timeoutMs);
  if ('version' in answer) return undefined;
  const cure = busFailureCure(answer, euid);
  return { refusal: explainBusFailure(answer), ...(cure !== undefined && { cure }) };
}

function askVersion(timeoutMs = ANSWER_MS): {
  euid: number;
  address: string;
  answer: { version: string } | BusFailure;
} {
  const euid = process.geteuid?.() ?? 0;
  const address = busAddress(euid, process.env);
  return { euid, address, answer: loadNative().managerVersion({ address, timeoutMs }) };
}

import type { BusFailure } from '../../../types/native';
import type { ParentCandidate } from '../../../types/parent';
import { loadNative } from '../../common/addon/load-native';
import { busAddress, busFailureCure, explainBusFailure, isBootedBySystemd } from './systemd';

const TIMEOUT_MS = 2000;

/** Whether the systemd manager answers that memcage would ask for a scope. */
export function probeSystemd(): { answers: boolean; detail: string; cure?: string } {
  if (!isBootedBySystemd()) {
    const cure = 'none is needed: without systemd cages are made where MEMCAGE_PARENT says, or a cgroup was delegated';
    return { answers: false, detail: 'this machine was not booted by systemd', cure };
  }
  const { euid, address, answer } = askVersion();
  const whose = euid === 0 ? "the machine's manager" : 'the manager of this user';
  if ('version' in answer) return { answers: true, detail: `${whose} is systemd ${answer.version}, at ${address}` };
  const cure = busFailureCure(answer, euid);
  const detail = `${whose}, at ${address}: ${explainBusFailure(answer)}`;
  return { answers: false, detail, ...(cure !== undefined && { cure }) };
}

/** Why a scope would be refused, as far as a question tells that changes nothing; undefined if the manager answers. */
export function refuseAsking(timeoutMs: number): (Pick<ParentCandidate, 'cure'> & { refusal: string }) | undefined {
  const { euid, answer } = askVersion(timeoutMs);
  if ('version' in answer) return undefined;
  const cure = busFailureCure(answer, euid);
  return { refusal: explainBusFailure(answer), ...(cure !== undefined && { cure }) };
}

function askVersion(timeoutMs = TIMEOUT_MS): {
  euid: number;
  address: string;
  answer: { version: string } | BusFailure;
} {
  const euid = process.geteuid?.() ?? 0;
  const address = busAddress(euid, process.env);
  return { euid, address, answer: loadNative().managerVersion({ address, timeoutMs }) };
}

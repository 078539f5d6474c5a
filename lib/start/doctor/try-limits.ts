import { readFileSync } from 'node:fs';
import type { Finding } from '../../../types/diagnosis';
import type { CageOptions } from '../../cage/contract/cage';
import { ErrorCode } from '../../common/errors/errors';
import { formatSize } from '../../common/text/size';
import { run } from '../run/run';
import { foundBy, limited, missing, ok } from './finding';

const PLACE_MISSING: ReadonlySet<unknown> = new Set([ErrorCode.NO_PARENT, ErrorCode.NO_PERMISSION]);
const MEMORY = '64M';

/** Has memory kill a child in a cage; where that can't be, tries a polled cage; where it can, each limit beside memory too. */
export async function tryLimits(): Promise<Finding[]> {
  const memory = await tryMemory();
  if (memory.state !== 'ok') return [memory, await tryPolled()];
  const findings = [memory];
  for (const [name, options] of Object.entries(limits())) findings.push(await tryLimit(`limit.${name}`, options));
  return findings;
}

/** Whatever the environment accepts: the command line takes nothing but the kernel. */
async function runCaged(options: CageOptions) {
  return await run('/bin/sh', ['-c', ':'], { memory: MEMORY, enforce: 'kernel', ...options });
}

async function tryMemory(): Promise<Finding> {
  const name = 'trial';
  try {
    const { memory } = await runCaged({ namespaces: { uts: true, mount: true, pid: true } });
    const { limitBytes, peakBytes } = memory ?? {};
    const peak = peakBytes == null ? 'an unknown peak' : `a peak of ${formatSize(peakBytes)}`;
    return ok(name, `a child ran in its own namespaces under ${formatSize(limitBytes ?? 0)}, with ${peak}`);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    const { detail, cure } = foundBy(error);
    return missing(name, detail, cure ?? (PLACE_MISSING.has(code) ? 'that of parent' : null));
  }
}

/** Where the kernel can't hold a limit, a program may accept less. */
async function tryPolled(): Promise<Finding> {
  const name = 'polled';
  try {
    await runCaged({ enforce: 'polled' });
    return ok(
      name,
      "memcage can poll a limit instead, for programs that accept it: memcage run --enforce polled, enforce: 'polled', or MEMCAGE_ENFORCE=polled",
    );
  } catch (error) {
    const { detail, cure } = foundBy(error);
    return missing(name, detail, cure);
  }
}

/** Each needs a controller, or more of the kernel, that memory does not. They limit nothing. */
function limits(): Record<string, CageOptions> {
  const [, set = '0'] = /^Cpus_allowed_list:\s*(\S+)$/m.exec(readFileSync('/proc/self/status', 'utf8')) ?? [];
  return {
    pids: { pids: 'max' },
    cpu: { cpu: 'max' },
    'cpu.set': { cpu: { set } },
    cpuTimeMs: { cpuTimeMs: 60_000 },
    stall: { stall: {} },
  };
}

async function tryLimit(name: string, options: CageOptions): Promise<Finding> {
  try {
    await runCaged(options);
    return ok(name, 'a cage can have it');
  } catch (error) {
    const { detail, cure } = foundBy(error);
    return limited(name, detail, cure);
  }
}

import type { Limits } from '../../../cgroup';
import { printable } from '../../../common/text/names';
import { formatSize, parseSize } from '../../../index';
import { FAILED_TEXT, flag, type Option, type Options } from '../command';
import { defineCommand } from '../define-command';
import { SIZE } from '../kinds';
import { libraryOptions } from '../library-options';
import { findTarget, namingCages, oneTarget, TARGET } from '../target';
import { toJson } from '../text/output';
import { inOwnWords, UsageError } from '../usage';
import { MEMORY_LIMITS } from './run/memory';

const EXAMPLE = 'memcage limit 4711 --memory 1G --swap 0';

/** Without defaults: what is left out stays. */
const LIMITS = withoutDefaults(MEMORY_LIMITS);

export const limit = defineCommand({
  name: 'limit',
  synopsis: TARGET,
  summary: 'change the limits of a cgroup',
  details: ['Changes the limits that you give, leaves the others, and prints all limits then in force.'],
  operands: oneTarget(1),
  options: {
    ...LIMITS,
    json: flag('print the limits as JSON, in bytes'),
  },
  exitCodes: [['0', 'the limits are in force'], FAILED_TEXT],
  examples: [
    ['memcage limit my-service.service --memory 200M', 'a systemd unit, by its name'],
    [EXAMPLE, 'the cgroup of process 4711: 1 GiB, without swap'],
    ['memcage limit /sys/fs/cgroup/build --memory max', 'no limit any more'],
  ],
  run(values, [target], flags) {
    const { memory } = libraryOptions(LIMITS, values);
    if (memory === undefined) throw new UsageError(`limit needs a limit, as in: ${EXAMPLE}`);
    using cgroup = findTarget(target);
    try {
      cgroup.setLimits(memory);
    } catch (error) {
      const isRefused = (error as { code?: unknown }).code === 'ERR_MEMCAGE_LIMIT_REFUSED';
      throw isRefused ? namingCages(inOwnWords(error, flags), target) : error;
    }
    const { path } = cgroup;
    const limits = cgroup.limits();
    const lines = linesOf(limits, values);
    process.stdout.write(
      values.json === true ? toJson({ path, limits }) : `${[printable(path), ...lines].join('\n')}\n`,
    );
    return 0;
  },
});

function withoutDefaults<O extends Options>(options: O): O {
  const entries = Object.entries(options).map(([name, { otherwise: _, ...option }]) => [name, option]);
  return Object.fromEntries(entries) as O;
}

/**
 * By the flags that set them. A flag without a value is there if it holds.
 *
 * @param given a size that was given stays as it was written, if the kernel has taken it as it is
 */
function linesOf(limits: Limits, given: Readonly<Record<string, unknown>>): string[] {
  const values: Readonly<Record<string, unknown>> = { ...limits };
  const entries: [string, Option][] = Object.entries(LIMITS);
  const rows = entries.flatMap(([name, { kind, sets = '', to = true }]): [string, string][] => {
    const value = values[sets.slice('memory.'.length)];
    if (typeof value === 'number') return [[name, kind === SIZE ? sizeText(value, given[name]) : String(value)]];
    return value === to ? [[name, '']] : [];
  });
  const width = Math.max(...rows.map(([name]) => name.length));
  return rows.map(([name, value]) => `  ${name.padEnd(width)}  ${value}`.trimEnd());
}

function sizeText(bytes: number, given: unknown): string {
  if (typeof given === 'string' && parseSize(given) === bytes) return given;
  // As the flags take it.
  return formatSize(bytes).replace(/ ([KMGTP]?)i?B$/, '$1');
}

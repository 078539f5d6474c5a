import { invalidArgument } from '../errors/argument-errors';
import { ErrorCode, MemcageError } from '../errors/errors';
import { CURE, words } from '../errors/words';
import { checkOptions, isRecord, readOptions } from '../options/option-names';
import { noteUnheld, translateCpu, translateMemory, translatePids } from './fields';
import { CONFIGURATION, LINUX, OTHER_PLATFORMS, RESOURCES_PATH, readResources } from './resources';
import { type OciLimits, Translation, type Unheld } from './translation';
import { translateUnified } from './unified';

/** Options of {@link limitsFromOci}. */
export interface OciOptions {
  /**
   * The cgroups for which the limits are; `Cgroup.self().version` has those of this machine. It decides what
   * `memory.reservation` (`soft` or `low`) and `cpu.shares` mean, and which fields there are. If it is not the
   * machine's, the start throws `ERR_MEMCAGE_NOT_IN_VERSION` for a limit that only the other version has. Default: 2.
   */
  version?: 1 | 2;
  /**
   * Fields that need not be held, by their paths, as the error names them: `linux.resources.blockIO.weight`. Any other field that
   * nothing would hold is an error. What memcage does hold, it holds all the same. Default: none.
   */
  ignore?: readonly string[];
}

/**
 * Turn `linux.resources` of an OCI runtime configuration into memcage's options:
 * `spawn(file, args, { ...limitsFromOci(config) })`. Other parts of the configuration are not read, and `devices` is left
 * out: memcage makes no container. It looks only at what you pass.
 *
 * ```js run
 * import { limitsFromOci } from 'memcage/oci';
 *
 * console.log(limitsFromOci({ memory: { limit: 104857600 }, pids: { limit: 50 } }, { version: 2 }));
 * ```
 *
 * ```text output
 * { memory: { max: 104857600 }, pids: 50 }
 * ```
 *
 * @param config the text of a config.json; or the object that it is, or that its `linux.resources` is. With `ociVersion`
 *   or `linux` in it, it is a whole configuration.
 * @throws `ERR_MEMCAGE_UNSUPPORTED` that names all fields that nothing would hold; TypeError
 *   `ERR_MEMCAGE_INVALID_ARGUMENT` or `ERR_MEMCAGE_UNKNOWN_OPTION` that names the field that the specification does not
 *   have, or not with this value
 * @see docs/reference/oci.md
 */
export function limitsFromOci(config: string | object, options: OciOptions = {}): OciLimits {
  const { version, ignore } = check(options);
  const { memory, cpu, pids, unified, ...others } = readResources(resourcesOf(config));
  const into = new Translation(version);
  if (memory !== undefined) translateMemory(memory, into);
  if (cpu !== undefined) translateCpu(cpu, into);
  if (pids?.limit !== undefined) translatePids(`${RESOURCES_PATH}.pids.limit`, pids.limit, into);
  if (unified !== undefined) translateUnified(unified, into);
  noteUnheld(others, into);
  const needed = into.unheld.filter(({ path }) => !ignore.includes(path));
  if (needed.length > 0) throw unsupported(needed);
  return into.limits();
}

function check(options: OciOptions): { version: 1 | 2; ignore: readonly unknown[] } {
  const known = ['version', 'ignore'] as const;
  const { version = 2, ignore = [] } = checkOptions(options, { of: OF, known });
  if (version !== 1 && version !== 2) throw invalidArgument('version', '1 or 2', version);
  if (!Array.isArray(ignore) || !ignore.every((path) => typeof path === 'string')) {
    throw invalidArgument('ignore', 'an array of the paths of fields', ignore);
  }
  return { version, ignore };
}

const OF = 'limitsFromOci';

function resourcesOf(config: unknown): unknown {
  const given = typeof config === 'string' ? parse(config) : config;
  if (!isRecord(given)) throw invalidArgument('config', 'an OCI runtime configuration, or its linux.resources', given);
  if (!('ociVersion' in given) && !('linux' in given)) return given;
  const whole = readOptions(given, { of: OF, ...CONFIGURATION });
  const { linux } = whole;
  if (linux === undefined && OTHER_PLATFORMS.every((name) => !(name in whole))) return {};
  if (!isRecord(linux)) throw invalidArgument('linux', 'an object', linux);
  const { resources = {} } = readOptions(linux, { of: OF, within: 'linux', ...LINUX });
  return resources;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw invalidArgument('config', `the text of a config.json (${(error as Error).message})`, text);
  }
}

function unsupported(unheld: readonly Unheld[]): MemcageError {
  const fields = unheld.map(({ path, why }) => (why === undefined ? path : `${path} (${why})`)).join(', ');
  const cure = 'leave them out of the configuration, or name them in the option ignore';
  const paths = unheld.map(({ path }) => path);
  return new MemcageError(ErrorCode.UNSUPPORTED, words`memcage does not hold ${fields}${CURE}${cure}`, { paths });
}

import { invalidArgument } from '../../common/errors/argument-errors';
import { ErrorCode, MemcageError } from '../../common/errors/errors';
import { checkFlag } from '../../common/options/checks';
import { keptInJson } from '../../common/text/json';
import { checkSize } from '../../common/text/size';
import type { CgroupDirectory } from '../directory/directory';
import { refusedValue } from '../directory/refused-file';
import { sizeText } from '../files/controller';
import type { CgroupVersion } from '../files/formats';
import { type FileWrite, type InterfaceFile, parseAs, type RefusedWrite } from '../files/interface-file';
import { interfaceFile } from '../files/interface-files';
import { refuseIgnored } from '../limits/limit-files';

/** Reads an interface file. */
export function getFile(directory: CgroupDirectory, version: CgroupVersion, name: string): unknown {
  const { read } = interfaceFile(name, version);
  const path = `${directory.path}/${name}`;
  if (read !== undefined) {
    const value: unknown = parseAs(read, directory.read(name), path);
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? keptInJson(value) : value;
  }
  throw new MemcageError(ErrorCode.WRITE_ONLY, `${name} can only be written`, { path });
}

/** Writes an interface file. */
export function setFile(directory: CgroupDirectory, version: CgroupVersion, name: string, value: unknown): void {
  const { write, ...traits } = interfaceFile(name, version);
  if (write === undefined || write === 'held' || write === 'unsafe') throw unwritable(directory, name, traits, write);
  const text = TEXTS[write](name, value, { version, pageBytes: directory.native.constants.pageSize });
  try {
    directory.write(name, text);
  } catch (error) {
    throw refusedValue(error, { directory, version, value: text, file: name });
  }
  refuseIgnored(directory, { file: name, value: text, option: name });
}

function unwritable(
  { path }: CgroupDirectory,
  name: string,
  { meaning }: InterfaceFile,
  write: RefusedWrite | undefined,
): MemcageError {
  const reason = {
    none: 'can only be read',
    held: `takes what holds only while the file is open, which set() can't: ${meaning}`,
    unsafe: `is not written by set(), since the kernel acts on it as root, outside of every namespace: ${meaning}`,
  }[write ?? 'none'];
  return new MemcageError(ErrorCode.READ_ONLY, `${name} ${reason}`, { path: `${path}/${name}` });
}

interface Kernel {
  version: CgroupVersion;
  pageBytes: number;
}

/** Turn a value into the kernel's text. They throw TypeError or RangeError if the kernel is known to refuse it. */
const TEXTS: { [W in Exclude<FileWrite, RefusedWrite>]: (name: string, value: unknown, kernel: Kernel) => string } = {
  size(name, value, { version, pageBytes }) {
    return sizeText(checkSize(name, value, { min: 0, pageBytes }), version);
  },
  count(name, value) {
    if (value === 'max' || value === Number.POSITIVE_INFINITY) return 'max';
    return natural(name, "a count, or 'max'", value);
  },
  integer: (name, value) => natural(name, 'an integer from 0 on', value),
  flag: (name, value) => (checkFlag(name, value) ? '1' : '0'),
  reset: (name, value) => only(0, name, value),
  trigger: (name, value) => only(1, name, value),
  pid: (name, value) => natural(name, 'the id of a process or thread, or 0 for the writer', value),
  text(name, value) {
    if (typeof value === 'string' && value !== '' && !value.includes('\0')) return value;
    throw invalidArgument(name, 'a string that is not empty', value);
  },
};

function natural(name: string, expected: string, value: unknown): string {
  if (typeof value === 'number' && Number.isSafeInteger(value) && value >= 0) return String(value);
  throw invalidArgument(name, expected, value);
}

function only(wanted: 0 | 1, name: string, value: unknown): string {
  if (value === wanted) return String(wanted);
  throw invalidArgument(name, String(wanted), value);
}

import {
  kernelFormatError,
  parseFlatKeyed,
  parseNames,
  parseNestedKeyed,
  parseNumaV1,
  parseOomControl,
  parsePids,
  parsePressure,
  parseValue,
} from './formats';
import type { FileFormat, FormatValues } from './interface-file';

const PARSERS: { [F in FileFormat]: (text: string, file: string) => FormatValues[F] } = {
  value: parseValue,
  flag: parseFlag,
  'flat-keyed': parseFlatKeyed,
  'nested-keyed': parseNestedKeyed,
  'numa-v1': parseNumaV1,
  pressure: parsePressure,
  'oom-control': parseOomControl,
  pids: parsePids,
  names: parseNames,
  text: (text) => text.trimEnd(),
};

/** Parses the text of an interface file. Throws `ERR_MEMCAGE_KERNEL_FORMAT` if it does not have that format. */
export function parseAs<F extends FileFormat>(format: F, text: string, file: string): FormatValues[F] {
  return PARSERS[format](text, file);
}

function parseFlag(text: string, file: string): boolean {
  const value = parseValue(text, file);
  if (value !== 0 && value !== 1) throw kernelFormatError(file, '0 or 1', text, 1);
  return value === 1;
}

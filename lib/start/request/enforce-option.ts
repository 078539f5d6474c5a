import type { Enforce } from '../../../types/options';
import { invalidArgument, invalidVariable } from '../../common/errors/argument-errors';

/** From strong to weak. */
const KINDS: readonly Enforce[] = ['kernel', 'polled', 'none'];
const EXPECTED = "'kernel', 'polled' or 'none'";

/** Validates the option, without looking at the environment. */
export function resolveEnforce(given: unknown): Enforce | undefined {
  if (given === undefined || isKind(given)) return given;
  throw invalidArgument('enforce', EXPECTED, given);
}

/** What the caller accepts: the option, else `MEMCAGE_ENFORCE`, else the kernel alone. */
export function enforceOf(option: Enforce | undefined): Enforce {
  if (option !== undefined) return option;
  const given = process.env['MEMCAGE_ENFORCE'];
  if (given === undefined || given === '') return 'kernel';
  if (isKind(given)) return given;
  throw invalidVariable('MEMCAGE_ENFORCE', EXPECTED, given);
}

/** Whether what is there is weaker than what the caller accepts. */
export function isWeaker(kind: Enforce, accepted: Enforce): boolean {
  return KINDS.indexOf(kind) > KINDS.indexOf(accepted);
}

function isKind(value: unknown): value is Enforce {
  return (KINDS as readonly unknown[]).includes(value);
}

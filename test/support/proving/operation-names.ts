import { type Feature, has } from '../require';
import { PLACE_UID } from './place';

type Operations = Readonly<Record<string, { needs?: Feature; needsRoot?: boolean; onlyCut?: boolean }>>;

/** The names of all operations, or those in MEMCAGE_TEST_OPERATIONS, that the user of the places can carry out here. */
export function operationNames(): string[] {
  const { operations } = require('../../fixtures/proving/operations.js') as { operations: Operations };
  const usual = Object.keys(operations).filter((name) => operations[name]?.onlyCut !== true);
  const names = process.env['MEMCAGE_TEST_OPERATIONS']?.split(',') ?? usual;
  return names.filter((name) => {
    const { needs, needsRoot = false } = operations[name] ?? {};
    return (PLACE_UID === 0 || !needsRoot) && (needs === undefined || has(needs));
  });
}

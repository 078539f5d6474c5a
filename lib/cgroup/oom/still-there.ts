import type { CgroupDirectory } from '../directory';
import { isGone } from '../refusal';

/** Cgroups below one, which belong to the child. */
export function* descendants(directory: CgroupDirectory, except?: ReadonlySet<string>): Generator<CgroupDirectory> {
  for (const name of ifStillThere(() => directory.children()) ?? []) {
    if (except?.has(name)) continue;
    const child = directory.below(name);
    yield child;
    yield* descendants(child);
  }
}

/** The child removes its cgroups when it likes. */
export function ifStillThere<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    if (isGone(error)) return undefined;
    throw error;
  }
}

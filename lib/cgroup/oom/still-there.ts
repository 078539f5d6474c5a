import { isGone } from '../refusal';

/** The child removes its cgroups when it likes. */
export function ifStillThere<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    if (isGone(error)) return undefined;
    throw error;
  }
}

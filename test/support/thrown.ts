/** What a function throws. Fails if it throws nothing. */
export function thrown(call: () => unknown): Error & { code?: string } {
  try {
    call();
  } catch (error) {
    if (error instanceof Error) return error;
    throw new Error(`Expected an Error to be thrown, not ${String(error)}`);
  }
  throw new Error('Expected an error to be thrown');
}

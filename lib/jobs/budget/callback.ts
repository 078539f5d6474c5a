/** Calls the callback of exec or execFile if the job is never started, as Node does for a child that can't be. */
export function withCallback(starting: Promise<unknown>, args: readonly unknown[]): Promise<unknown> {
  const callback = args.find((each) => typeof each === 'function');
  if (callback !== undefined) {
    // Who gives a callback may not look at the promise. An exception of theirs is an uncaught one, as in Node.
    starting.catch((error: unknown) => process.nextTick(callback, error, '', ''));
  }
  return starting;
}

import { AsyncLocalStorage } from 'node:async_hooks';

/** Calls a function in the async context of load time, which is no caller's. */
export const outsideOfCalls = AsyncLocalStorage.snapshot();

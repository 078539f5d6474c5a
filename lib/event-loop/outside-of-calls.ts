import { AsyncLocalStorage } from 'node:async_hooks';

/** Calls a function in the async context that was there at load: in none of a caller's. */
export const outsideOfCalls = AsyncLocalStorage.snapshot();

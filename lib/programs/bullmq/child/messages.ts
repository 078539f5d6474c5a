/** To the child, before its job: what has changed in the environment. Node keeps such a message from the processor. */
export const ENVIRONMENT = 'NODE_MEMCAGE_ENVIRONMENT';

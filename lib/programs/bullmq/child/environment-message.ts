/** To the child, before its job: {@link EnvironmentChanges}. Node keeps such a message from the processor. */
export const ENVIRONMENT = 'NODE_MEMCAGE_ENVIRONMENT';

/** What has changed in the environment since the child was started. */
export interface EnvironmentChanges {
  set: Record<string, string>;
  unset: string[];
}

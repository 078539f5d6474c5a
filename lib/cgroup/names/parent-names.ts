import { randomHex } from '../../common/text/random-hex';

/** A cgroup for the processes that had to leave theirs, so that it can have children with controllers. */
export const SELF_LEAF = /^memcage-self-\d+-[0-9a-f]+$/;

/** The end of the path of a scope that memcage asked systemd for, with Delegate=yes. */
export const OWN_SCOPE = /\/memcage-\d+-[0-9a-f]+\.scope$/;

export function newLeafName(): string {
  return `memcage-self-${process.pid}-${random()}`;
}

export function newScopeName(): string {
  return `memcage-${process.pid}-${random()}.scope`;
}

function random(): string {
  return randomHex(8);
}

// Node's channel delivers messages whose `cmd` begins with NODE_ as 'internalMessage', in either direction and with either
// serialization: neither the module nor who takes the child sees them.

/** The module is loaded. */
export const READY = 'NODE_MEMCAGE_READY';
/** The module can't be loaded; with `text`, its error. */
export const LOAD_FAILED = 'NODE_MEMCAGE_FAILED';
/** To the child, right before a question; with `more`, others may follow. */
export const ASK = 'NODE_MEMCAGE_ASK';
/** What it sends from here on, it sends after it was asked. */
export const ASKED = 'NODE_MEMCAGE_ASKED';
/** To the child: collect garbage. */
export const TRIM = 'NODE_MEMCAGE_TRIM';
/** The child has collected its garbage. */
export const TRIMMED = 'NODE_MEMCAGE_TRIMMED';

export interface PoolMessage {
  cmd: string;
  text?: unknown;
  more?: boolean;
}

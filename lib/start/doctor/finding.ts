import type { Finding } from '../../../types/diagnosis';
import { MemcageError } from '../../common/errors/errors';

export function ok(name: string, detail: string): Finding {
  return { name, state: 'ok', detail, cure: null };
}

export function limited(name: string, detail: string, cure: string | null = null): Finding {
  return { name, state: 'limited', detail, cure };
}

export function missing(name: string, detail: string, cure: string | null = null): Finding {
  return { name, state: 'missing', detail, cure };
}

/** What an error says, apart from its cure, with which the message ends. */
export function told(error: unknown): Pick<Finding, 'detail' | 'cure'> {
  const { message } = error as Error;
  const cure = (error instanceof MemcageError && error.cure) || null;
  const ending = `. Cure: ${cure}`;
  return cure !== null && message.endsWith(ending)
    ? { detail: message.slice(0, -ending.length), cure }
    : { detail: message, cure: null };
}

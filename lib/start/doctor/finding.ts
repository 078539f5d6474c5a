import type { Finding } from '../../../types/diagnosis';
import { told } from '../../common/errors/errors';

export function ok(name: string, detail: string): Finding {
  return { name, state: 'ok', detail, cure: null };
}

export function limited(name: string, detail: string, cure: string | null = null): Finding {
  return { name, state: 'limited', detail, cure };
}

export function missing(name: string, detail: string, cure: string | null = null): Finding {
  return { name, state: 'missing', detail, cure };
}

/** What is missing, by the error of who has tried it. */
export function foundBy(error: unknown): Pick<Finding, 'detail' | 'cure'> {
  const { detail, cure = null } = told(error);
  return { detail, cure };
}

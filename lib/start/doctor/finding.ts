import type { Finding } from '../../../types/diagnosis';

export function ok(name: string, detail: string): Finding {
  return { name, state: 'ok', detail, cure: null };
}

export function limited(name: string, detail: string, cure: string | null = null): Finding {
  return { name, state: 'limited', detail, cure };
}

export function missing(name: string, detail: string, cure: string | null = null): Finding {
  return { name, state: 'missing', detail, cure };
}

import type { OomVerdict } from '../../types/outcome';
import type { CgroupEvent, CgroupEvents } from '../cgroup/events/types';

/** Events of {@link Cage.cgroup} that are those of the cage as well. */
export const FORWARDED = [
  'high',
  'max',
  'low',
  'pressure',
  'threshold',
  'empty',
  'populated',
  'frozen',
  'thawed',
] as const;

export type ForwardedEvents = Pick<CgroupEvents, (typeof FORWARDED)[number]>;

/** What a cage emits, with the arguments of the listeners; docs/events.md. */
export interface CageEvents extends ForwardedEvents {
  /** The kernel has killed a process of the cage for memory; or, the OOM killer being off, its processes wait for memory (v1). */
  oom: [event: OomEvent];
  /** The kernel has killed a process of the cage for memory, as a count. */
  oomKill: [event: CgroupEvent];
  /** Nothing of the cage is left. */
  close: [];
}

/** What an 'oom' event says: of the limit as an outcome's verdict, seen from this cage. */
export interface OomEvent extends Pick<OomVerdict, 'cause' | 'limitBytes' | 'path' | 'victims'> {
  /** Processes killed since the last event; 0 with `underOom`. */
  kills: number;
  /** Processes of the cage killed so far. */
  totalKills: number;
  /**
   * Processes wait for memory instead of being killed (v1, `memory: { oomKill: false }`). They go on when there is more:
   * a higher limit, or something that ends.
   */
  underOom: boolean;
  /** When the kernel told of it, or it was seen at the end of a child; milliseconds since the epoch. */
  timeMs: number;
}

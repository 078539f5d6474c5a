import { watcher } from '../../common/addon/watcher';
import { ErrorCode, MemcageError } from '../../common/errors/errors';
import { CURE, words } from '../../common/errors/words';
import { emitApart } from '../../common/event-loop/emitter';
import type { CgroupDirectory } from '../directory/directory';
import { isGone } from '../directory/refusal';
import { isLost } from '../directory/refused-file';
import type { CgroupVersion } from '../files/formats';
import { type KillCgroup, killCgroupOf } from '../processes/kill-cgroup';
import type { CgroupEventName, TriggerHandle } from './cgroup-events';
import { LimitSource, StateSource } from './file-sources';
import { OomSource } from './oom-source';
import { watchRemoval } from './removal-watch';
import { RetriedLook } from './retried-look';
import type { EventSource, NamedSource, SourceContext } from './source';
import { checkTrigger, NO_THRESHOLD, type Trigger } from './trigger-options';
import { openTrigger } from './trigger-sources';

/** How long a removal waits for triggers that many removals at once close, one after the other. */
const TRIGGERS_MS = 5000;
/** The longest time that the kernel usually takes to notify about the removal of a v1 cgroup. */
const NOTICE_MS = 100;

/**
 * The source of an event. `trigger`: a trigger that someone asked for. `parent`: the directory that contains the
 * cgroup.
 */
type SourceName = 'oom' | 'limits' | 'states' | 'trigger' | 'parent';

/** An event that a version does not have, and what to use instead. */
interface Missing {
  missing: string;
  instead?: string;
}

const SOURCES: Readonly<Record<CgroupVersion, Readonly<Record<CgroupEventName, SourceName | Missing>>>> = {
  1: {
    oom: 'oom',
    oomKill: 'oom',
    high: { missing: 'cgroup v1 has no such limit', instead: "the event 'threshold'" },
    max: {
      missing: 'cgroup v1 counts it (memory.failcnt), but does not report it',
      instead: "watch(), or the events 'oom' and 'threshold'",
    },
    low: { missing: 'cgroup v1 has no such protection' },
    pressure: 'trigger',
    threshold: 'trigger',
    empty: 'states',
    populated: 'states',
    frozen: 'states',
    thawed: 'states',
    removed: 'oom',
  },
  2: {
    oom: 'limits',
    oomKill: 'limits',
    high: 'limits',
    max: 'limits',
    low: 'limits',
    pressure: 'trigger',
    threshold: { missing: 'cgroup v2 has no usage thresholds', instead: NO_THRESHOLD },
    empty: 'states',
    populated: 'states',
    frozen: 'states',
    thawed: 'states',
    removed: 'parent',
  },
};

interface WatchedSource<S extends EventSource = EventSource> {
  readonly source: S;
  readonly unwatch: () => void;
  readonly told: RetriedLook;
  /** Whether its fds are closed. */
  isClosed: boolean;
}

type NamedWatchedSource = WatchedSource<NamedSource<CgroupEventName>> & { readonly names: Set<CgroupEventName> };

export interface SourceCgroup {
  version: CgroupVersion;
  directory: CgroupDirectory;
  killCgroup?: KillCgroup | undefined;
  emitter: Parameters<typeof emitApart>[0];
  /** Whether others may remove it without notice. */
  isForeign: boolean;
  /** Whether it has children whose end has not been reported yet. */
  hasMembers?(): boolean;
  /** Called when someone begins to listen. */
  onWatched?(): void;
  /** Called when there will be no more events. */
  onOver(): void;
}

/** The kernel's events of one cgroup. Each source is open as long as someone listens to one of its events. */
export class EventSources {
  readonly #named = new Map<SourceName, NamedWatchedSource>();
  readonly #triggers = new Set<WatchedSource>();
  /** Names that someone began to listen to after memcage's own cgroup was gone. */
  readonly #tooLate = new Set<CgroupEventName>();
  #listensToRemoval = false;
  #unwatchRemoval: (() => void) | undefined;
  #conclusion: NodeJS.Timeout | undefined;
  /** How many are being closed on another thread. */
  #closing = 0;
  #triggersEndMs: number | undefined;
  /** v2: something has changed in the directory above. */
  readonly #removalLook = new RetriedLook(() => {
    if (!this.cgroup.directory.isAtItsPath()) this.#noticeRemoval();
  });
  /** The cgroup is gone, and its sources may have news that has not been read. */
  readonly #goneLook = new RetriedLook(() => this.#conclude({ isNotified: true }));
  #isReferenced = false;
  #holdsReference = false;
  /** Whether the handle is closed, or the cgroup gone. */
  #isOver = false;

  /** v1's eventfds count the removal of their cgroup; of v2 only the directory above can be watched. */
  readonly #kernelTellsRemoval: boolean;

  constructor(private readonly cgroup: SourceCgroup) {
    this.#kernelTellsRemoval = cgroup.version === 1;
  }

  /**
   * Someone begins to listen.
   *
   * @throws the reason why the event can't be had; nothing stays open then
   */
  begin(name: CgroupEventName): void {
    const from = SOURCES[this.cgroup.version][name];
    if (typeof from === 'object') throw notInVersion(name, from);
    if (from === 'trigger') return;
    if (from === 'parent') this.#beginRemoval();
    else this.#beginUnlessGone(from, name);
    this.#changed();
  }

  end(name: CgroupEventName): void {
    this.#tooLate.delete(name);
    if (name === 'removed') this.#listensToRemoval = false;
    for (const [from, watched] of this.#named) {
      if (!watched.names.delete(name)) continue;
      watched.source.end(name);
      if (watched.names.size > 0) continue;
      this.#named.delete(from);
      this.#close(watched);
    }
    this.#changed();
  }

  add(trigger: Trigger): TriggerHandle {
    const { version, directory } = this.cgroup;
    const checked = checkTrigger(trigger, version, directory.native.constants.pageSize);
    const kept = Object.freeze({ ...trigger });
    const watched = this.#watch(openTrigger(this.#context(), kept, checked));
    this.#triggers.add(watched);
    this.#changed();
    const end = (): void => {
      if (!this.#triggers.delete(watched)) return;
      this.#close(watched);
      this.#changed();
    };
    return { trigger: kept, close: end, [Symbol.dispose]: end };
  }

  /** Emits what has not been emitted yet. */
  look(): void {
    for (const watched of this.#all()) this.#lookAt(watched, Date.now(), false);
  }

  /** memcage has put a process into the cgroup. It may end before the kernel's news of it can be read. */
  noteMember(): void {
    const states = this.#named.get('states');
    if (!(states?.source instanceof StateSource)) return;
    const timeMs = Date.now();
    states.source.noteMember(timeMs);
    states.told.begin(timeMs, false);
  }

  /**
   * Whether who removes the cgroup should try again later. While a trigger is open whose end the kernel waits for, rmdir(2)
   * would wait for it: so these are closed first, once no process is left.
   */
  awaitsTriggers(isPopulated: () => boolean): boolean {
    const waiting = [...this.#triggers].filter(({ source }) => source.closeElsewhere !== undefined);
    if (waiting.length > 0 && isPopulated()) return false;
    for (const watched of waiting) {
      this.#triggers.delete(watched);
      this.#close(watched);
    }
    // The removal may fail all the same.
    if (waiting.length > 0) this.#changed();
    if (this.#closing === 0) return false;
    this.#triggersEndMs ??= performance.now() + TRIGGERS_MS;
    return performance.now() < this.#triggersEndMs;
  }

  /** The cgroup was removed by someone who called {@link look} first. */
  conclude(): void {
    this.#conclude({ isNotified: false });
  }

  close(): void {
    this.#isOver = true;
    clearTimeout(this.#conclusion);
    this.#goneLook.end();
    this.#removalLook.end();
    for (const watched of this.#all()) this.#close(watched);
    this.#named.clear();
    this.#triggers.clear();
    this.#listensToRemoval = false;
    this.#changed();
    this.cgroup.onOver();
  }

  /** Sets whether listening keeps the process alive. */
  setReference(isReferenced: boolean): void {
    this.#isReferenced = isReferenced;
    this.#changed();
  }

  #beginUnlessGone(from: 'oom' | 'limits' | 'states', name: CgroupEventName): void {
    try {
      this.#beginIn(from, name);
    } catch (error) {
      if (this.cgroup.isForeign || !isGone(error)) throw error;
      // The watcher has just removed it, and whoever started the child can't know that.
      this.#tooLate.add(name);
    }
  }

  #beginIn(from: 'oom' | 'limits' | 'states', name: CgroupEventName): void {
    const open = this.#named.get(from);
    if (open !== undefined) {
      open.source.begin(name);
      open.names.add(name);
      this.#lookSoon(open);
      return;
    }
    const source = this.#open(from, name);
    try {
      source.begin(name);
    } catch (error) {
      source.close();
      throw error;
    }
    const watched = Object.assign(this.#watch(source), { names: new Set([name]) });
    this.#named.set(from, watched);
    this.#lookSoon(watched);
  }

  /** Reading for a new name may reveal news for other names, which the kernel does not report again. */
  #lookSoon(watched: WatchedSource): void {
    process.nextTick(() => watched.told.begin(Date.now(), false));
  }

  #open(from: 'oom' | 'limits' | 'states', name: CgroupEventName): NamedSource<CgroupEventName> {
    const { version, directory, killCgroup } = this.cgroup;
    const unified = killCgroupOf(version, directory, killCgroup);
    switch (from) {
      case 'oom':
        return new OomSource(this.#context());
      case 'limits':
        return new LimitSource(this.#context());
      case 'states':
        if (unified?.kind === 'unified')
          return new StateSource(this.#context(unified.directory), this.cgroup.hasMembers?.() ?? false);
        throw notInVersion(name, {
          missing:
            'cgroup v1 does not report it. A cage does if the unified hierarchy is mounted too and its child is not the init ' +
            'of a PID namespace',
        });
    }
  }

  #beginRemoval(): void {
    const { directory, isForeign } = this.cgroup;
    if (isForeign) {
      this.#watchRemoval();
      // The cgroup was removed before, so nobody will report that.
      if (!directory.isAtItsPath()) {
        this.#changed();
        throw new MemcageError(ErrorCode.NO_CGROUP, `${directory.path} was removed`, { path: directory.path });
      }
    }
    this.#listensToRemoval = true;
  }

  #context(directory = this.cgroup.directory): SourceContext {
    return {
      directory,
      emit: (name, ...args) => {
        if (!this.#isOver) emitApart(this.cgroup.emitter, name, ...args);
      },
    };
  }

  #watch<S extends EventSource>(source: S): WatchedSource<S> {
    const told = new RetriedLook((timeMs, isTold) => this.#lookAt(watched, timeMs, isTold));
    const unwatch = unlessFailed(source, () =>
      watcher().event(source.fd, source.kind, (timeMs) => told.begin(timeMs, true)),
    );
    const watched: WatchedSource<S> = { source, unwatch, told, isClosed: false };
    return watched;
  }

  #close(watched: WatchedSource): void {
    const { source, told, unwatch } = watched;
    watched.isClosed = true;
    told.end();
    unwatch();
    if (source.closeElsewhere === undefined) {
      source.close();
      return;
    }
    this.#closing += 1;
    void source.closeElsewhere().then(() => {
      this.#closing -= 1;
    });
  }

  #all(): WatchedSource[] {
    return [...this.#named.values(), ...this.#triggers];
  }

  #lookAt({ source, isClosed }: WatchedSource, timeMs: number, isTold: boolean): void {
    if (!isClosed) this.#unlessGone(() => source.look(timeMs, isTold));
  }

  #unlessGone(look: () => void): void {
    try {
      look();
    } catch (error) {
      // Nothing is counted in its file any more. Who asks the cgroup is told why.
      if (isLost(error)) return;
      if (!isGone(error)) throw error;
      this.#noticeRemoval();
    }
  }

  #noticeRemoval(): void {
    const conclude = (): void => this.#goneLook.begin(Date.now(), true);
    if (!this.#kernelTellsRemoval) conclude();
    else this.#conclusion ??= setTimeout(conclude, NOTICE_MS).unref();
  }

  #conclude({ isNotified }: { isNotified: boolean }): void {
    if (this.#isOver) return;
    const timeMs = Date.now();
    for (const { source, isClosed } of this.#all()) if (!isClosed) source.conclude(timeMs, isNotified);
    const { emit } = this.#context();
    const once = { count: 1, totalCount: 1, timeMs };
    if (this.#tooLate.has('empty')) emit('empty', once);
    emit('removed', once);
    this.close();
  }

  /** For v2, which does not report a removal itself. */
  #watchRemoval(): void {
    const { path } = this.cgroup.directory;
    this.#unwatchRemoval ??= watchRemoval(path, () => this.#removalLook.begin(Date.now(), true));
  }

  /** Updates what depends on whether anyone listens. */
  #changed(): void {
    const { isForeign } = this.cgroup;
    const isUsed = this.#named.size > 0 || this.#triggers.size > 0 || this.#listensToRemoval;
    if (isUsed) this.cgroup.onWatched?.();
    if (!isUsed) {
      this.#unwatchRemoval?.();
      this.#unwatchRemoval = undefined;
    } else if (!this.#kernelTellsRemoval && isForeign) {
      try {
        this.#watchRemoval();
      } catch {
        // Without this, only close() closes the fds.
      }
    }
    const holds = isUsed && this.#isReferenced;
    if (holds === this.#holdsReference) return;
    this.#holdsReference = holds;
    if (holds) watcher().refs.acquire();
    else watcher().refs.release();
  }
}

function unlessFailed<T>(source: EventSource, use: () => T): T {
  try {
    return use();
  } catch (error) {
    source.close();
    throw error;
  }
}

function notInVersion(name: CgroupEventName, { missing, instead }: Missing): MemcageError {
  const cure = instead === undefined ? '' : words`${CURE}${instead}`;
  return new MemcageError(ErrorCode.NOT_IN_VERSION, words`The event '${name}': ${missing}${cure}`);
}

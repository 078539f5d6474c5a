import { JobQueue, type Waiting } from '../../jobs/budget/admission/job-queue';

export interface EnterOptions {
  /** Run beside nothing else. Default: false. */
  alone?: boolean;
  /** Stop waiting. */
  signal?: AbortSignal | undefined;
}

interface Asker extends Waiting {
  readonly onRoom: (room: Room) => void;
}

/** Who may run beside whom: those whose needs fit the total together, and always one. Small ones may pass large ones, but not without end. */
export class Rooms {
  readonly #queue = new JobQueue<Asker>();
  readonly #taken = new Set<Room>();
  #orders = 0;

  constructor(readonly totalBytes: number) {}

  /** How many wait. */
  get waiting(): number {
    return this.#queue.size;
  }

  /** How many have room. */
  get taken(): number {
    return this.#taken.size;
  }

  /** Waits for room. Rejects with the reason of the signal, if that aborts first. */
  enter(needBytes: number, { alone = false, signal }: EnterOptions = {}): Promise<Room> {
    const memoryBytes = alone ? this.totalBytes : Math.min(needBytes, this.totalBytes);
    return new Promise((resolve, reject) => {
      if (signal?.aborted === true) {
        reject(signal.reason as Error);
        return;
      }
      this.#orders += 1;
      const asker: Asker = {
        need: { memoryBytes, cpus: 0, pids: 0 },
        priority: 0,
        order: this.#orders,
        isMeasured: false,
        byLimits: false,
        onRoom: (room) => {
          signal?.removeEventListener('abort', onAbort);
          resolve(room);
        },
      };
      const onAbort = (): void => {
        if (!this.#queue.delete(asker)) return;
        reject(signal?.reason as Error);
        this.giveRoom();
      };
      signal?.addEventListener('abort', onAbort, { once: true });
      this.#queue.add(asker);
      this.giveRoom();
    });
  }

  /** What is taken, in bytes. */
  takenBytes(): number {
    let sum = 0;
    for (const room of this.#taken) sum += room.heldBytes;
    return sum;
  }

  /** Gives room to all that may have it now. */
  giveRoom(): void {
    const fits = ({ need }: Asker): boolean => this.#fits(need.memoryBytes);
    for (let next = this.#queue.take(fits); next !== undefined; next = this.#queue.take(fits)) {
      const room = new Room(this, next.need.memoryBytes);
      this.#taken.add(room);
      next.onRoom(room);
    }
  }

  /** @internal Whether one that has room may have so much instead. */
  mayResize(room: Room, bytes: number): boolean {
    if (!this.#taken.has(room)) return false;
    return this.#taken.size === 1 || this.takenBytes() - room.heldBytes + bytes <= this.totalBytes;
  }

  /** @internal */
  release(room: Room): void {
    if (this.#taken.delete(room)) this.giveRoom();
  }

  #fits(bytes: number): boolean {
    return this.#taken.size === 0 || this.takenBytes() + bytes <= this.totalBytes;
  }
}

/** Room of a worker. It has it from before its start until nothing of it is left. */
export class Room {
  #usedBytes = 0;

  constructor(
    private readonly rooms: Rooms,
    private bytes: number,
  ) {}

  /** What others can't have: what the file that runs needs, or what the worker uses if that is more. */
  get heldBytes(): number {
    return Math.max(this.bytes, this.#usedBytes);
  }

  /** Whether it is now so large. False: nothing has changed, since there is not so much. */
  resize(bytes: number): boolean {
    if (!this.rooms.mayResize(this, bytes)) return false;
    this.bytes = Math.min(bytes, this.rooms.totalBytes);
    this.rooms.giveRoom();
    return true;
  }

  /** The worker was seen to use so much. */
  used(bytes: number): void {
    const before = this.heldBytes;
    this.#usedBytes = bytes;
    if (this.heldBytes < before) this.rooms.giveRoom();
  }

  /** You may call it again. */
  release(): void {
    this.rooms.release(this);
  }
}

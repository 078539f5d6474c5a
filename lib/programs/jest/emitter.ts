type Listener = (argument: unknown) => unknown;

/** As Jest's runners have it: who emits waits for what the listeners do. */
export class Emitter {
  readonly #listeners = new Map<string, Set<Listener>>();

  on(event: string, listener: Listener): () => void {
    const listeners = this.#listeners.get(event) ?? new Set();
    this.#listeners.set(event, listeners.add(listener));
    return () => void listeners.delete(listener);
  }

  async emit(event: string, argument: unknown): Promise<void> {
    const listeners = [...(this.#listeners.get(event) ?? [])];
    await Promise.all(listeners.map(async (listener) => listener(argument)));
  }
}

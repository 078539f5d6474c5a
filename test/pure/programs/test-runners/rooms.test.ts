import { type Room, Rooms } from '../../../../lib/programs/test-runners/rooms';

/** Asks for room, and notes who got it. */
function hall(totalBytes: number) {
  const rooms = new Rooms(totalBytes);
  const got: string[] = [];
  const enter = async (
    name: string,
    bytes: number,
    how: { alone?: boolean; signal?: AbortSignal } = {},
  ): Promise<Room> => {
    const room = await rooms.enter(bytes, how);
    got.push(name);
    return room;
  };
  const settled = () => new Promise(setImmediate);
  return { rooms, got, enter, settled };
}

describe('Rooms', () => {
  test('gives room to what fits together, and one always has it', async () => {
    const { rooms, got, enter, settled } = hall(100);
    const big = await enter('more than there is', 900);
    expect(big.heldBytes).toBe(100);
    const waiting = ['60', '50', '40'].map((bytes) => enter(bytes, Number(bytes)));
    await settled();
    expect(got).toEqual(['more than there is']);
    big.release();
    big.release();
    await settled();
    expect(got).toEqual(['more than there is', '60', '40']);
    expect(rooms).toMatchObject({ taken: 2, waiting: 1 });
    for (const room of await Promise.all([waiting[0], waiting[2]])) room?.release();
    await waiting[1];
    expect(rooms.takenBytes()).toBe(50);
  });

  test('counts what a worker uses where that is more than its file needed', async () => {
    const { rooms, got, enter, settled } = hall(100);
    const first = await enter('first', 30);
    first.used(80);
    void enter('second', 30);
    await settled();
    expect(got).toEqual(['first']);
    first.used(20);
    await settled();
    expect(got).toEqual(['first', 'second']);
    expect(rooms.takenBytes()).toBe(60);
  });

  test('lets one run alone, once all others are gone', async () => {
    const { got, enter, settled } = hall(100);
    const small = await enter('small', 10);
    const alone = enter('alone', 10, { alone: true });
    const other = await enter('passes it', 10);
    small.release();
    await settled();
    expect(got).toEqual(['small', 'passes it']);
    other.release();
    const room = await alone;
    void enter('waits for it', 10);
    await settled();
    expect(got).toEqual(['small', 'passes it', 'alone']);
    room.release();
    await settled();
    expect(got.at(-1)).toBe('waits for it');
  });

  test('starts one that needs much after a bounded number of others', async () => {
    const { got, enter, settled } = hall(100);
    const running = await enter('running', 60);
    void enter('large', 90);
    const small = Array.from({ length: 40 }, () => enter('small', 1));
    await settled();
    expect(got).toEqual(['running', ...Array.from({ length: 32 }, () => 'small')]);
    running.release();
    for (const room of await Promise.all(small.slice(0, 32))) room.release();
    await settled();
    expect(got.slice(33)).toEqual(['large', ...Array.from({ length: 8 }, () => 'small')]);
  });

  test('gives a worker that is kept room for its next file only if there is so much', async () => {
    const { rooms, enter } = hall(100);
    const kept = await enter('kept', 30);
    const other = await enter('other', 50);
    expect([kept.resize(60), kept.heldBytes]).toEqual([false, 30]);
    expect([kept.resize(50), kept.heldBytes]).toEqual([true, 50]);
    other.release();
    expect([kept.resize(900), kept.heldBytes]).toEqual([true, 100]);
    kept.release();
    expect([kept.resize(10), rooms.taken]).toEqual([false, 0]);
  });

  test('lets go of one that waits no more, and looks whether others may have room then', async () => {
    const { rooms, got, enter, settled } = hall(100);
    const controller = new AbortController();
    const running = await enter('running', 50);
    const left = enter('left', 80, { signal: controller.signal });
    controller.abort(new Error('the run was cancelled'));
    await expect(left).rejects.toThrow('the run was cancelled');
    await expect(enter('late', 1, { signal: controller.signal })).rejects.toThrow('the run was cancelled');
    running.release();
    await settled();
    expect([got, rooms.waiting, rooms.taken]).toEqual([['running'], 0, 0]);
  });
});

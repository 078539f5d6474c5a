import { createServer, type Socket } from 'node:net';

/** A D-Bus peer that gives only scripted answers. https://dbus.freedesktop.org/doc/dbus-specification.html */

export interface Call {
  member: string;
  body: Buffer;
}

/** The answer to a call: its signature, and its only value, a string. undefined is an empty answer. */
export type Answer = { signature: 's' | 'o'; value: string } | undefined;

const GUID = '0'.repeat(32);
const METHOD_RETURN = 2;
const FIELD = { member: 3, replySerial: 5, signature: 8 };
const NO_REPLY_EXPECTED = 1;

/** Resolves when it listens. `calls` fills up. */
export async function startFakeBus(
  path: string,
  answer: (member: string) => Answer,
): Promise<{ calls: Call[]; close(): void }> {
  const calls: Call[] = [];
  const server = createServer((socket) => {
    let read = Buffer.alloc(0);
    let isAuthenticated = false;
    socket.on('error', () => {});
    socket.on('data', (chunk) => {
      read = Buffer.concat([read, chunk]);
      if (!isAuthenticated) {
        const end = read.indexOf('BEGIN\r\n');
        if (end < 0) return;
        authenticate(socket, read.subarray(1, end).toString());
        read = read.subarray(end + 'BEGIN\r\n'.length);
        isAuthenticated = true;
      }
      for (let size = messageSize(read); size <= read.length; size = messageSize(read)) {
        const message = read.subarray(0, size);
        read = read.subarray(size);
        const member = memberOf(message);
        calls.push({ member, body: message.subarray(size - message.readUInt32LE(4)) });
        if (((message[2] ?? 0) & NO_REPLY_EXPECTED) === 0) socket.write(reply(message.readUInt32LE(8), answer(member)));
      }
    });
  });
  await new Promise<void>((resolve) => server.listen(path, resolve));
  return { calls, close: () => void server.close() };
}

/** sd-bus sends all its lines at once. */
function authenticate(socket: Socket, said: string): void {
  for (const line of said.split('\r\n')) {
    if (line === 'AUTH EXTERNAL') socket.write('DATA\r\n');
    else if (line.startsWith('AUTH EXTERNAL ') || line.startsWith('DATA')) socket.write(`OK ${GUID}\r\n`);
    else if (line === 'NEGOTIATE_UNIX_FD') socket.write('AGREE_UNIX_FD\r\n');
  }
}

function aligned(offset: number, to: number): number {
  return Math.ceil(offset / to) * to;
}

/** Infinity if it is not known yet. */
function messageSize(read: Buffer): number {
  if (read.length < 16) return Number.POSITIVE_INFINITY;
  return aligned(16 + read.readUInt32LE(12), 8) + read.readUInt32LE(4);
}

function memberOf(message: Buffer): string {
  const end = 16 + message.readUInt32LE(12);
  for (let at = 16; at < end; ) {
    at = aligned(at, 8);
    const type = String.fromCharCode(message[at + 2] ?? 0);
    // After the code and the signature of the value: a length, a letter and a zero.
    const value = at + 4;
    const length = type === 'g' ? (message[value] ?? 0) : message.readUInt32LE(value);
    if (message[at] === FIELD.member) return message.toString('utf8', value + 4, value + 4 + length);
    if (type === 'g') at = value + 1 + length + 1;
    else at = type === 'u' ? value + 4 : value + 4 + length + 1;
  }
  return '';
}

function reply(serial: number, answer: Answer): Buffer {
  const replySerial = Buffer.from([FIELD.replySerial, 1, 'u'.charCodeAt(0), 0, 0, 0, 0, 0]);
  replySerial.writeUInt32LE(serial, 4);
  const fields = [replySerial];
  const body = answer === undefined ? Buffer.alloc(0) : text(answer.value);
  if (answer !== undefined) {
    const signature = [1, 'g'.charCodeAt(0), 0, 1, answer.signature.charCodeAt(0), 0];
    fields.push(Buffer.from([FIELD.signature, ...signature]));
  }
  const header = Buffer.concat(fields);
  const start = Buffer.alloc(16);
  start.write('l');
  start[1] = METHOD_RETURN;
  start[3] = 1;
  start.writeUInt32LE(body.length, 4);
  start.writeUInt32LE(serial, 8);
  start.writeUInt32LE(header.length, 12);
  return Buffer.concat([start, header, Buffer.alloc(aligned(header.length, 8) - header.length), body]);
}

function text(value: string): Buffer {
  const bytes = Buffer.alloc(4 + Buffer.byteLength(value) + 1);
  bytes.writeUInt32LE(Buffer.byteLength(value));
  bytes.write(value, 4);
  return bytes;
}

/** Connections: payloads arrive in order and whole, and whoever talks nonsense is cut off while the others are served. */
import * as fc from 'fast-check';
import * as E from 'fp-ts/lib/Either.js';
import { connect, type Socket } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { dial, listen, type Bounds, type Connection, type Dialling, type Handlers, type Listener, type Listening } from '../src/adapter/connections.js';
import { frame, gather, splitter } from '../src/adapter/frames.js';
import { decodeAs, encode, Hello, PROTOCOL } from '../src/adapter/hello.js';
import { silent, type Log } from '../src/adapter/log.js';

const HOST = '127.0.0.1';
const BOUNDS: Bounds = { limit: 2 ** 16, highWater: 2 ** 20 };
const HELLO: Hello = { type: 'Peer', protocol: PROTOCOL, cluster: 'test', from: 'a' };

const payload = fc.uint8Array({ minLength: 1, maxLength: 300 });
/** What the listeners below refuse: longer than any payload that chance makes, so that none is refused by accident. */
const REFUSED = new Uint8Array(301);
const ticks = fc.array(fc.array(payload, { minLength: 1, maxLength: 20 }), { minLength: 1, maxLength: 6 });
const hello: fc.Arbitrary<Hello> = fc.oneof(
  fc.record({ type: fc.constant('Peer' as const), protocol: fc.constant(PROTOCOL), cluster: fc.string(), from: fc.string() }),
  fc.record({ type: fc.constant('Client' as const), protocol: fc.constant(PROTOCOL), cluster: fc.string(), sessions: fc.array(fc.maxSafeNat()) }),
);
/** Nonsense of every depth: no frame, no hello, and a good hello with no frame after it. */
const garbage = fc.oneof(
  fc.uint8Array({ minLength: 4, maxLength: 500 }),
  payload.map(frame),
  fc.json().map((text) => frame(new TextEncoder().encode(`{"type":"Peer","x":${text}}`))),
  fc.uint8Array({ minLength: 4, maxLength: 200 }).map((rest) => Buffer.concat([frame(encode(HELLO)), Uint8Array.of(255, 255, 255, 255), rest])),
);

let open: { readonly close: () => Promise<void> }[] = [];
afterEach(async () => {
  await Promise.all(open.map((each) => each.close()));
  open = [];
});

describe('a hello', () => {
  it('is understood as it was said', () =>
    fc.assert(
      fc.property(hello, (said) => {
        expect(decodeAs(Hello)(encode(said))).toEqual(E.right(said));
      }),
    ));

  it('is nothing else: other bytes are refused, never thrown', () =>
    fc.assert(
      fc.property(fc.oneof(payload, fc.json().map((text) => new TextEncoder().encode(text))), (bytes) => {
        expect(E.isLeft(decodeAs(Hello)(bytes))).toBe(true);
      }),
    ));

  it.each([
    ['not UTF-8', Uint8Array.of(0x22, 0xff, 0x22), 'a hello that is not UTF-8'],
    ['not JSON', '{', 'a hello that is not JSON'],
    ['of another protocol', JSON.stringify({ ...HELLO, protocol: 'opt-psmr/2' }), 'a hello whose protocol is not "opt-psmr/1"'],
    ['without its sender', JSON.stringify({ ...HELLO, from: undefined }), 'a hello whose from is not string'],
    ['of a session that is rounded', '{"type":"Client","protocol":"opt-psmr/1","cluster":"","sessions":[1,9007199254740992]}', 'a hello whose sessions.1 is not a session (a natural number up to 2^53 - 1)'],
    ['deeper than the stack', '['.repeat(60_000) + ']'.repeat(60_000), 'not a hello'],
  ])('%s is refused with its reason', (_, said, reason) => {
    const answer = decodeAs(Hello)(typeof said === 'string' ? new TextEncoder().encode(said) : said);
    expect(E.isLeft(answer) && answer.left).toContain(reason);
  });
});

describe('a connection always', () => {
  it('carries payloads both ways, whole and in order', () =>
    fc.assert(
      fc.asyncProperty(ticks, async (all) => {
        const { port, close } = await echoing();
        const back: Uint8Array[] = [];
        const link = dialling({ port, onFrame: (bytes) => E.right(back.push(bytes)) });
        for (const tick of all) {
          tick.forEach((bytes) => expect(link.send(bytes)).toBe(true));
          await nextTurn();
        }
        await until(() => back.length >= all.flat().length);
        expect(back.map((bytes) => Uint8Array.from(bytes))).toEqual(all.flat());
        await Promise.all([link.close(), close()]);
      }),
      { numRuns: 25, timeout: 20_000 },
    ));

  it('writes what one tick sends at once', async () => {
    const { port, chunks } = await recording();
    const link = dialling({ port });
    await until(() => chunks.length === 1); // the hello
    for (let i = 0; i < 100; i += 1) link.send(Uint8Array.of(i));
    await until(() => chunks.length > 1);
    expect(chunks).toEqual([frame(encode(HELLO)), gather(Array.from({ length: 100 }, (_, i) => Uint8Array.of(i)))].map(Buffer.from));
  });

  it('sends what was queued before it closes', async () => {
    const { port, heard } = await echoing();
    let isOpen = false;
    const link = dialling({ port, onOpen: () => (isOpen = true) });
    await until(() => isOpen);
    link.send(Uint8Array.of(1));
    await link.close();
    await until(() => heard.length === 1);
    expect(link.send(Uint8Array.of(2))).toBe(false);
  });

  it('brings nothing more once it was closed, though it came in the same chunk', async () => {
    const { port } = await babbling(() => gather([Uint8Array.of(1), Uint8Array.of(2), Uint8Array.of(3)]));
    const got: Uint8Array[] = [];
    let closed: Promise<void> | undefined;
    const link = dialling({ port, onFrame: (bytes) => E.right([got.push(bytes), (closed = link.close())]) });
    await until(() => closed !== undefined);
    await closed;
    expect(got).toEqual([Buffer.of(1)]);
  });

  it('drops payloads that are empty or above the limit, and counts them', async () => {
    const { port, heard } = await echoing();
    const link = dialling({ port });
    expect(link.send(new Uint8Array(0))).toBe(false);
    expect(link.send(new Uint8Array(BOUNDS.limit + 1))).toBe(false);
    expect(link.send(new Uint8Array(BOUNDS.limit))).toBe(true);
    await until(() => heard.length === 1);
    expect(link.dropped()).toBe(2);
  });

  it('queues for a slow reader up to the bound, drops whole payloads beyond it, and keeps the order of the rest', async () => {
    const { port, socket, resume } = await stuck();
    const link = dialling({ port, highWater: 2 ** 20 });
    await until(() => socket() !== undefined);
    const sent: number[] = [];
    for (let i = 0; i < 1000; i += 1) {
      if (link.send(numbered(i))) sent.push(i);
      if (i % 5 === 0) await nextTurn(); // a quarter of the bound at a time: only the other end can fill the queue
    }
    expect(link.dropped()).toBe(1000 - sent.length);
    expect(link.dropped()).toBeGreaterThan(0);
    const got = resume();
    await until(() => got.length === sent.length);
    expect(link.send(numbered(7))).toBe(true);
    await until(() => got.length > sent.length);
    expect(got).toEqual([...sent, 7]);
  });
});

describe('a dialled link', () => {
  it('comes back when its peer does, says hello anew, and sends what it queued meanwhile', async () => {
    const first = await echoing();
    const events: string[] = [];
    const link = dialling({ port: first.port, onOpen: () => events.push('open'), onClose: () => events.push('close') });
    link.send(Uint8Array.of(1));
    await until(() => first.heard.length === 1);
    await first.close();
    await until(() => events.length === 2);
    link.send(Uint8Array.of(2));
    await new Promise((done) => setTimeout(done, 100));
    const second = await echoing({ port: first.port });
    await until(() => second.heard.length === 1);
    expect(second.heard).toEqual([Buffer.of(2)]);
    expect(second.hellos).toEqual([HELLO]);
    expect(events).toEqual(['open', 'close', 'open']);
    await link.close();
    expect(events.at(-1)).toBe('close');
  });

  it('drops what is beyond the bound while there is nobody', async () => {
    const { port, close } = await echoing();
    await close();
    const link = dialling({ port, highWater: 1000 });
    for (let i = 0; i < 20; i += 1) link.send(new Uint8Array(96));
    expect(link.dropped()).toBe(10);
  });

  it('that is closed dials no more', async () => {
    const { port, close } = await echoing();
    await close();
    const link = dialling({ port });
    await link.close();
    const later = await echoing({ port });
    await new Promise((done) => setTimeout(done, 100));
    expect(later.hellos).toEqual([]);
  });

  it('cuts off a listener that talks nonsense, and tries again', async () => {
    const { log, lines } = recordingLog();
    let calls = 0;
    const { port } = await babbling(() => ((calls += 1) === 1 ? Uint8Array.of(0, 0, 0, 0) : frame(Uint8Array.of(5))));
    const got: Uint8Array[] = [];
    dialling({ port, log, onFrame: (bytes) => E.right(got.push(bytes)) });
    await until(() => got.length > 0);
    expect(lines).toContain(`cut off ${HOST}:${port}: an empty frame`);
  });
});

describe('a listener', () => {
  it('lives through any garbage, and serves a good caller all the while', async () => {
    const { log, lines } = recordingLog();
    const { port } = await echoing({ log });
    const echoes: Uint8Array[] = [];
    const good = dialling({ port, onFrame: (bytes) => E.right(echoes.push(bytes)) });
    let asked = 0;
    await fc.assert(
      fc.asyncProperty(garbage, fc.nat({ max: 50 }), async (bytes, cut) => {
        const stranger = connect(port, HOST);
        const gone = new Promise((done) => stranger.on('error', () => {}).once('close', done));
        stranger.write(bytes.subarray(0, cut));
        await nextTurn();
        stranger.end(bytes.subarray(cut));
        stranger.resume();
        good.send(Uint8Array.of(1, (asked += 1) % 256));
        await gone;
        await until(() => echoes.length === asked);
      }),
      { numRuns: 150, timeout: 20_000 },
    );
    expect(lines.length).toBeGreaterThan(0);
    expect(lines.every((line) => /^cut off 127\.0\.0\.1:\d+: \S/.test(line))).toBe(true);
  });

  it.each<readonly [string, readonly Uint8Array[], string]>([
    ['sends a frame above the limit', [frame(encode(HELLO)), Uint8Array.of(1, 0, 1, 0)], 'a frame of 65537 bytes, above the limit of 65536'],
    ['sends an empty frame', [frame(encode(HELLO)), Uint8Array.of(0, 0, 0, 0)], 'an empty frame'],
    ['says no hello', [frame(new TextEncoder().encode('"hello"'))], 'not a hello'],
    ['says a hello that the node refuses', [frame(encode({ ...HELLO, cluster: 'other' }))], 'of cluster other'],
    ['sends a payload that the node refuses', [frame(encode(HELLO)), frame(REFUSED), frame(Uint8Array.of(1))], 'a refused payload'],
  ])('cuts off a caller who %s, with one line that says why', async (_, bytes, reason) => {
    const { log, lines } = recordingLog();
    const { port, heard, open: connected } = await echoing({ log });
    const stranger = connect(port, HOST).resume();
    stranger.write(Buffer.concat(bytes));
    await new Promise((done) => stranger.on('error', () => {}).once('close', done));
    await until(() => connected() === 0);
    expect(lines).toHaveLength(1);
    expect(lines[0]).toMatch(/^cut off 127\.0\.0\.1:\d+: /);
    expect(lines[0]).toContain(reason);
    expect(heard).toEqual([]);
  });

  it('whose port is taken says so, naming host and port', async () => {
    const { port } = await echoing();
    await expect(echoing({ port })).rejects.toThrow(`cannot listen on ${HOST}:${port}: `);
    await expect(echoing({ port })).rejects.toThrow('EADDRINUSE');
  });

  it('that closes takes its connections with it, and frees its port', async () => {
    const first = await echoing();
    const silentStranger = connect(first.port, HOST).on('error', () => {});
    const gone = new Promise((done) => silentStranger.resume().once('close', done));
    await new Promise((done) => silentStranger.once('connect', done));
    await first.close();
    await gone;
    await (await echoing({ port: first.port })).close();
  });
});

/** A listener that keeps what it hears and sends it back; it refuses other clusters, and one payload. */
const echoing = async (options: Partial<Listening<Hello>> = {}) => {
  const heard: Uint8Array[] = [];
  const hellos: Hello[] = [];
  let connected = 0;
  const onHello = (said: Hello, connection: Connection): E.Either<string, Handlers> => {
    if (said.cluster !== HELLO.cluster) return E.left(`of cluster ${said.cluster}`);
    hellos.push(said);
    connected += 1;
    return E.right({
      onFrame: (bytes) => {
        if (REFUSED.every((byte, i) => bytes[i] === byte) && bytes.length === REFUSED.length) return E.left('a refused payload');
        heard.push(bytes);
        return E.right(connection.send(bytes));
      },
      onClose: () => (connected -= 1),
    });
  };
  const listener = await listen({ host: HOST, port: 0, ...BOUNDS, hello: Hello, onHello, log: silent, ...options });
  open.push(listener);
  return { ...listener, heard, hellos, open: () => connected };
};

const dialling = (options: Partial<Dialling> & { readonly port: number }): Connection => {
  const link = dial({ host: HOST, ...BOUNDS, hello: HELLO, onFrame: () => E.right(undefined), log: silent, ...options });
  open.push(link);
  return link;
};

/** A bare server, with none of our code in it. */
const bare = async (onSocket: (socket: Socket) => void): Promise<Listener> => {
  const { createServer } = await import('node:net');
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket.on('error', () => {}));
    onSocket(socket);
  });
  await new Promise<void>((done) => server.listen(0, HOST, done));
  const close = (): Promise<void> =>
    new Promise((done) => {
      server.close(() => done());
      sockets.forEach((socket) => socket.destroy());
    });
  const listener = { port: (server.address() as { port: number }).port, close };
  open.push(listener);
  return listener;
};

const recording = async () => {
  const chunks: Buffer[] = [];
  return { ...(await bare((socket) => socket.on('data', (chunk) => chunks.push(chunk)))), chunks };
};

/** A server that greets every caller with the bytes. */
const babbling = (greeting: () => Uint8Array) => bare((socket) => socket.resume().write(greeting()));

/** A server that reads nothing until it resumes, and then the number in each payload. */
const stuck = async () => {
  let only: Socket | undefined;
  const listener = await bare((socket) => (only = socket.pause()));
  const resume = (): readonly number[] => {
    const split = splitter(BOUNDS);
    const got: number[] = [];
    let isHello = true;
    only?.on('data', (chunk) => {
      for (const bytes of split(chunk).frames) {
        if (!isHello) got.push(numberOf(bytes));
        isHello = false;
      }
    });
    only?.resume();
    return got;
  };
  return { ...listener, socket: () => only, resume };
};

/** A payload that says its number at both ends. */
const numbered = (i: number): Uint8Array => {
  const bytes = new Uint8Array(50_000);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, i);
  view.setUint32(bytes.length - 4, i);
  return bytes;
};

const numberOf = (bytes: Uint8Array): number => {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  expect([bytes.length, view.getUint32(bytes.length - 4)]).toEqual([50_000, view.getUint32(0)]);
  return view.getUint32(0);
};

const recordingLog = (): { readonly log: Log; readonly lines: readonly string[] } => {
  const lines: string[] = [];
  return { log: { ...silent, warn: (text) => lines.push(text) }, lines };
};

const nextTurn = (): Promise<void> => new Promise((done) => setImmediate(done));

const until = async (holds: () => boolean): Promise<void> => {
  while (!holds()) await new Promise((done) => setTimeout(done, 1));
};

/**
 * Connections: frames over TCP, between those who dial and those who listen.
 *
 * The first frame on a connection is the hello of the one who dialled; after it, payloads flow both ways. They arrive in
 * order, whole, and at most once; some may be lost, when a connection breaks or a queue is full, and the protocol sends
 * them again. Whoever talks nonsense is cut off, with one line in the log, and nobody else notices.
 */
import * as E from 'fp-ts/lib/Either.js';
import { pipe } from 'fp-ts/lib/function.js';
import type * as t from 'io-ts';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { frame, FRAME_HEADER, lengthOf, pieces, splitter, type Payload } from './frames.js';
import { decodeAs, encode } from './hello.js';
import type { Log } from './log.js';

export type Connection = {
  /** `host:port` of the other end. */
  readonly remote: string;
  /**
   * Queues a payload for this tick's one write. False if it was dropped: the queue is full, the payload is empty or above
   * the limit, or the connection is closed. The payload must not change afterwards. It may come in two parts, the second of
   * which is handed to the socket as it is.
   */
  readonly send: (head: Uint8Array, body?: Uint8Array) => boolean;
  /** How many payloads were dropped so far. */
  readonly dropped: () => number;
  /** Sends what is queued, if the other end takes it soon, and closes for good. */
  readonly close: () => Promise<void>;
};

export type Bounds = {
  /** Bytes of the longest payload, either way. */
  readonly limit: number;
  /** Bytes that may wait for a slow or absent reader. A lone payload within the limit always may. */
  readonly highWater: number;
};

/** Takes a payload from the other end, or refuses it, which cuts the other end off. */
export type OnFrame = (payload: Uint8Array) => E.Either<string, unknown>;

/** What becomes of an accepted connection. */
export type Handlers = { readonly onFrame: OnFrame; readonly onClose: () => void };

export type Listening<H> = Bounds & {
  readonly host: string;
  /** 0 for any that is free. */
  readonly port: number;
  readonly hello: t.Decoder<unknown, H>;
  /** Takes a caller in, or refuses it. */
  readonly onHello: (hello: H, connection: Connection) => E.Either<string, Handlers>;
  readonly log: Log;
};

export type Listener = { readonly port: number; readonly close: () => Promise<void> };

export type Dialling = Bounds & {
  readonly host: string;
  readonly port: number;
  /** Said first on every connection. */
  readonly hello: object;
  readonly onFrame: OnFrame;
  readonly onOpen?: () => void;
  readonly onClose?: () => void;
  readonly log: Log;
};

/** Milliseconds from which, and up to which, the pauses between attempts to connect double. */
const BACKOFF = { first: 20, cap: 2_000 };

/** Milliseconds that a caller has to say hello, and that a closing connection has to send the last of its queue. */
const PATIENCE = { hello: 5_000, goodbye: 1_000 };

const SOCKET = { noDelay: true, keepAlive: true, keepAliveInitialDelay: 10_000 };

/** Listens for callers. Rejects if it cannot, naming host and port. */
export const listen = <H>(options: Listening<H>): Promise<Listener> => {
  const { host, port, log } = options;
  const open = new Set<Connection>();
  const server = createServer(SOCKET, (socket) => {
    const connection = accept(socket, options);
    open.add(connection);
    socket.once('close', () => open.delete(connection));
  });
  const close = async (): Promise<void> => {
    const closed = new Promise<void>((done) => server.close(() => done()));
    await Promise.all([...open].map((connection) => connection.close()));
    await closed;
  };

  return new Promise((succeed, fail) => {
    server.once('error', (error) => fail(new Error(`cannot listen on ${host}:${port}: ${error.message}`)));
    server.listen(port, host, () => {
      server.removeAllListeners('error').on('error', (error) => log.error(`cannot accept on ${host}:${port}: ${error.message}`));
      succeed({ port: portOf(server), close });
    });
  });
};

/** Keeps a connection to a listener: whenever it is lost it is dialled again, after ever longer pauses, until it is closed. */
export const dial = (options: Dialling): Connection => {
  const { host, port, limit, log } = options;
  const remote = `${host}:${port}`;
  const outbox = newOutbox(options);
  let pause = BACKOFF.first;
  let closed = false;

  const attempt = (): Link => {
    const socket = connect({ host, port, ...SOCKET });
    let since: number | undefined; // it was connected, if ever
    let loss = 'closed by the other end';

    socket.once('connect', () => {
      since = performance.now();
      log.info(`connected to ${remote}`);
      socket.write(frame(encode(options.hello)));
      outbox.attach(socket);
      options.onOpen?.();
    });
    receive(socket, limit, options.onFrame, (reason) => {
      loss = 'cut off';
      cutOff(socket, remote, reason, log);
    });
    socket.on('error', (error: NodeJS.ErrnoException) => (loss = error.code === 'ECONNREFUSED' ? 'nobody listens there' : error.message));
    socket.once('close', () => {
      outbox.detach();
      if (since !== undefined) options.onClose?.();
      if (closed) return;
      if (since !== undefined || pause === BACKOFF.first) log.warn(`no connection to ${remote}: ${loss}`);
      // One that is accepted and cut off, time and again, is no better than none: only a lasting one earns a quick return.
      if (since !== undefined && performance.now() - since > BACKOFF.cap) pause = BACKOFF.first;
      link = { type: 'pausing', timer: setTimeout(() => (link = attempt()), pause) };
      pause = Math.min(2 * pause, BACKOFF.cap);
    });
    return { type: 'dialled', socket };
  };

  let link = attempt();
  const close = async (): Promise<void> => {
    closed = true;
    outbox.close();
    if (link.type === 'pausing') clearTimeout(link.timer);
    else await end(link.socket);
  };
  return { remote, send: outbox.send, dropped: outbox.dropped, close };
};

/** What a dialled connection stands on: a socket, or the pause before the next. */
type Link =
  | { readonly type: 'dialled'; readonly socket: Socket }
  | { readonly type: 'pausing'; readonly timer: NodeJS.Timeout };

/** Waits for the caller's hello, and from then on hands its payloads to whoever took it in. */
const accept = <H>(socket: Socket, options: Listening<H>): Connection => {
  const { limit, log, onHello } = options;
  const remote = `${socket.remoteAddress}:${socket.remotePort}`;
  const outbox = newOutbox(options);
  const close = async (): Promise<void> => {
    outbox.close();
    await end(socket);
  };
  const connection: Connection = { remote, send: outbox.send, dropped: outbox.dropped, close };
  const refuse = (reason: string): void => cutOff(socket, remote, reason, log);
  const impatience = setTimeout(() => refuse('no hello in time'), PATIENCE.hello);
  const decodeHello = decodeAs(options.hello);
  let handlers: Handlers | undefined; // there are none until the hello

  const greet: OnFrame = (payload) =>
    pipe(
      decodeHello(payload),
      E.flatMap((hello) => onHello(hello, connection)),
      E.map((taken) => {
        clearTimeout(impatience);
        handlers = taken;
      }),
    );

  outbox.attach(socket);
  receive(socket, limit, (payload) => (handlers === undefined ? greet(payload) : handlers.onFrame(payload)), refuse);
  socket.on('error', () => {}); // 'close' follows, and says all there is to say
  socket.once('close', () => {
    clearTimeout(impatience);
    outbox.close();
    handlers?.onClose();
  });
  return connection;
};

/** Hands over the payloads that a socket brings, up to the first that is refused. */
const receive = (socket: Socket, limit: number, onFrame: OnFrame, refuse: (reason: string) => void): void => {
  const split = splitter({ limit });
  socket.on('data', (chunk) => {
    const pieces = split(chunk);
    for (const payload of pieces.frames) {
      if (isOver(socket)) return;
      const answer = onFrame(payload);
      if (E.isLeft(answer)) return refuse(answer.left);
    }
    if (pieces.type === 'Refused' && !isOver(socket)) refuse(pieces.reason);
  });
};

/**
 * Payloads on their way out. Those of one tick make one write; while the socket is full or absent they wait, and once
 * `highWater` bytes do, further ones are dropped. The newest go, since the other end needs the earlier ones first.
 */
const newOutbox = ({ limit, highWater }: Bounds) => {
  let waiting: Payload[] = [];
  let bytes = 0;
  let dropped = 0;
  let closed = false;
  let socket: Socket | undefined;
  let tick: NodeJS.Immediate | undefined;

  const isWelcome = (length: number): boolean =>
    !closed && length > 0 && length <= limit && (bytes === 0 || bytes + FRAME_HEADER + length <= highWater);

  const write = (): void => {
    if (waiting.length === 0 || socket?.writable !== true) return;
    const made = pieces(waiting);
    socket.cork();
    for (const piece of made) socket.write(piece);
    socket.uncork();
    waiting = [];
    bytes = 0;
  };
  const flush = (): void => {
    tick = undefined;
    if (socket?.writableNeedDrain === false) write();
  };

  return {
    send: (head: Uint8Array, body?: Uint8Array): boolean => {
      const payload = { head, body };
      const length = lengthOf(payload);
      if (!isWelcome(length)) {
        dropped += 1;
        return false;
      }
      waiting.push(payload);
      bytes += FRAME_HEADER + length;
      tick ??= setImmediate(flush);
      return true;
    },
    dropped: (): number => dropped,
    attach: (next: Socket): void => {
      socket = next.on('drain', flush);
      flush();
    },
    detach: (): void => {
      socket = undefined;
    },
    close: (): void => {
      write();
      dropped += waiting.length;
      waiting = [];
      closed = true;
    },
  };
};

const cutOff = (socket: Socket, remote: string, reason: string, log: Log): void => {
  log.warn(`cut off ${remote}: ${reason}`);
  socket.destroy();
};

/** Ends a socket once all it was given is on its way, or after a while all the same. */
const end = (socket: Socket): Promise<void> =>
  new Promise((done) => {
    if (socket.closed) return done();
    const impatience = setTimeout(() => socket.destroy(), PATIENCE.goodbye);
    socket.once('close', () => {
      clearTimeout(impatience);
      done();
    });
    if (socket.connecting) socket.destroy();
    else socket.destroySoon();
  });

/** It was cut off, or is ending: what it still brings is not ours to hear. */
const isOver = (socket: Socket): boolean => socket.destroyed || socket.writableEnded;

const portOf = (server: Server): number => (server.address() as AddressInfo).port;

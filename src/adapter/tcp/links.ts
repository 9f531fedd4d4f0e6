/** The connections of one process to its peers: dialled when there is something to say, and kept. */
import type { ProcessId } from '../../consensus/ballot.js';
import type { Config } from '../config.js';
import { dial, type Connection, type OnFrame } from '../connections.js';
import { PROTOCOL, type Hello } from '../hello.js';
import type { Log } from '../log.js';
import { encodeApart, type Frame } from '../wire.js';

/** Bytes that may wait for a peer that is slow or away; what is lost beyond, the protocol sends again. */
export const HIGH_WATER = 64 * 2 ** 20;

export type Links = {
  readonly send: (to: ProcessId, frame: Frame) => void;
  /** Connects before there is anything to say, to hear what the other has. */
  readonly open: (to: ProcessId) => void;
  readonly close: () => Promise<void>;
};

/** What a process of the cluster says first on a connection that it dials. */
export const helloOf = (config: Config, id: string): Hello => ({ type: 'Peer', protocol: PROTOCOL, cluster: config.name, from: id });

/** `onFrame` hears what the other end says on these connections, where it says anything. */
export const links = (config: Config, hello: Hello, log: Log, onFrame: (from: ProcessId, payload: Uint8Array) => ReturnType<OnFrame>): Links => {
  const connections = new Map<ProcessId, Connection>();
  const open = (to: ProcessId): Connection | undefined => {
    const peer = config.processes[to];
    if (peer === undefined) return undefined;
    const connection = dial({
      host: peer.host,
      port: peer.port,
      limit: config.frameLimit,
      highWater: HIGH_WATER,
      hello,
      onFrame: (payload) => onFrame(to, payload),
      log,
    });
    connections.set(to, connection);
    return connection;
  };
  return {
    open: (to) => {
      if (!connections.has(to)) open(to);
    },
    send: (to, frame) => {
      const { head, body } = encodeApart(frame);
      (connections.get(to) ?? open(to))?.send(head, body);
    },
    close: async () => {
      await Promise.all([...connections.values()].map((connection) => connection.close()));
    },
  };
};

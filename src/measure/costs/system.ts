/** What the operating system charges for carrying bytes and for waking threads, measured on the loopback device. */
import { createServer, connect, type AddressInfo, type Socket } from 'node:net';
import { Worker } from 'node:worker_threads';
import type { Costs } from '../simulated/costs.js';
import { medianOf } from '../statistics.js';

const ROUNDS = 5;

/** Two ends of a connection to oneself. */
const pair = async (): Promise<{ readonly near: Socket; readonly far: Socket; readonly close: () => void }> => {
  const server = createServer({ noDelay: true });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const accepted = new Promise<Socket>((done) => server.once('connection', done));
  const near = connect({ port: (server.address() as AddressInfo).port, host: '127.0.0.1', noDelay: true });
  const far = await accepted;
  return {
    near,
    far,
    close: () => {
      near.destroy();
      far.destroy();
      server.close();
    },
  };
};

/** Processor time, and time that passes, of one passage of `bytes` bytes to the other end and back; microseconds. */
const passage = async (bytes: number, times: number): Promise<{ readonly cpu: number; readonly elapsed: number }> => {
  const { near, far, close } = await pair();
  const payload = new Uint8Array(bytes);
  const whole = (socket: Socket, then: () => void): void => {
    let left = bytes;
    socket.on('data', (chunk: Uint8Array) => {
      left -= chunk.length;
      if (left > 0) return;
      left = bytes;
      then();
    });
  };
  whole(far, () => far.write(payload));
  const round = async (): Promise<{ readonly cpu: number; readonly elapsed: number }> => {
    const before = process.cpuUsage();
    const start = performance.now();
    await new Promise<void>((done) => {
      let passed = 0;
      near.removeAllListeners('data');
      whole(near, () => {
        passed += 1;
        if (passed === times) done();
        else near.write(payload);
      });
      near.write(payload);
    });
    const { user, system } = process.cpuUsage(before);
    return { cpu: (user + system) / times, elapsed: ((performance.now() - start) * 1000) / times };
  };
  const rounds = [];
  for (let i = 0; i < ROUNDS; i += 1) rounds.push(await round());
  close();
  return { cpu: medianOf(rounds.map(({ cpu }) => cpu)), elapsed: medianOf(rounds.map(({ elapsed }) => elapsed)) };
};

/** A thread that wakes another, which wakes it: each sleeps in between. */
const PING_PONG = `
const { workerData } = require('node:worker_threads');
const words = new Int32Array(workerData);
for (let turn = 0; Atomics.load(words, 2) === 0; turn += 1) {
  Atomics.wait(words, 0, turn, 100);
  Atomics.add(words, 1, 1);
  Atomics.notify(words, 1);
}`;

/** From a notification to the first instruction of the thread that it wakes, microseconds. */
const wakeUp = async (): Promise<number> => {
  const words = new Int32Array(new SharedArrayBuffer(12));
  const worker = new Worker(PING_PONG, { eval: true, workerData: words.buffer });
  await new Promise((done) => worker.once('online', done));
  const TURNS = 2000;
  const rounds: number[] = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    const start = performance.now();
    for (let turn = 0; turn < TURNS; turn += 1) {
      const seen = Atomics.load(words, 1);
      Atomics.add(words, 0, 1);
      Atomics.notify(words, 0);
      Atomics.wait(words, 1, seen, 100);
    }
    rounds.push(((performance.now() - start) * 1000) / TURNS / 2);
  }
  Atomics.store(words, 2, 1);
  Atomics.add(words, 0, 1);
  Atomics.notify(words, 0);
  await worker.terminate();
  return medianOf(rounds);
};

/** Not measured by itself: it is what the fit to a run of few commands finds. */
const LIKELY_RISE = 30;

/** Takes about two seconds. Both ends are in this process, so that its processor time is that of both. */
export const measureSystem = async (): Promise<Costs['system']> => {
  const small = await passage(64, 4000);
  const large = await passage(65_536, 1000);
  const wake = await wakeUp();
  const call = small.cpu / 4; // two writes and two reads
  return {
    call,
    kilobyte: Math.max(0, large.cpu - small.cpu) / 4 / 64,
    wake,
    rise: LIKELY_RISE,
    // What passes beyond the work of both ends; both share one thread here.
    wire: Math.max(0, small.elapsed - small.cpu) / 2,
  };
};

/** A thread that does as it is told, over and over, beside others that do the same: for what threads cost each other. */
import { parentPort, workerData } from 'node:worker_threads';
import { EXECUTOR, isFull, sharedBoard } from '../../replica/barrier.js';
import { bPlusTree } from '../../service/b-plus-tree/index.js';
import type { Engine } from '../../service/engine.js';
import { nextRecord, newSheet } from '../../record.js';

export type Probe =
  /** Executes the batch over the tree, again and again. */
  | { readonly type: 'Execute'; readonly options: Parameters<typeof bPlusTree>[0]; readonly tree: SharedArrayBuffer; readonly batch: Uint8Array; readonly rounds: number }
  /** Passes barriers together with the others. */
  | { readonly type: 'Meet'; readonly words: SharedArrayBuffer; readonly threads: number; readonly thread: number; readonly rounds: number };

/** Microseconds of each round. */
export type Found = readonly number[];

/** How many records ahead an engine is told of, as a worker does it. */
const AHEAD = 16;

/** Executes every command of a batch, as a worker does: after the safety check of opt-PSMR or without it. */
export const execute = (engine: Engine, batch: Uint8Array, isChecked = false): void => {
  const sheet = newSheet(64 * 1024);
  let expected = 0;
  for (let at = 0; at < batch.length; at = nextRecord(batch, at)) {
    if (at >= expected) {
      let ahead = at;
      for (let i = 0; i < AHEAD && ahead < batch.length; i += 1) ahead = nextRecord(batch, ahead);
      engine.expect(batch, at, ahead);
      expected = ahead;
    }
    if (!isChecked || engine.checkAt(1, batch, at) === undefined) engine.executeAt(batch, at, sheet);
    if (sheet.length > 32 * 1024) sheet.length = 0;
  }
};

const run = (probe: Probe): Found => {
  switch (probe.type) {
    case 'Execute': {
      const { engine } = bPlusTree(probe.options).attach(probe.tree);
      return timed(probe.rounds, () => execute(engine, probe.batch));
    }
    case 'Meet': {
      const board = sharedBoard(probe.threads, new Int32Array(probe.words));
      let generation = 0;
      return timed(probe.rounds, () => {
        for (let i = 0; i < 100; i += 1) {
          generation += 1;
          board.arrive(probe.thread, generation);
          if (probe.thread === EXECUTOR) {
            while (!isFull(board, generation));
            board.depart(generation);
          } else while (!board.hasDeparted(generation));
        }
      }).map((all) => all / 100);
    }
  }
};

const timed = (rounds: number, deed: () => void): Found =>
  Array.from({ length: rounds }, () => {
    const start = performance.now();
    deed();
    return (performance.now() - start) * 1000;
  });

if (parentPort !== null && typeof workerData === 'object' && workerData !== null && 'probe' in workerData) parentPort.postMessage(run((workerData as { readonly probe: Probe }).probe));

/**
 * A history in parts that are judged one after the other. Operations that share no key, even through others, say nothing of
 * each other; so all that happened to a key goes to one part, chosen by the key, and what covers several keys waits until
 * all of it is read, and then draws to itself all that it covers. What is too much for the memory is put aside in a file
 * that has no name any more, and so is gone with this process, however it ends.
 */
import { closeSync, mkdtempSync, openSync, readSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Operation } from '../../check/history.js';
import type { Key, Span } from '../../check/model.js';
import type { Subject } from './subject.js';

/** Fewer operations than this are judged as they are. */
const FEW = 50_000;
/** Into so many parts more of them are divided. */
const PARTS = 64;

export type Parts<C, R> = {
  readonly add: (operations: readonly Operation<C, R>[]) => void;
  /** How many operations there are, and how many of them were put aside. */
  readonly counted: () => { readonly operations: number; readonly aside: number };
  /** The parts, each of which is gone once the next one is asked for. */
  readonly taken: () => Generator<readonly Operation<C, R>[], undefined>;
  readonly close: () => void;
};

type Part<C, R> = { held: Operation<C, R>[]; readonly aside: { readonly at: number; readonly bytes: number }[] };

/** At most `most` operations are held in memory, apart from the part that is judged. */
export const partsOf = <S, C, R>({ model, write, read }: Subject<S, C, R>, most: number, few = FEW): Parts<C, R> => {
  const spansOf = model.spansOf;
  let operations = 0;
  let held = 0;
  let aside = 0;
  let file: number | undefined;
  let fileEnd = 0;
  let isDivided = false;
  let together: Operation<C, R>[] = [];
  const parts: readonly Part<C, R>[] = Array.from({ length: PARTS }, () => ({ held: [], aside: [] }));
  const tying: { readonly spans: Span[]; readonly operations: Operation<C, R>[] } = { spans: [], operations: [] };

  const place = (operation: Operation<C, R>): void => {
    const spans = spansOf!(operation.command);
    const key = pointOf(spans);
    if (key !== undefined) parts[hashOf(key) % PARTS]!.held.push(operation);
    else {
      tying.operations.push(operation);
      tying.spans.push(...spans);
    }
  };

  const putAside = (): void => {
    file ??= unnamed();
    for (const part of parts) {
      if (part.held.length === 0) continue;
      const bytes = Buffer.from(part.held.map(write).join('\n'));
      for (let done = 0; done < bytes.length; ) done += writeSync(file, bytes, done, bytes.length - done, fileEnd + done);
      part.aside.push({ at: fileEnd, bytes: bytes.length });
      fileEnd += bytes.length;
      aside += part.held.length;
      part.held = [];
    }
    held = 0;
  };

  const load = (part: Part<C, R>): readonly Operation<C, R>[] => {
    const loaded: Operation<C, R>[] = [];
    for (const { at, bytes } of part.aside) {
      const buffer = Buffer.allocUnsafe(bytes);
      for (let done = 0; done < bytes; ) {
        const more = readSync(file!, buffer, done, bytes - done, at + done);
        if (more === 0) throw new Error('what was put aside is cut short');
        done += more;
      }
      for (const line of buffer.toString().split('\n')) loaded.push(read(line));
    }
    const whole = loaded.length === 0 ? part.held : loaded.concat(part.held);
    part.held = [];
    part.aside.length = 0;
    return whole;
  };

  return {
    add: (more) => {
      operations += more.length;
      held += more.length;
      if (spansOf === undefined || (!isDivided && operations <= few)) {
        for (const operation of more) together.push(operation);
        return;
      }
      if (!isDivided) together.forEach(place);
      isDivided = true;
      together = [];
      more.forEach(place);
      if (held > most) putAside();
    },
    counted: () => ({ operations, aside }),
    *taken() {
      if (!isDivided) {
        yield together;
        return undefined;
      }
      const isTied = within(tying.spans);
      const tied = tying.operations;
      for (const part of parts) {
        const whole = load(part);
        const apart: Operation<C, R>[] = [];
        if (tied.length === 0) {
          if (whole.length > 0) yield whole;
          continue;
        }
        for (const operation of whole) (isTied(pointOf(spansOf!(operation.command)) as Key) ? tied : apart).push(operation);
        if (apart.length > 0) yield apart;
      }
      if (tied.length > 0) yield tied;
      return undefined;
    },
    close: () => {
      if (file !== undefined) closeSync(file);
      file = undefined;
    },
  };
};

/** A new file that only this process can reach. */
const unnamed = (): number => {
  const folder = mkdtempSync(join(tmpdir(), 'psmr-history-'));
  try {
    return openSync(join(folder, 'aside'), 'w+', 0o600);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
};

/** The only key of a command that has no other. */
const pointOf = (spans: readonly Span[]): Key | undefined => {
  const [first] = spans;
  return first !== undefined && spans.length === 1 && first.from === first.to ? first.from : undefined;
};

const hashOf = (key: Key): number => {
  if (typeof key !== 'string') return Math.imul(Number(key) | 0, 0x9e3779b1) >>> 16;
  let hash = 0;
  for (let i = 0; i < key.length; i += 1) hash = Math.imul(hash ^ key.charCodeAt(i), 0x01000193);
  return hash >>> 8;
};

/** Whether a key lies within any of the spans. */
const within = (spans: readonly Span[]): ((key: Key) => boolean) => {
  const apart: Span[] = [];
  for (const span of spans.toSorted((a, b) => (a.from < b.from ? -1 : a.from > b.from ? 1 : 0))) {
    const last = apart.at(-1);
    if (last === undefined || span.from > last.to) apart.push(span);
    else if (span.to > last.to) apart[apart.length - 1] = { from: last.from, to: span.to };
  }
  return (key) => {
    let [low, high] = [0, apart.length];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (apart[middle]!.from <= key) low = middle + 1;
      else high = middle;
    }
    const span = apart[low - 1];
    return span !== undefined && key <= span.to;
  };
};

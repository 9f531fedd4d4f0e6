/** What is to happen in virtual time: a binary heap of deeds, earliest first, and among those of one time in the order they were planned. */

export type Agenda = {
  readonly plan: (time: number, deed: () => void) => void;
  /** Takes what is next off the agenda; `undefined` when nothing is left. */
  readonly next: () => Planned | undefined;
};

export type Planned = { readonly time: number; readonly order: number; readonly deed: () => void };

const isBefore = (a: Planned, b: Planned): boolean => a.time < b.time || (a.time === b.time && a.order < b.order);

export const agenda = (): Agenda => {
  const heap: Planned[] = [];
  let planned = 0;

  const at = (index: number): Planned => heap[index] as Planned;
  const swap = (a: number, b: number): void => {
    [heap[a], heap[b]] = [at(b), at(a)];
  };
  const rise = (index: number): void => {
    const parent = (index - 1) >> 1;
    if (index === 0 || !isBefore(at(index), at(parent))) return;
    swap(index, parent);
    rise(parent);
  };
  const sink = (index: number): void => {
    const first = [2 * index + 1, 2 * index + 2].filter((child) => child < heap.length).reduce((a, b) => (isBefore(at(b), at(a)) ? b : a), index);
    if (first === index) return;
    swap(index, first);
    sink(first);
  };

  return {
    plan: (time, deed) => {
      heap.push({ time, order: planned, deed });
      planned += 1;
      rise(heap.length - 1);
    },
    next: () => {
      const first = heap[0];
      const last = heap.pop();
      if (first === undefined || last === undefined) return undefined;
      if (heap.length > 0) {
        heap[0] = last;
        sink(0);
      }
      return first;
    },
  };
};

/**
 * Machines that send each other messages, as one system: in a world that loses, doubles and reorders what they send, and in
 * which they crash and come back.
 *
 * A process hears what it says to itself at once. What it asks to persist lies on its disk, and is durable at once or, if
 * disks are slow, after a sync: until then whatever rests on it is held back, and a crash may lose it. A message that is
 * never delivered is as good as lost, so that losses need not be allowed for where nothing waits for an end.
 */

import type { Step } from '../../step.js';
import type { Sink } from './fingerprint.js';
import type { Action as AnyAction, Clauses, System } from './system.js';

/** What a machine asks of the world by an effect. `Send` may leave when the first `after` records are durable. */
export type Asked<X, R, O> =
  | { readonly type: 'Send'; readonly to: number; readonly message: X; readonly after?: number }
  | { readonly type: 'Persist'; readonly record: R }
  /** What an observer sees. */
  | { readonly type: 'Show'; readonly what: O };

/** How often each fault may befall the world, in all; 0 unless said otherwise. */
export type Bounds = {
  readonly losses?: number;
  /** Messages that arrive, and may arrive again. */
  readonly duplications?: number;
  readonly crashes?: number;
  readonly timers?: number;
  readonly inputs?: number;
};

export type Composition<M, E, F, X extends Message, R, O, W> = {
  readonly name: string;
  /** Processes are numbered from 0. */
  readonly processes: number;
  /** A process as it starts: new, or with the records that it had made durable before a crash. */
  readonly start: (process: number, records: readonly R[]) => M;
  readonly onEvent: (machine: M, event: E) => Step<M, F>;
  /** Nothing, where an effect is for nobody here. */
  readonly asks: (effect: F) => Asked<X, R, O> | undefined;
  /** What a machine is told when a message arrives. */
  readonly received: (message: X, from: number) => E;
  /** What a process is told as soon as it starts. */
  readonly wakes?: (machine: M, process: number) => readonly E[];
  /** What may happen in a process at any time, as often as it likes: a step of a thread of its own. */
  readonly own?: (machine: M, process: number) => readonly (E & AnyAction)[];
  /** Timers that may run out in a process. */
  readonly timers?: (machine: M, process: number) => readonly (E & AnyAction)[];
  /** What may come to a process from outside, when `count` of these have come before. */
  readonly inputs?: (machine: M, process: number, count: number) => readonly (E & AnyAction)[];
  readonly bounds: Bounds;
  /** Whether messages from one process to another arrive in the order in which they were sent, as over TCP. */
  readonly isOrdered?: boolean;
  /** What this world loses whenever it is sent. */
  readonly isMuted?: (message: X) => boolean;
  /** Whether what is written is durable only after a sync, which may come at any time. */
  readonly slowDisks?: boolean;
  /** What an observer knows who sees everything that is shown, in the order in which it happens. `life` counts crashes. */
  readonly observer: { readonly initial: W; readonly observe: (seen: W, shown: O, process: number, life: number) => W };
  /** What of a machine tells its states apart. */
  readonly view?: (machine: M) => unknown;
  readonly clauses: Clauses<World<M, X, R, W>, Happening<E, X>>;
  readonly isFree?: (state: World<M, X, R, W>, action: Happening<E, X>) => boolean;
  readonly say?: (message: X) => string;
  readonly sayEvent?: (event: E) => string;
};

export type Message = { readonly type: string };

export type Envelope<X> = { readonly from: number; readonly to: number; readonly message: X };

export type Process<M, X, R> = {
  readonly machine: M;
  readonly records: readonly R[];
  readonly durable: number;
  /** Held back until the disk has caught up. */
  readonly held: readonly { readonly envelope: Envelope<X>; readonly after: number }[];
  readonly life: number;
};

/** All processes, what is on its way between them, and how much of its bounds the world has used up. */
export type World<M, X, R, W> = {
  readonly processes: readonly Process<M, X, R>[];
  readonly travelling: readonly Envelope<X>[];
  readonly spent: Required<Bounds>;
  readonly seen: W;
};

/** What happens. The type names the message or the event, so that a report tells how often each was met. */
export type Happening<E, X> =
  | { readonly type: string; readonly what: 'arrives' | 'arrives and stays' | 'is lost'; readonly envelope: Envelope<X> }
  | { readonly type: string; readonly what: 'timer' | 'input' | 'own'; readonly process: number; readonly event: E }
  | { readonly type: 'sync'; readonly what: 'sync'; readonly process: number }
  /** A crash and the return, with the first `kept` records. */
  | { readonly type: 'crash'; readonly what: 'crash'; readonly process: number; readonly kept: number };

const BOUNDS = ['losses', 'duplications', 'crashes', 'timers', 'inputs'] as const satisfies readonly (keyof Bounds)[];
const NOTHING: Required<Bounds> = { losses: 0, duplications: 0, crashes: 0, timers: 0, inputs: 0 };

/** A composition as a system. */
export const composed = <M extends object, E, F, X extends Message, R, O, W>(
  composition: Composition<M, E, F, X, R, O, W>,
): System<World<M, X, R, W>, Happening<E, X>> => {
  type State = World<M, X, R, W>;
  type Deed = Happening<E, X>;
  const { onEvent, asks, received, bounds, observer, slowDisks = false, isOrdered = false, isMuted = () => false, view, wakes, own, timers, inputs } = composition;
  const most: Required<Bounds> = { ...NOTHING, ...bounds };

  /** A process is told something, and whatever it says to itself on account of that. */
  const tell = (state: State, at: number, ...events: readonly E[]): State => {
    const told = state.processes[at]!;
    let { machine, records } = told;
    let { seen } = state;
    const held = [...told.held];
    const queue = [...events];
    for (let event = queue.shift(); event !== undefined; event = queue.shift()) {
      const [next, effects] = onEvent(machine, event);
      machine = next;
      for (const effect of effects) {
        const asked = asks(effect);
        switch (asked?.type) {
          case 'Persist':
            records = [...records, asked.record];
            break;
          case 'Show':
            seen = observer.observe(seen, asked.what, at, told.life);
            break;
          case 'Send':
            if (asked.to === at && (asked.after ?? 0) <= (slowDisks ? told.durable : records.length)) queue.push(received(asked.message, at));
            else held.push({ envelope: { from: at, to: asked.to, message: asked.message }, after: asked.after ?? 0 });
            break;
          case undefined:
        }
      }
    }
    return settled({ ...state, seen }, at, { ...told, machine, records, held, durable: slowDisks ? told.durable : records.length });
  };

  /** Lets go of what the disk has caught up with. */
  const settled = (state: State, at: number, process: Process<M, X, R>): State => {
    const isFree = ({ after }: { readonly after: number }): boolean => after <= process.durable;
    const leaving = process.held.filter(isFree).map(({ envelope }) => envelope);
    const next: State = {
      ...state,
      processes: state.processes.with(at, leaving.length === 0 ? process : { ...process, held: process.held.filter((one) => !isFree(one)) }),
      travelling: [...state.travelling, ...leaving.filter(({ to, message }) => to !== at && !isMuted(message))],
    };
    const toItself = leaving.filter(({ to }) => to === at);
    return toItself.length === 0 ? next : tell(next, at, ...toItself.map(({ message }) => received(message, at)));
  };

  const boot = (state: State, at: number, records: readonly R[], life: number): State => {
    const machine = composition.start(at, records);
    const started = { ...state, processes: state.processes.with(at, { machine, records, durable: records.length, held: [], life }) };
    return tell(started, at, ...(wakes?.(machine, at) ?? []));
  };

  const begin = (): State => {
    const nobody: State = { processes: Array.from({ length: composition.processes }), travelling: [], spent: NOTHING, seen: observer.initial };
    return nobody.processes.reduce<State>((state, _, at) => boot(state, at, [], 0), nobody);
  };

  const actions = (state: State): readonly Deed[] => {
    const { spent } = state;
    const possible: Deed[] = [];
    for (const [i, envelope] of state.travelling.entries()) {
      if (isOrdered && placeInChannel(state.travelling, i) > 0) continue;
      possible.push({ type: named(envelope.message.type, 'arrives'), what: 'arrives', envelope });
      if (spent.duplications < most.duplications) possible.push({ type: named(envelope.message.type, 'arrives and stays'), what: 'arrives and stays', envelope });
      if (spent.losses < most.losses) possible.push({ type: named(envelope.message.type, 'is lost'), what: 'is lost', envelope });
    }
    state.processes.forEach(({ machine, records, durable }, process) => {
      const offer = (what: 'timer' | 'input' | 'own', events: readonly (E & AnyAction)[] | undefined): void =>
        events?.forEach((event) => possible.push({ type: named(event.type, what), what, process, event }));
      offer('own', own?.(machine, process));
      if (spent.timers < most.timers) offer('timer', timers?.(machine, process));
      if (spent.inputs < most.inputs) offer('input', inputs?.(machine, process, spent.inputs));
      if (durable < records.length) possible.push({ type: 'sync', what: 'sync', process });
      if (spent.crashes < most.crashes) for (let kept = durable; kept <= records.length; kept += 1) possible.push({ type: 'crash', what: 'crash', process, kept });
    });
    return possible;
  };

  const use = (state: State, bound: keyof Bounds): State => ({ ...state, spent: { ...state.spent, [bound]: state.spent[bound] + 1 } });
  const take = (state: State, envelope: Envelope<X>): State => ({ ...state, travelling: state.travelling.toSpliced(state.travelling.indexOf(envelope), 1) });
  const arrive = (state: State, { to, from, message }: Envelope<X>): State => tell(state, to, received(message, from));

  const step = (state: State, deed: Deed): State => {
    switch (deed.what) {
      case 'arrives':
        return arrive(take(state, deed.envelope), deed.envelope);
      case 'arrives and stays':
        return arrive(use(state, 'duplications'), deed.envelope);
      case 'is lost':
        return use(take(state, deed.envelope), 'losses');
      case 'own':
        return tell(state, deed.process, deed.event);
      case 'timer':
        return tell(use(state, 'timers'), deed.process, deed.event);
      case 'input':
        return tell(use(state, 'inputs'), deed.process, deed.event);
      case 'sync': {
        const process = state.processes[deed.process]!;
        return settled(state, deed.process, { ...process, durable: process.records.length });
      }
      case 'crash': {
        const { records, life } = state.processes[deed.process]!;
        return boot(use(state, 'crashes'), deed.process, records.slice(0, deed.kept), life + 1);
      }
    }
  };

  const encode = ({ processes, travelling, spent, seen }: State, sink: Sink): void => {
    for (const { machine, records, durable, held, life } of processes) {
      sink.known(machine, view);
      sink.known(records);
      sink.word(durable);
      sink.word(life);
      sink.bag(held);
    }
    sink.bag(travelling.entries(), ([i, envelope]) => {
      if (isOrdered) sink.word(placeInChannel(travelling, i));
      sink.known(envelope);
    });
    for (const bound of BOUNDS) sink.word(spent[bound]);
    if (typeof seen === 'object' && seen !== null) sink.known(seen);
    else sink.value(seen);
  };

  const sayMessage = composition.say ?? (({ type }: X) => type);
  const sayEvent = (event: E): string => composition.sayEvent?.(event) ?? (event as AnyAction).type;
  const say = (deed: Deed): string => {
    switch (deed.what) {
      case 'arrives':
      case 'arrives and stays':
      case 'is lost': {
        const { from, to, message } = deed.envelope;
        return `${from} -> ${to}  ${sayMessage(message)}${deed.what === 'arrives' ? '' : `, and ${deed.what === 'is lost' ? 'is lost' : 'may come again'}`}`;
      }
      case 'timer':
      case 'input':
      case 'own':
        return `${deed.process}       ${sayEvent(deed.event)}`;
      case 'sync':
        return `${deed.process}       what it wrote is durable`;
      case 'crash':
        return `${deed.process}       crashes, and comes back with ${deed.kept} records`;
    }
  };

  const likeness = (deed: Deed): string => `${deed.type} ${'envelope' in deed ? `${deed.envelope.from} ${deed.envelope.to}` : deed.process}`;

  const { name, clauses, isFree } = composition;
  return { name, initial: [begin()], actions, step, encode, say, likeness, clauses, ...(isFree === undefined ? {} : { isFree }) };
};

/** How many messages between the same two processes are ahead of this one. */
const placeInChannel = <X>(travelling: readonly Envelope<X>[], at: number): number => {
  const { from, to } = travelling[at]!;
  let ahead = 0;
  for (let i = 0; i < at; i += 1) if (travelling[i]!.from === from && travelling[i]!.to === to) ahead += 1;
  return ahead;
};

const names = new Map<string, Map<string, string>>(); // by how, then by what

/** The same text for the same words, so that it need not be made again and again. */
const named = (what: string, how: string): string => {
  const known = names.get(how) ?? new Map<string, string>();
  names.set(how, known);
  let name = known.get(what);
  if (name === undefined) known.set(what, (name = `${what} ${how}`));
  return name;
};

/**
 * Rate levelling: what keeps an idle ring from holding up the merge (Multi-Ring Paxos, section IV; MUL-6).
 *
 * Every Delta the coordinator of a ring makes sure that the ring has reached the virtual position that the expected rate
 * lambda gives for that time, by one ordered instance "advance to X". X is absolute and a function of the clock alone:
 * a coordinator that takes over, or that repeats itself, proposes nothing but what was due anyway.
 */
import { changing, step, type Step } from '../step.js';

export type Settings = {
  /** The expected rate of a ring, virtual slots a second; at least the peak rate of any ring, else that ring is held up. */
  readonly lambda: number;
  /** How often a ring is levelled, ms. */
  readonly delta: number;
  /** The time at which every ring stands at 0, ms since the epoch: of the configuration, the same for all processes. */
  readonly origin: number;
};

export type Leveller = {
  readonly settings: Settings;
  readonly levelled: number;
  /** Virtual position of the ring, as far as this process has seen it decided. */
  readonly position: number;
  /** The slot of the last batch that it has seen decided; -1 if there is none. */
  readonly last: number;
};

/** What a ring orders, as far as its slots are concerned. */
export type Ordered = { readonly type: 'Skip'; readonly to: number } | { readonly type: 'Batch' | 'Noop' };

export type Event =
  /** `enough` is the slot that suffices, where it is known: who coordinates all rings knows what is waited for in each. */
  | { readonly type: 'Tick'; readonly now: number; readonly enough?: number }
  | { readonly type: 'Decided'; readonly value: Ordered };

export type Effect = { readonly type: 'Skip'; readonly to: number };

export const initial = (settings: Settings): Leveller => ({ settings, levelled: -Infinity, position: 0, last: -1 });

/** The leveller of a ring that had decided these values before a crash. */
export const recover = (settings: Settings, decided: Iterable<Ordered>): Leveller => {
  let leveller = initial(settings);
  for (const value of decided) [leveller] = onEvent(leveller, { type: 'Decided', value });
  return leveller;
};

const changed = changing<Leveller>(({ settings, levelled, position, last }) => ({ settings, levelled, position, last }));

export const onEvent = (state: Leveller, event: Event): Step<Leveller, Effect> => {
  switch (event.type) {
    case 'Decided':
      return step(changed(state, { position: advance(state.position, event.value), last: event.value.type === 'Batch' ? state.position : state.last }));
    case 'Tick': {
      const { lambda, delta, origin } = state.settings;
      if (event.now - state.levelled < delta) return step(state);
      const target = event.enough ?? Math.floor(((event.now - origin) * lambda) / 1000);
      const levelled = changed(state, { levelled: event.now });
      return target > state.position ? step(levelled, { type: 'Skip', to: target }) : step(levelled);
    }
  }
};

/** The virtual position after a decided value: a skip never goes back, everything else takes one slot. */
export const advance = (position: number, value: Ordered): number =>
  value.type === 'Skip' ? Math.max(position, value.to) : position + 1;

/** A run in ITF, whoever wrote it: a cluster's, a model's, or another tool's. Told state by state, by what changes. */
import { toItf, type Itf, type Told } from '../../check/itf.js';
import { isObject } from '../shape.js';
import { isNamed, type Choice } from './select.js';

type State = Told['states'][number];

/** A state that was chosen, its number, and the state before it, chosen or not. */
type Chosen = { readonly number: number; readonly before: State; readonly state: State };

/** Characters of a value that are told. */
const MOST_TOLD = 240;

/** Whatever the run was found to break. */
export const clausesIn = ({ meta }: Told): readonly string[] => [meta['clause'], ...(Array.isArray(meta['clauses']) ? (meta['clauses'] as readonly unknown[]) : [])].filter((clause) => typeof clause === 'string');

/** The chosen states: that from which all starts is always among them. */
const chosenIn = ({ states }: Told, { all: _, from, to, command, ring }: Choice): readonly Chosen[] =>
  states
    .map((state, i): Chosen => ({ number: stepOf(state) ?? i, before: states[i - 1] ?? {}, state }))
    .filter(({ number, state }, i) => {
      if (i === 0) return true;
      if (number < from || number > to) return false;
      const action = isObject(state['action']) ? state['action'] : {};
      if (ring !== undefined && action['ring'] !== ring && action['group'] !== ring) return false;
      const { commands } = action;
      return command === undefined || (Array.isArray(commands) && commands.some((name) => typeof name === 'string' && isNamed(name, command)));
    });

/** The number that a trace of a cluster gives its step. */
const stepOf = ({ action }: State): number | undefined => (isObject(action) && typeof action['step'] === 'number' ? action['step'] : undefined);

/** The chosen states in ITF again. */
export const itfOfStates = (told: Told, choice: Choice): Itf => toItf({ meta: told.meta, states: chosenIn(told, choice).map(({ state }) => state) });

export function* textOfStates(name: string, told: Told, choice: Choice): Generator<string> {
  const chosen = chosenIn(told, choice);
  yield `${name}: ${told.states.length.toLocaleString('en')} states of ${Object.keys(told.states[0] ?? {}).join(', ')}`;
  for (const { number, before, state } of chosen) {
    yield `${String(number).padStart(6)}  ${sayAction(state['action'])}`;
    for (const [variable, value] of Object.entries(state)) if (variable !== 'action') for (const change of changesOf(variable, before[variable], value)) yield `        - ${change}`;
  }
  const left = told.states.length - chosen.length;
  if (left > 0) yield `${left.toLocaleString('en')} states are left out`;
  for (const clause of clausesIn(told)) yield `against ${clause}`;
}

/** What happened: in its own words, if it has some. */
const sayAction = (action: unknown): string => {
  if (action === undefined) return 'a state';
  return isObject(action) && typeof action['said'] === 'string' ? action['said'] : cut(say(action));
};

/** What is new in a variable; of a map, in its entries. */
const changesOf = (name: string, before: unknown, after: unknown): readonly string[] => {
  if (before instanceof Map && after instanceof Map) {
    const gone = [...before.keys()].filter((key) => !after.has(key)).map((key) => `${name} of ${say(key)}: nothing any more`);
    return [...gone, ...[...after].flatMap(([key, value]) => (say(before.get(key)) === say(value) ? [] : [`${name} of ${say(key)}: ${cut(say(value))}`]))];
  }
  return say(before) === say(after) ? [] : [`${name}: ${cut(say(after))}`];
};

const cut = (text: string): string => (text.length > MOST_TOLD ? `${text.slice(0, MOST_TOLD - 3)}...` : text);

const say = (value: unknown): string => {
  if (value instanceof Map) return `{${[...value].map(([key, one]) => `${say(key)}: ${say(one)}`).join(', ')}}`;
  if (value instanceof Set) return `{${[...value].map(say).join(', ')}}`;
  if (value instanceof Uint8Array) return `bytes ${Buffer.from(value).toString('hex')}`;
  if (Array.isArray(value)) return `[${value.map(say).join(', ')}]`;
  if (!isObject(value)) return String(value);
  const { type, ...fields } = value;
  const inside = Object.entries(fields).map(([name, one]) => `${name}: ${say(one)}`).join(', ');
  return typeof type === 'string' ? (inside === '' ? type : `${type} (${inside})`) : `(${inside})`;
};

/** Lines of a trace as what they say, or what is wrong with them. */
import { TECHNIQUES } from '../replica/techniques.js';
import { digestedText } from './digest.js';
import { FORMAT, LEVELS, TAIL, type Header, type Line, type Machine, type Origin, type Setting, type Told } from './line.js';
import { fields, integer, isObject, list, maybe, natural, text, time, type Check } from './shape.js';
import { MOST_PROCESSES } from './under-way.js';

const oneOf =
  (...allowed: readonly unknown[]): Check =>
  (value) =>
    allowed.includes(value) ? undefined : `: expected ${allowed.map((one) => JSON.stringify(one)).join(' or ')}, got ${value === undefined ? 'nothing' : JSON.stringify(value)}`;

const number: Check = time;

const cluster = fields({
  membership: fields({ acceptors: list(natural), learners: list(natural) }),
  technique: oneOf(...TECHNIQUES),
  threads: natural,
  ring: fields({ batchBytes: natural, backlogBytes: natural, window: natural, heartbeat: natural, suspectAfter: natural, resendAfter: natural, askAfter: natural, askFor: natural }),
  skip: fields({ lambda: natural, delta: natural, origin: natural }),
  m: natural,
  commandsPerBarrier: (value) => (value === Infinity ? undefined : natural(value)),
  homes: list(integer),
});

const header = fields({
  trace: oneOf(FORMAT),
  process: text,
  life: natural,
  thread: natural,
  level: oneOf(...LEVELS),
  cluster,
  names: (value) => list(text)(value) ?? ((value as readonly string[]).length < MOST_PROCESSES ? undefined : `: expected fewer than ${MOST_PROCESSES} processes`),
  service: fields({ name: oneOf('b-plus-tree'), keySpace: natural, keys: natural, capacity: natural, fill: number, minimum: oneOf('half', 'one') }),
  limits: fields({ tables: natural, sessions: natural, window: natural, replyBytes: natural }),
  storage: oneOf('disk', 'memory'),
  world: oneOf('network', 'simulated'),
  proxy: maybe(fields({ window: natural, retryAfter: natural })),
});

const MACHINES: readonly Machine[] = ['process', 'merge', 'worker', 'scheduler', 'proxy'];

const event: Check = (value) => (isObject(value) && typeof value['type'] === 'string' ? undefined : ': expected an object with a type');

const line = fields({
  process: text,
  life: natural,
  thread: natural,
  clock: natural,
  machine: oneOf(...MACHINES),
  session: maybe(natural),
  time: maybe(number),
  event,
});

/** What a line says: a header, an event, or the reason that it says nothing. */
export type Said = { readonly type: 'Header'; readonly header: Header } | { readonly type: 'Line'; readonly line: Line } | { readonly type: 'Nothing'; readonly field: string; readonly reason: string };

/** Who a line is of, as text; the next line of the same has the same. */
export const headIn = (written: string): string => written.slice(0, written.indexOf(CLOCK));

const CLOCK = ',"clock":';
const EVENT = ',"event":';

/** What stands between: all that was ever written there, and nothing that JSON does not know. */
const GIVEN = /^,"clock":([1-9]\d{0,14}),"machine":"(process|merge|worker|scheduler|proxy)"(?:,"session":(0|[1-9]\d{0,14})(?:,"time":((?:0|[1-9]\d{0,14})(?:\.\d{1,20})?))?)?$/;

/** What the event of a line tells. One that is no event has no type. */
export const eventIn = ({ given }: Pick<Line, 'given'>): Told => {
  const json = parsed(given);
  return isObject(json) && typeof json['type'] === 'string' ? (json as Told) : { type: '' };
};

/** Where a trace is: whose it is, what its lines begin with, and the clock and the state of the last one. */
export type Place = { readonly header: Origin; readonly head: string; readonly clock: number; readonly state: number };

/**
 * The next line of a trace in little time: as it is cut, and nothing in it is looked at. `undefined` if it cannot be cut so.
 * Whether there is something wrong with it, `understand` says.
 */
export const glimpse = (written: string, { header, head, clock, state }: Place): Line | undefined => {
  if (!written.startsWith(head)) return undefined;
  const start = written.indexOf(EVENT, head.length);
  const end = written.indexOf(TAIL, start);
  if (start < 0 || end < 0) return undefined;
  const [, counted, machine, session, time] = GIVEN.exec(written.slice(head.length, start)) ?? [];
  if (Number(counted) !== clock + 1) return undefined;
  return {
    process: header.process,
    life: header.life,
    thread: header.thread,
    clock: clock + 1,
    machine: machine as Machine,
    session: numberIn(session),
    time: numberIn(time),
    given: written.slice(start + EVENT.length, end),
    tail: written.slice(end),
    said: digestedText(state, written, head.length, end),
  };
};

const numberIn = (digits: string | undefined): number | undefined => (digits === undefined ? undefined : Number(digits));

/** What a line says that follows one with this state. Never throws. */
export const understand = (written: string, state = 0): Said => {
  if (written.startsWith('{"trace"')) return understandHeader(written);
  const end = written.indexOf(TAIL);
  const json = parsed(end < 0 ? written : `${written.slice(0, end)}}`);
  if (json === undefined) return { type: 'Nothing', field: '', reason: 'not JSON' };
  const flaw = line(json);
  if (flaw !== undefined) return nothing(flaw);
  if (end < 0) return { type: 'Nothing', field: 'effects', reason: 'expected a list, got nothing' };
  const { event: given, ...rest } = json as Omit<Line, 'given' | 'tail' | 'said'> & { readonly event: Told };
  return { type: 'Line', line: { ...rest, given: JSON.stringify(given), tail: written.slice(end), said: digestedText(state, written, written.indexOf(CLOCK), end) } };
};

const understandHeader = (written: string): Said => {
  // Only a header knows a number that JSON does not.
  const json = parsed(written, (_, value: unknown) => (value === 'Infinity' ? Infinity : value));
  if (json === undefined) return { type: 'Nothing', field: '', reason: 'not JSON' };
  const flaw = header(json);
  return flaw === undefined ? { type: 'Header', header: json as Header } : nothing(flaw);
};

const nothing = (flaw: string): Said => {
  const [field = '', ...reason] = flaw.replace(/^\./, '').split(': ');
  return { type: 'Nothing', field, reason: reason.join(': ') };
};

const parsed = (written: string, revive?: (name: string, value: unknown) => unknown): unknown => {
  try {
    return JSON.parse(written, revive) as unknown;
  } catch {
    return undefined;
  }
};

/** What all headers of a trace must have in common, as text. */
export const commonIn = ({ level, cluster: agreed, names, service, limits, storage, world }: Setting): string =>
  JSON.stringify({ level, agreed, names, service, limits, storage, world }, (_, value: unknown) => (value === Infinity ? 'Infinity' : value));

/** What machines are given and do, in words; read from the JSON of a trace, which whoever calls has checked. */
import type { Execution } from '../../../spec/replica.js';
import { sayGroup } from '../../multicast/groups.js';
import { DIGEST_KIND } from '../../record.js';
import { decodeCondition } from '../../replica/worker.js';
import { bPlusTree, sayCommand, textOf, type Command } from '../../service/b-plus-tree/index.js';
import { hearCommand, hearNames, hearReply, nameOf } from '../batch.js';
import { nameOfProcess, type Setting, type Told } from '../line.js';
import { isObject } from '../shape.js';

type Ballot = { readonly round: number; readonly process: number };

/** Names in a sentence, at most. */
const MOST_NAMES = 3;

export const several = (names: readonly string[], what: string): string =>
  names.length === 0 ? `no ${what}s` : names.length <= MOST_NAMES ? names.join(', ') : `${names.slice(0, MOST_NAMES).join(', ')} and ${names.length - MOST_NAMES} more`;

/** The names of commands that were said with what they carry. */
export const namesOfSaid = (said: readonly string[]): readonly string[] => said.map((one) => one.slice(0, one.indexOf('/') < 0 ? one.length : one.indexOf('/')));

/** The names in a batch, where they are told: one by one, or in one text. */
export const namesInValue = ({ commands }: Told): readonly string[] => {
  if (Array.isArray(commands)) return namesOfSaid(commands as readonly string[]);
  return isObject(commands) && typeof commands['names'] === 'string' ? (hearNames(commands['names'], MOST_TOLD) ?? []) : [];
};

/** Names in one text, at most. */
const MOST_TOLD = 1_000_000;

export const sayValue = (value: Told, names: readonly string[] = namesInValue(value)): string => {
  if (value.type === 'Skip') return `skip to slot ${String(value['to'])}`;
  if (value.type === 'Noop') return 'no-op';
  return names.length > 0 ? several(names, 'command') : `a batch of ${String(value['bytes'])} bytes`;
};

const sayBallot = (ballot: unknown): string => `${(ballot as Ballot).round}.${(ballot as Ballot).process}`;

/** A message, without who sends it to whom. */
export const sayMessage = (setting: Setting, message: Told, names?: readonly string[]): string => {
  const nameOfId = (id: unknown): string => nameOfProcess(setting, id as number);
  const { type } = message;
  const of = (what: string): string => String(message[what]);
  switch (type) {
    case 'Prepare':
      return `Prepare of ballot ${sayBallot(message['ballot'])} from instance ${of('from')} on`;
    case 'Promise': {
      const count = (message['entries'] as readonly unknown[]).length;
      return `Promise for ballot ${sayBallot(message['ballot'])} with ${count === 0 ? 'no votes' : `${count} ${count === 1 ? 'entry' : 'entries'}`}`;
    }
    case 'Refuse':
      return `Refuse: ballot ${sayBallot(message['promised'])} was promised`;
    case 'Value':
      return `Value ${of('id')} (${sayValue(message['value'] as Told, names)})`;
    case 'Phase2': {
      const voters = (message['voters'] as readonly number[]).map(nameOfId);
      return `Phase2 of instance ${of('instance')} (${of('id')}${voters.length === 0 ? '' : `, voted by ${voters.join(', ')}`})`;
    }
    case 'Decision':
      return `Decision of instance ${of('instance')} (${of('id')})`;
    case 'Ask':
      return `Ask for the decisions from ${of('from')} up to ${of('to')}`;
    case 'Chosen':
      return `Chosen of instance ${of('instance')} (${sayValue(message['value'] as Told, names)})`;
    case 'Alive':
      return `Alive, all below ${of('decided')} decided`;
    case 'Submit':
      return `Submit of ${sayValue({ ...(message['commands'] as object), type: 'Batch' }, namesInValue(message))}`;
    default:
      return type;
  }
};

const sayRecord = (record: Told): string => {
  const instance = String(record['instance']);
  switch (record.type) {
    case 'Promised':
      return `the promise for ballot ${sayBallot(record['ballot'])}`;
    case 'Voted':
      return `the vote for ${String(record['id'])} in instance ${instance}`;
    default:
      return `that instance ${instance} decided ${String(record['id'])}`;
  }
};

/** The names of the commands that an id stands for in a ring, where they are known. */
type NamesOf = (group: number, id: string) => readonly string[] | undefined;

/** What the machine of a process did; what it sends to several is said once. `isOfOneRing`: which, was said before. */
export const sayProcessEffects = (setting: Setting, effects: readonly Told[], isOfOneRing: boolean, namesOf: NamesOf): readonly string[] => {
  const said: { readonly what: string; readonly to: string[] }[] = [];
  for (const effect of effects) {
    const group = effect['group'] as number;
    const where = isOfOneRing ? '' : ` in ${sayGroup(group)}`;
    const message = effect['message'] as Told | undefined;
    if (message === undefined) {
      said.push({ what: `${sayNote(effect, namesOf(group, String(effect['id'])))}${where}`, to: [] });
      continue;
    }
    const what = `sends ${sayMessage(setting, message, namesOf(group, String(message['id'])))}${where}`;
    const to = nameOfProcess(setting, effect['to'] as number);
    const same = said.find((one) => one.what === what);
    if (same === undefined) said.push({ what, to: [to] });
    else same.to.push(to);
  }
  return said.map(({ what, to }) => (to.length === 0 ? what : `${what} to ${to.join(', ')}`));
};

/** What a process keeps: on its disk, or for its threads. */
const sayNote = (effect: Told, names: readonly string[] | undefined): string =>
  effect.type === 'Persist' ? `writes down ${sayRecord(effect['record'] as Told)}` : `learns instance ${String(effect['instance'])}: ${sayValue(effect['value'] as Told, names)}`;

/** What the machine of a process was given. */
export const sayProcessEvent = (setting: Setting, who: string, event: Told): string => {
  switch (event.type) {
    case 'Received': {
      const from = event['from'] as number;
      const sender = from < 0 ? 'a client' : nameOfProcess(setting, from);
      return `${who} receives ${sayMessage(setting, event['message'] as Told)} in ${sayGroup(event['group'] as number)} from ${sender === who ? 'itself' : sender}`;
    }
    case 'Kept':
      return `${who} finds on its disk, in ${sayGroup(event['group'] as number)}, ${sayRecord(event['record'] as Told)}`;
    default:
      return `${who} looks at the clock`;
  }
};

/** Commands of the service and their results, where values were written down. */
export type Speaker = {
  /** The command that was said, if its payload was. */
  readonly command: (said: string) => Command | undefined;
  readonly reply: (said: string, command: Command | undefined) => string;
  /** The same of what was carried out and not answered. */
  readonly execution: (execution: Execution, command: Command | undefined) => string;
};

export const speaker = ({ service, cluster }: Setting): Speaker => {
  const { codec } = bPlusTree({ ...service, partitions: cluster.threads }).service;
  const result = (payload: Uint8Array, kind: number): string => {
    try {
      return textOf(codec.decodeResult(kind, payload));
    } catch {
      return 'executed'; // what is no result, in a line that is wrong
    }
  };
  const nameAnd = (name: string, command: Command | undefined): string => `${name}${command === undefined ? '' : ` (${sayCommand(command)})`}`;
  return {
    execution: ({ command: name, attempt, outcome }, command) => {
      const [, status = '', found = ''] = /^(\w+) ?(.*)$/.exec(outcome) ?? [];
      const done = command === undefined ? 'executed' : result(Buffer.from(found, 'hex'), codec.kindOf(command));
      return `${nameAnd(`${name}.${attempt}`, command)}: ${status === 'Executed' ? done : status === 'Failed' ? `failed, ${found}` : 'refused'}`;
    },
    command: (said) => {
      const heard = said.includes('/=') ? hearCommand(said) : undefined;
      if (heard === undefined || heard.kind === DIGEST_KIND) return undefined;
      const command = codec.decode(heard.kind, heard.payload);
      return typeof command === 'string' ? undefined : command;
    },
    reply: (said, command) => {
      const heard = hearReply(said);
      if (heard === undefined) return said;
      const asked = nameAnd(nameOf(heard), command);
      switch (heard.status) {
        case 'Failed':
          return `${asked}: failed, ${decodeCondition(heard.payload)}`;
        case 'Refused':
          return `${asked}: refused`;
        case 'Executed':
          return `${asked}: ${command === undefined ? 'executed' : result(heard.payload, codec.kindOf(command))}`;
      }
    },
  };
};

/** Keys that a command names. */
export const keysOf = (command: Command): readonly number[] => (command.type === 'scan' ? [Number(command.from), Number(command.to)] : [Number(command.key)]);

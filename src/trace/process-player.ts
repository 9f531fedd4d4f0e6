/** Plays the lines of one process between two crashes: its machine is given again what it was given. */
import { Map as Persistent } from 'immutable';
import type { Execution } from '../../spec/replica.js';
import type { Durable, Message } from '../consensus/messages.js';
import { onProcessEvent, ringsOf, startProcess, type Process, type ProcessEffect, type ProcessEvent } from '../node.js';
import { COMMAND_HEADER } from '../record.js';
import { isScheduled } from '../replica/techniques.js';
import { hearNames, hearRuns, namesIn, sayCommands, summaryOf, type Summary } from './batch.js';
import { digestedText, marksIn } from './digest.js';
import { keep } from './facts.js';
import { broken, CLAUSES, compared, PLAYED, UNCLEAR, WAITING, type Broken, type Glance, type Outcome, type Played } from './finding.js';
import { detailOf, END, nameOfProcess, NOTHING, sayAll, type Header, type Line, type Told } from './line.js';
import { asHeard, hearProcessEvent, sayMatter, sayMessage, sayProcessEffect, sayRecord, withoutBatch, type Kept, type Named } from './protocol.js';
import { eventIn } from './read.js';
import { isObject } from './shape.js';
import { processSketcher } from './sketch.js';
import { ORDER, type Pledge, type Stage } from './stage.js';
import { wayOf, type Letter, type Way } from './under-way.js';

/** Where a client's commands come from. */
const STRANGER = -1;

export type Player = {
  /** Plays a line, or says why it cannot be played yet; `isForced` where nobody will ever do what it waits for. */
  readonly play: (line: Line, isForced: boolean) => Outcome;
  /** Plays a line by its words alone, if they are known: most of them are. */
  readonly glance?: (line: Line) => Glance;
  /** Of a thread that executes: what it carried out in its last step, whether this replica was to answer or not. */
  readonly executed?: () => readonly Execution[];
  /** Of the same: the barrier that it is at, or passed last. */
  readonly barrier?: () => { readonly generation: number; readonly phase: 'Running' | 'Arrived' | 'Executing' } | undefined;
};

export const processPlayer = (stage: Stage, header: Header): Player => {
  const { setting, underWay, facts } = stage;
  const { process: name, life } = header;
  const sketchOf = processSketcher(setting.cluster);
  const isByName = detailOf(setting) === 'digests';
  const me = setting.names.indexOf(name);
  const standing = stage.standingOf(name);
  const found = new Map<number, Durable[]>();
  /** What was submitted by name, and not proposed: by the line that told of it. */
  const namesByLine = new Map<number, readonly string[]>();
  let state: Process | undefined;
  const origins = new Map<string, Origin>();
  let recent: Letter | undefined; // received last

  /** The machine, once all that was found on the disk is known. */
  const begin = (): Process => {
    for (const group of ringsOf(setting.cluster)) {
      const kept = found.get(group)?.length ?? 0;
      standing.kept.set(`${life}/${group}`, kept);
      standing.persisted.get(group)?.splice(kept);
      const told = standing.told.get(`${life - 1}/${group}`);
      if (told !== undefined && told.after > kept) owe(name, told, kept);
    }
    return startProcess(setting.cluster, me, Persistent(found));
  };

  const keepRecord = ({ group, record }: Kept): Outcome => {
    const records = found.get(group) ?? [];
    found.set(group, records);
    const before = standing.persisted.get(group) ?? [];
    const place = records.length;
    records.push(record);
    // What was voted for just before a crash may stand on the disk alone.
    if (record.type === 'Voted' && life > 0) keep(facts, facts.votes, { ring: group, process: me, instance: record.instance, ballot: record.ballot, id: record.id });
    const text = sayRecord(record);
    const chain = chained(before[place - 1], text);
    // Who was killed may have written more to its disk than to its trace.
    if (life > 0 && before[place] === undefined && setting.world === 'simulated')
      return broken(CLAUSES.durable, 'event.record', `no more than the ${place} records that the process asked to persist in group ${group}`, text);
    if (before[place] !== undefined && before[place] !== chain) return broken(CLAUSES.durable, 'event.record', `record ${place} of group ${group} as it was written`, text);
    if (before[place] === undefined) before.push(chain);
    standing.persisted.set(group, before);
    return PLAYED;
  };

  /** Whether what was received was sent, and what it rested on is still there. */
  const take = ({ from, group, message }: Received, names: readonly string[], isForced: boolean): Outcome => {
    if (from === STRANGER) return takeSubmission(group, message, names, isForced);
    const sender = nameOfProcess(setting, from);
    if (setting.names[from] === undefined) return broken(CLAUSES.sent, 'event.from', `one of the ${setting.names.length} processes`, String(from));
    const way = wayOf(from, me, group);
    const what = sayMessage(message);
    const sent = underWay.take(way, what);
    if (sent !== undefined) hold(sender, group, { way, what, after: sent.after }, sent.life);
    else if (!isForced && stage.present.has(sender)) return { type: 'Blocked', on: [sender], clause: CLAUSES.sent, what: `${message.type} of ${sender} to ${name} in group ${group}`, needles: needlesFor(message, me) };
    else stage.unmatched += 1;
    return PLAYED;
  };

  /** Holds a sender to what it has told in a life of its own, and somebody has received. */
  const hold = (sender: string, group: number, told: Pledge, itsLife: number): void => {
    if (told.after === 0) return;
    const of = stage.standingOf(sender);
    const place = `${itsLife}/${group}`;
    if (told.after > (of.told.get(place)?.after ?? 0)) of.told.set(place, told);
    const kept = of.kept.get(`${itsLife + 1}/${group}`);
    if (kept !== undefined && kept < told.after) owe(sender, told, kept);
  };

  /** Takes what was sent in just these words: nothing needs to be read then. */
  const glance = (line: Line): Glance => {
    const { given } = line;
    if (!isByName) return UNCLEAR;
    const at = given.indexOf(MESSAGE);
    if (at < 0) {
      const [, now] = TICK.exec(given) ?? [];
      return now === undefined ? UNCLEAR : playEvent(line, { type: 'Tick', now: Number(now) });
    }
    const origin = originIn(given.slice(0, at));
    if (origin === undefined || !given.endsWith('}')) return UNCLEAR;
    const { group, from, sender, way } = origin;
    const sent = underWay.take(way, given.slice(at + MESSAGE.length, -1));
    // A submission is told in other words when it is received than when it is sent: all the others are told in the same.
    if (sent?.letter === undefined) return stage.present.has(sender) && !given.startsWith(SUBMIT, at) ? WAITING : UNCLEAR;
    hold(sender, group, { way, what: sent.letter.words, after: sent.after }, sent.life);
    recent = sent.letter;
    return playEvent(line, { type: 'Received', group, from, message: sent.letter.message });
  };

  /** Whose message an event tells of, by what stands before it: there are not many who send any. */
  const originIn = (head: string): Origin | undefined => {
    const known = origins.get(head);
    if (known !== undefined) return known;
    const [, of, by] = RECEIVED.exec(head) ?? [];
    const [group, from] = [Number(of), Number(by)];
    const sender = setting.names[from];
    if (sender === undefined) return undefined;
    const origin = { group, from, sender, way: wayOf(from, me, group) };
    origins.set(head, origin);
    return origin;
  };

  /** What is said of what an effect is about: most messages are passed on as they were received. */
  const matterOf = (effect: ProcessEffect): string => (effect.type === 'Send' && effect.message === recent?.message ? recent.words : sayMatter(effect));

  const owe = (sender: string, { way, what, after }: Pledge, kept: number): void => {
    if (setting.storage === 'disk') stage.owed.set(`${way} ${what}`, `${sender} had ${kept} records after its crash, and had said before: ${what}, which rests on ${after}`);
  };

  const takeSubmission = (group: number, message: Message, names: readonly string[], isForced: boolean): Outcome => {
    if (message.type !== 'Submit') return broken(CLAUSES.sent, 'event.from', 'a process: clients only submit', String(STRANGER));
    if (stage.clients.length === 0) {
      keep(facts, facts.submitted, [group, names]);
      return PLAYED;
    }
    const way = wayOf(STRANGER, me, group);
    const said = isByName ? names : sayCommands(message.commands, 'digests');
    const unsent = said.find((command) => !underWay.has(way, command));
    if (unsent !== undefined) {
      if (!isForced) return { type: 'Blocked', on: stage.clients, clause: CLAUSES.sent, what: `${unsent} of a client to ${name} in group ${group}`, needles: [unsent] };
      stage.unmatched += 1;
    }
    said.forEach((command) => underWay.take(way, command));
    return PLAYED;
  };

  /** The names of what was submitted. Where no client tells of its own, those that were said as one stay one: they are never apart. */
  const namesOf = (commands: Uint8Array, { names }: Named): readonly string[] | undefined => {
    if (!isByName) return namesIn(commands);
    return (stage.clients.length === 0 ? hearRuns : hearNames)(names, commands.length / COMMAND_HEADER);
  };

  /** What a coordinator puts together itself, it does of what it was told by name. */
  const namesInBatch = (batch: Uint8Array): readonly string[] => {
    if (!isByName) return namesIn(batch);
    return marksIn(batch).flatMap((line) => {
      const names = namesByLine.get(line) ?? [];
      namesByLine.delete(line);
      return names;
    });
  };

  /** `matter`: what is said of what the effect is about. */
  const note = (effect: ProcessEffect, matter: string): void => {
    switch (effect.type) {
      case 'Send': {
        const { message } = effect;
        // A coordinator that proposes a batch has put it together itself; one that it has adopted is empty here.
        if (message.type === 'Value' && message.value.type === 'Batch' && message.value.commands.length > 0) {
          const { commands } = message.value;
          stage.hold(summaryOf(commands), () => namesInBatch(commands));
        }
        const way = wayOf(me, effect.to, effect.group);
        if (stage.owed.size > 0) stage.owed.delete(`${way} ${matter}`);
        return underWay.send(way, matter, { life, after: effect.after, letter: { message: asHeard(message), words: matter } });
      }
      case 'Persist': {
        const { group, record } = effect;
        const chain = standing.persisted.get(group) ?? [];
        standing.persisted.set(group, chain);
        chain.push(chained(chain.at(-1), matter));
        if (record.type === 'Voted') keep(facts, facts.votes, { ring: group, process: me, instance: record.instance, ballot: record.ballot, id: record.id });
        return;
      }
      case 'Decided': {
        const { group, instance, id, value } = effect;
        stage.logOf(name, life, isScheduled(setting.cluster.technique) ? ORDER : group).append({ value: withoutBatch(value), words: matter });
        const commands = value.type === 'Batch' ? stage.batchOf(summaryOf(value.commands)) : [];
        return keep(facts, facts.learned, { ring: group, process: me, life, instance, id, value: matter, commands });
      }
    }
  };

  /** Remembers the names in every batch of an event, where they are told: of the value itself, only what tells it from others is kept. */
  const remember = (told: unknown): void => {
    if (!isObject(told)) return;
    if (told['type'] === 'Batch') {
      if (Array.isArray(told['commands'])) stage.hold(told as Summary, () => told['commands'] as readonly string[]);
      return;
    }
    remember(told['value']);
    if (Array.isArray(told['entries'])) told['entries'].forEach(([, entry]: readonly unknown[]) => remember(entry));
  };

  const playKept = (line: Line, told: Told, event: Kept): Outcome => {
    if (state !== undefined) return broken(CLAUSES.whole, 'event.type', 'no more records once the process has started', 'Kept');
    remember(told['record']);
    const outcome = keepRecord(event);
    return outcome.type === 'Played' ? (compared(line, NOTHING) ?? PLAYED) : outcome;
  };

  const playHeard = (line: Line, { message: told }: Told, event: Received, isForced: boolean): Outcome => {
    const { message } = event;
    const names = message.type === 'Submit' ? namesOf(message.commands, (told as { readonly commands: Named }).commands) : [];
    if (names === undefined) return notAnEvent('event.message.commands.names: not names of commands');
    const outcome = take(event, names, isForced);
    if (outcome.type !== 'Played') return outcome;
    if (!isByName) remember(told);
    else if (names.length > 0) namesByLine.set(line.clock, names);
    return playEvent(line, event);
  };

  const playEvent = (line: Line, event: ProcessEvent): Played | Broken => {
    state ??= begin();
    const [next, effects] = onProcessEvent(state, event);
    const matters = effects.map(matterOf);
    const breach = compared(line, { effects: sayAll(effects, (effect, i) => sayProcessEffect(effect, matters[i]!)), sketch: sketchOf(next) });
    if (breach !== undefined) return breach;
    state = next;
    effects.forEach((effect, i) => note(effect, matters[i]!));
    return PLAYED;
  };

  return {
    play: (line, isForced) => {
      if (line.given === END) return compared(line, NOTHING) ?? PLAYED;
      const told = eventIn(line);
      const event = hearProcessEvent(told, isByName ? line.clock : undefined);
      if (typeof event === 'string') return notAnEvent(event);
      switch (event.type) {
        case 'Kept':
          return playKept(line, told, event);
        case 'Tick':
          return playEvent(line, event);
        case 'Received':
          return playHeard(line, told, event, isForced);
      }
    },
    glance,
  };
};

type Received = Extract<ProcessEvent, { type: 'Received' }>;

/** A process that sends something in a group. */
type Origin = { readonly group: number; readonly from: number; readonly sender: string; readonly way: Way };

const MESSAGE = ',"message":';
const SUBMIT = `${MESSAGE}{"type":"Submit"`;
const RECEIVED = /^\{"type":"Received","group":(0|[1-9]\d{0,4}),"from":(0|[1-9]\d{0,4})$/;

const TICK = /^\{"type":"Tick","now":((?:0|[1-9]\d{0,15})(?:\.\d{1,20})?)\}$/;

/** What stands in the line of whoever sent a message to process `to`. */
const needlesFor = (message: Message, to: number): readonly string[] => [
  `"to":${to},"message":{"type":"${message.type}"`,
  ...('id' in message ? [`"id":"${message.id}"`] : []),
  ...('instance' in message ? [`"instance":${message.instance},`] : []),
];

const chained = (before: number | undefined, text: string): number => digestedText(before ?? 0, text);

/** What a machine cannot be shown. */
export const notAnEvent = (flaw: string): Outcome => {
  const [field = 'event', ...rest] = flaw.split(': ');
  return broken(CLAUSES.whole, field, 'an event of this machine', rest.join(': '));
};

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
import { broken, CLAUSES, compared, PLAYED, type Outcome } from './finding.js';
import { detailOf, nameOfProcess, NOTHING, sayAll, type Header, type Line } from './line.js';
import { hearProcessEvent, sayMatter, sayMessage, sayProcessEffect, sayRecord, type Kept, type Named } from './protocol.js';
import { isObject } from './shape.js';
import { processSketcher } from './sketch.js';
import { ORDER, type Stage, type Told } from './stage.js';
import { wayOf } from './under-way.js';

/** Where a client's commands come from. */
const STRANGER = -1;

export type Player = {
  readonly play: (line: Line, isForced: boolean) => Outcome;
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
  const take = ({ from, group, message }: Extract<ProcessEvent, { type: 'Received' }>, names: readonly string[], isForced: boolean): Outcome => {
    if (from === STRANGER) return takeSubmission(group, message, names, isForced);
    const sender = nameOfProcess(setting, from);
    if (setting.names[from] === undefined) return broken(CLAUSES.sent, 'event.from', `one of the ${setting.names.length} processes`, String(from));
    const way = wayOf(from, me, group);
    const what = sayMessage(message);
    const sent = underWay.take(way, what);
    if (sent === undefined) {
      if (!isForced && stage.present.has(sender)) return { type: 'Blocked', on: [sender], clause: CLAUSES.sent, what: `${message.type} of ${sender} to ${name} in group ${group}`, needles: needlesFor(message, me) };
      stage.unmatched += 1;
      return PLAYED;
    }
    const of = stage.standingOf(sender);
    const place = `${sent.life}/${group}`;
    if (sent.after > (of.told.get(place)?.after ?? 0)) of.told.set(place, { way, what, after: sent.after });
    const kept = of.kept.get(`${sent.life + 1}/${group}`);
    if (kept !== undefined && kept < sent.after) owe(sender, { way, what, after: sent.after }, kept);
    return PLAYED;
  };

  const owe = (sender: string, { way, what, after }: Told, kept: number): void => {
    if (setting.storage === 'disk') stage.owed.set(`${way} ${what}`, `${sender} had ${kept} records after its crash, and had said before: ${what}, which rests on ${after}`);
  };

  const takeSubmission = (group: number, message: Message, names: readonly string[], isForced: boolean): Outcome => {
    if (message.type !== 'Submit') return broken(CLAUSES.sent, 'event.from', 'a process: clients only submit', String(STRANGER));
    if (stage.clients.length === 0) {
      for (const command of names) keep(facts, facts.submitted, { ring: group, command });
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
        return underWay.send(way, matter, { life, after: effect.after });
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
        stage.logOf(name, life, isScheduled(setting.cluster.technique) ? ORDER : group).append(matter);
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

  const playKept = (line: Line, event: Kept): Outcome => {
    if (state !== undefined) return broken(CLAUSES.whole, 'event.type', 'no more records once the process has started', 'Kept');
    remember(line.event['record']);
    const outcome = keepRecord(event);
    return outcome.type === 'Played' ? (compared(line, NOTHING) ?? PLAYED) : outcome;
  };

  const playEvent = (line: Line, event: ProcessEvent, isForced: boolean): Outcome => {
    state ??= begin();
    if (event.type === 'Received') {
      const { message } = event;
      const told = line.event['message'] as Readonly<Record<string, unknown>>;
      const names = message.type === 'Submit' ? namesOf(message.commands, told['commands'] as Named) : [];
      if (names === undefined) return notAnEvent('event.message.commands.names: not names of commands');
      const outcome = take(event, names, isForced);
      if (outcome.type !== 'Played') return outcome;
      if (!isByName) remember(told);
      else if (names.length > 0) namesByLine.set(line.clock, names);
    }
    const [next, effects] = onProcessEvent(state, event);
    const matters = effects.map(sayMatter);
    const breach = compared(line, { effects: sayAll(effects, (effect, i) => sayProcessEffect(effect, matters[i]!)), sketch: sketchOf(next) });
    if (breach !== undefined) return breach;
    state = next;
    effects.forEach((effect, i) => note(effect, matters[i]!));
    return PLAYED;
  };

  return {
    play: (line, isForced) => {
      if (line.event.type === 'End') return compared(line, NOTHING) ?? PLAYED;
      const event = hearProcessEvent(line.event, isByName ? line.clock : undefined);
      if (typeof event === 'string') return notAnEvent(event);
      return event.type === 'Kept' ? playKept(line, event) : playEvent(line, event, isForced);
    },
  };
};

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

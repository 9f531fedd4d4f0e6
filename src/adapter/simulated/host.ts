/** A process of a simulated world, between two crashes: its machine, its disk and, at a replica, its threads. */
import { Map as Persistent } from 'immutable';
import type { ProcessId } from '../../consensus/ballot.js';
import type { Durable } from '../../consensus/messages.js';
import { sayGroup } from '../../multicast/groups.js';
import type { ProcessEffect, ProcessEvent } from '../../node.js';
import type { Group } from '../../record.js';
import { namesIn } from '../../trace/batch.js';
import { recordProcess } from '../../trace/recorder.js';
import { outbox } from '../outbox.js';
import { TICK } from './clock.js';
import { newCrew, type Crew } from './crew.js';
import { textOf } from './recording.js';
import { nameOfProcess, type Stage } from './stage.js';

/** A record on a disk, and the group whose ring it is of. */
export type Kept = readonly [Group, Durable];

export type Host = {
  readonly life: number;
  readonly isUp: () => boolean;
  readonly crew: Crew | null;
  /** Falls silent for ever, and leaves what its disk has kept. */
  readonly crash: () => readonly Kept[];
};

/** The process `id`, which has crashed `life` times and left `found` on its disk. */
export const boot = <C, R>(stage: Stage<C, R>, id: ProcessId, life: number, found: readonly Kept[]): Host => {
  const { world, machines, clock, network, notes, see, tell } = stage;
  const { cluster, faults } = world;
  const name = nameOfProcess(world, id);
  const isReplica = cluster.membership.learners.includes(id);

  const recordsByGroup = found.reduce((known, [group, record]) => known.set(group, [...known.get(group, []), record]), Persistent<Group, Durable[]>());
  const records = [...found];
  let durable = records.length;
  let isSyncing = false;
  let isUp = true;
  let process = machines.startProcess(cluster, id, recordsByGroup);
  const trace = world.trace && recordProcess({ process: world.trace.setting.names[id] ?? name, life, thread: 0 }, world.trace.setting, world.trace.write);
  recordsByGroup.forEach((kept, group) => kept.forEach((record) => trace?.kept({ type: 'Kept', group, record })));

  const out = outbox(new Map(recordsByGroup.map((known) => known.length)), ({ to, group, message }) => {
    if (isUp) network.send(id, to, group, message);
  });
  const crew = isReplica ? newCrew(stage, id, life, () => isUp) : null;

  const handle = (event: ProcessEvent): void => {
    if (!isUp) return;
    const [next, effects] = machines.onProcessEvent(process, event);
    process = next;
    trace?.step(event, effects, next);
    effects.forEach(carryOut);
  };

  const carryOut = (effect: ProcessEffect): void => {
    switch (effect.type) {
      case 'Send':
        return post(effect);
      case 'Persist':
        records.push([effect.group, effect.record]);
        out.written(effect.group);
        return sync();
      case 'Decided':
        return learn(effect);
    }
  };

  const post = (sending: Extract<ProcessEffect, { type: 'Send' }>): void => {
    const { to, group, message } = sending;
    if (message.type === 'Prepare' && to === id) {
      see(message.ballot.round > 1 ? 'a coordinator took over or formed a new ring' : 'a first ballot began');
      tell(name, `campaigns in ${sayGroup(group)} with ballot ${message.ballot.round}`);
    }
    if (message.type === 'Chosen') see('a learner was told what it had missed');
    out.send(sending);
  };

  const learn = ({ group, instance, id: valueId, value }: Extract<ProcessEffect, { type: 'Decided' }>): void => {
    const commands = value.type === 'Batch' ? namesIn(value.commands) : [];
    notes.learned.push({ ring: group, process: id, life, instance, id: valueId, value: textOf(value), commands });
    if (value.type === 'Noop') see('a hole was filled with a no-op');
    if (value.type === 'Batch') tell(name, `learns instance ${instance} of ${sayGroup(group)}: ${textOf(value)}`);
    crew?.feed(group, value);
  };

  /** One sync at a time; what was written meanwhile waits for the next one. */
  const sync = (): void => {
    if (isSyncing || durable === records.length) return;
    isSyncing = true;
    const upTo = records.length;
    clock.later((clock.chance() * faults.delay) / 2, () => {
      if (!isUp) return;
      isSyncing = false;
      endure(upTo);
      out.durable(upTo);
      sync();
    });
  };

  const endure = (upTo: number): void => {
    for (const [ring, record] of records.slice(durable, upTo))
      if (record.type === 'Voted') notes.votes.push({ ring, process: id, instance: record.instance, ballot: record.ballot, id: record.id });
    durable = Math.max(durable, upTo);
  };

  const tick = (): void => {
    if (!isUp) return;
    handle({ type: 'Tick', now: Math.floor(clock.now()) + 1 });
    clock.later(TICK, tick);
  };

  network.join(id, handle);
  clock.later(clock.chance() * TICK, tick);
  return {
    life,
    isUp: () => isUp,
    crew,
    /** What was not durable is lost, though some of it may have reached the disk all the same. */
    crash: () => {
      see(isReplica ? 'a replica crashed' : 'an acceptor crashed');
      isUp = false;
      const kept = durable + Math.floor(clock.chance() * (records.length - durable + 1));
      if (kept < records.length) see('a crash lost what was not durable');
      endure(kept);
      return records.slice(0, kept);
    },
  };
};

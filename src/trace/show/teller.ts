/** Tells the story of a trace while it is played: listens to every line, and says it in words. */
import { sayGroup } from '../../multicast/groups.js';
import { DIGEST_KIND, G_ALL } from '../../record.js';
import { EXECUTOR } from '../../replica/barrier.js';
import { sayCommand, type Command } from '../../service/b-plus-tree/index.js';
import type { Summary } from '../batch.js';
import type { Found, Listener } from '../checker.js';
import { schedulerIn, type Line, type Setting, type Told } from '../line.js';
import type { Player } from '../process-player.js';
import { eventIn, understand } from '../read.js';
import type { Report } from '../report.js';
import { isObject } from '../shape.js';
import { newArrows, sameOnBothSides } from './arrows.js';
import { inCausalOrder } from './order.js';
import { flawOf, type AtBarrier, type Flaw, type Kind, type Lane, type Place, type Step, type Story } from './story.js';
import { keysOf, namesInValue, namesOfSaid, sayProcessEffects, sayProcessEvent, sayValue, several, speaker } from './words.js';

export type Teller = {
  readonly listen: Listener;
  /** Everything that was told, and what is wrong with it. */
  readonly story: (name: string, report: Report) => Story;
};

/** What a machine says of a step; the rest is the same for all. */
type Words = Pick<Step, 'kind' | 'group' | 'text' | 'effects' | 'commands' | 'sources' | 'keys'> & { readonly barrier?: AtBarrier };

/** A line whose event was read. */
type Spoken = Line & { readonly event: Told };

/** What was done, as JSON. */
type Done = { readonly effects: readonly Told[]; readonly nodes: readonly string[]; readonly state: string };

const IDLE = { group: undefined, effects: [], commands: [], sources: [], keys: [] } as const;

export const newTeller = (setting: Setting): Teller => {
  const arrows = newArrows(setting.world === 'simulated');
  const say = speaker(setting);
  const scheduler = schedulerIn(setting.cluster);
  const lanes: Lane[] = [];
  const laneByName = new Map<string, number>();
  const files: string[] = [];
  const fileByName = new Map<string, number>();
  const steps: Step[] = [];
  const namesById = new Map<string, readonly string[]>(); // of what a value proposes, by group and id
  const skips = new Set<string>(); // ids of values that only skip, by group and id
  const namesByDigest = new Map<string, readonly string[]>();
  const commandByName = new Map<string, Command>();
  const places = new Map<string, number>(); // of a thread in what its process has learned
  const barriers = new Map<string, NonNullable<ReturnType<NonNullable<Player['barrier']>>>>(); // by thread, after its last step

  const laneOf = ({ process, thread }: Pick<Line, 'process' | 'thread'>): number => {
    const name = thread === 0 ? process : `${process} ${thread === scheduler ? 'scheduler' : `t${thread}`}`;
    const known = laneByName.get(name);
    if (known !== undefined) return known;
    const { acceptors } = setting.cluster.membership;
    const id = setting.names.indexOf(process);
    laneByName.set(name, lanes.length);
    return lanes.push({ name, process, thread, role: thread > 0 ? 'thread' : id < 0 ? 'client' : acceptors.includes(id) ? 'acceptor' : 'replica' }) - 1;
  };

  const fileOf = (file: string): number => {
    const known = fileByName.get(file);
    if (known !== undefined) return known;
    fileByName.set(file, files.length);
    return files.push(file) - 1;
  };

  /** Remembers what an id stands for: votes and decisions travel without it. */
  const learnId = (group: number, id: unknown, value: unknown): void => {
    const told = value as Told;
    if (told.type === 'Batch') namesById.set(`${group} ${String(id)}`, namesInValue(told));
    else skips.add(`${group} ${String(id)}`);
  };

  const wordsOfProcess = ({ process, life, event }: Spoken, { effects }: Done, index: number): Words => {
    const sends = effects.filter(({ type }) => type === 'Send').map((effect) => effect['message'] as Told);
    const message = event['message'] as Told | undefined;
    const group = (event['group'] ?? effects[0]?.['group']) as number | undefined;
    const id = (message ?? (event['record'] as Told | undefined) ?? sends[0])?.['id'];
    const key = `${group} ${String(id)}`;
    const sources: (number | undefined)[] = [];
    if (message !== undefined && group !== undefined) {
      if (message['value'] !== undefined) learnId(group, message['id'], message['value']);
      const from = event['from'] as number;
      if (from >= 0) sources.push(arrows.take(`${from} ${setting.names.indexOf(process)} ${group}`, sameOnBothSides(message)));
      else for (const command of namesInValue(message)) sources.push(arrows.last(`client ${group}`, command));
    }
    const learned: string[] = [];
    for (const effect of effects) {
      const ring = effect['group'] as number;
      const to = effect['message'] as Told | undefined;
      if (to !== undefined) arrows.send(`${setting.names.indexOf(process)} ${effect['to'] as number} ${ring}`, sameOnBothSides(to), index);
      const value = (to?.['value'] ?? effect['value']) as Told | undefined;
      if (value !== undefined && value.type !== 'Batch') skips.add(`${ring} ${String(to?.['id'] ?? effect['id'])}`);
      if (effect.type === 'Decided') {
        arrows.send(`learned ${process} ${life} ${ring}`, String(countOf(`${process} ${life} ${ring}`)), index);
        learned.push(...(namesById.get(`${ring} ${String(effect['id'])}`) ?? []));
      }
    }
    const own = message === undefined ? [] : [...namesInValue(message), ...(message['value'] === undefined ? [] : namesInValue(message['value'] as Told))];
    const commands = unique([...own, ...(namesById.get(key) ?? []), ...learned]);
    return {
      kind: kindOfProcess(event, message, sends, effects, commands.length === 0 && (event.type === 'Tick' ? areSkips(effects) : skips.has(key))),
      group,
      text: sayProcessEvent(setting, process, event),
      effects: sayProcessEffects(setting, effects, group !== undefined && message !== undefined, (ring, one) => namesById.get(`${ring} ${one}`)),
      commands,
      sources: present(sources),
      keys: keysIn(commands),
    };
  };

  /** A tick serves all rings at once: it is quiet if whatever it proposes skips. */
  const areSkips = (effects: readonly Told[]): boolean =>
    effects.every((effect) => {
      const sent = effect['message'] as Told | undefined;
      return sent !== undefined && (isAlive(sent) || skips.has(`${String(effect['group'])} ${String(sent['id'])}`));
    });

  const countOf = (what: string): number => {
    const place = places.get(what) ?? 0;
    places.set(what, place + 1);
    return place;
  };

  const wordsOfMerge = ({ process, life, thread, event }: Spoken, { effects }: Done): Words => {
    const group = event['group'] as number;
    const value = event['value'] as Told;
    const commands = namesInValue(value);
    for (const said of (value['commands'] as readonly string[] | undefined) ?? []) {
      const command = say.command(said);
      if (command !== undefined) commandByName.set(namesOfSaid([said])[0]!, command);
    }
    if (value.type === 'Batch') namesByDigest.set(String(value['digest']), commands);
    const delivered = effects.map((effect) => namesByDigest.get(String(effect['digest'])) ?? []);
    const all = unique([...commands, ...delivered.flat()]);
    const place = countOf(`${process} ${life} ${thread} ${group}`);
    return {
      kind: value.type === 'Batch' || effects.length > 0 ? 'learned' : 'skip',
      group,
      text: `t${thread} of ${process} hears of ${sayGroup(group)}: ${sayValue(value)}`,
      effects: effects.map((effect, i) => `delivers slot ${String(effect['slot'])} of ${sayGroup(effect['group'] as number)}: ${several(delivered[i] ?? [], 'command')}`),
      commands: all,
      sources: present([arrows.last(`${scheduler === undefined ? 'learned' : 'dealt'} ${process} ${life} ${group}`, String(place))]),
      keys: keysIn(all),
    };
  };

  const wordsOfScheduler = ({ process, life, event }: Spoken, { effects }: Done, index: number): Words => {
    const value = event['value'] as Told;
    const commands = namesInValue(value);
    const place = countOf(`scheduler ${process} ${life}`);
    effects.forEach((effect) => arrows.send(`dealt ${process} ${life} ${String(effect['lane'])}`, String(place), index));
    const given = effects.filter((effect) => (effect['value'] as Told).type === 'Batch');
    return {
      kind: value.type === 'Batch' ? 'learned' : 'skip',
      group: G_ALL,
      text: `the scheduler of ${process} hears of ${sayGroup(G_ALL)}: ${sayValue(value)}`,
      effects: given.map((effect) => `deals to lane ${String(effect['lane'])} ${sayValue(effect['value'] as Told)}`),
      commands,
      sources: present([arrows.last(`learned ${process} ${life} ${G_ALL}`, String(place))]),
      keys: keysIn(commands),
    };
  };

  const wordsOfWorker = ({ process, life, thread }: Line, { effects }: Done, index: number, player: Player | undefined): Words => {
    const who = `t${thread} of ${process}`;
    const crew = `${process} ${life}`;
    const before = barriers.get(`${crew} ${thread}`) ?? { generation: 0, phase: 'Running' };
    const after = player?.barrier?.() ?? before;
    barriers.set(`${crew} ${thread}`, after);
    const { generation } = after;
    const replies = effects.flatMap((effect) => effect['replies'] as readonly string[]);
    replies.forEach((reply) => arrows.send('reply', reply, index));
    // What was carried out before is answered again, and nothing is done; and of several replicas one answers a session.
    const answered = namesOfSaid(replies);
    const carriedOut = (player?.executed?.() ?? []).map((one) => ({ ...one, name: `${one.command}.${one.attempt}` }));
    const isNew = new Set(carriedOut.map(({ name }) => name));
    const isAnswered = new Set(answered);
    const again = replies.filter((_, i) => !isNew.has(answered[i]!));
    const commands = unique([...isNew, ...answered]);
    const results = [
      ...carriedOut.map((one) => `${say.execution(one, commandByName.get(one.name))}${isAnswered.has(one.name) ? '' : ' (another replica answers)'}`),
      ...again.map((reply) => say.reply(reply, commandByName.get(namesOfSaid([reply])[0]!))),
    ];
    const group = carriedOut[0]?.group ?? Number(replies[0]?.split('/')[2] ?? G_ALL);
    const common = { group, effects: results, commands, keys: keysIn(commands) };
    const executes = results.length === 1 ? `executes ${results[0]!}` : `executes ${results.length} commands of ${sayGroup(group)}`;

    if (before.phase !== 'Arrived' && after.phase === 'Arrived') {
      arrows.send(`arrives ${crew} ${generation}`, String(thread), index);
      return { ...common, kind: 'barrier', text: `${who} arrives at barrier ${generation}`, sources: [], barrier: { generation, part: 'arrives' } };
    }
    if (thread === EXECUTOR && before.phase !== 'Running') {
      const isOver = after.phase === 'Running';
      arrows.send(`executes ${crew}`, String(generation), index);
      const others = Array.from({ length: setting.cluster.threads }, (_, i) => i + 1).filter((other) => other !== thread && before.phase === 'Arrived');
      const sources = others.map((other) => arrows.last(`arrives ${crew} ${generation}`, String(other)));
      return { ...common, kind: 'executed', text: `${who} alone ${executes}${isOver ? `, and opens barrier ${generation}` : ''}`, sources: present(sources), barrier: { generation, part: isOver ? 'opens' : 'executes' } };
    }
    if (before.phase === 'Arrived' && commands.length === 0)
      return { ...common, kind: 'barrier', text: `${who} leaves barrier ${generation}`, sources: present([arrows.last(`executes ${crew}`, String(generation))]), barrier: { generation, part: 'leaves' } };
    return { ...common, kind: 'executed', text: `${who} ${executes}`, sources: [] };
  };

  const wordsOfProxy = ({ session, event }: Spoken, { effects }: Done, index: number): Words => {
    const who = `session ${session ?? 0}`;
    const multicasts = effects.filter(({ type }) => type === 'Multicast');
    for (const effect of multicasts) for (const command of namesOfSaid(recordsIn(effect))) arrows.send(`client ${effect['group'] as number}`, command, index);
    const replies = (event['replies'] ?? []) as readonly string[];
    const calls = event['calls'] as { readonly first: number; readonly commands: readonly string[] } | undefined;
    const records = multicasts.flatMap(recordsIn);
    const asked = (calls?.commands ?? []).map((called) => say.command(`0.0.0/${called.replace('/', '/0/')}`));
    const answered = namesOfSaid(replies);
    const names = namesOfSaid(records);
    if (names.length === asked.length) names.forEach((name, i) => asked[i] !== undefined && commandByName.set(name, asked[i]));
    const commands = unique([...answered, ...names]);
    const sayCall = (called: string, i: number): string =>
      called.startsWith(`${DIGEST_KIND}/`) ? 'for a digest of the store' : asked[i] === undefined ? `command ${(calls?.first ?? 0) + i}` : sayCommand(asked[i]);
    const text =
      calls !== undefined
        ? `${who} calls ${calls.commands.map(sayCall).join(', ')}`
        : replies.length > 0
          ? `${who} hears ${replies.map((reply, i) => say.reply(reply, commandByName.get(answered[i]!))).join(', ')}`
          : multicasts.length > 0
            ? `${who} has waited long enough for ${several(commands, 'command')}`
            : `${who} looks at the clock`;
    return {
      kind: calls !== undefined ? 'call' : replies.length > 0 ? 'answer' : multicasts.length > 0 ? 'timer' : 'tick',
      group: (multicasts[0]?.['group'] ?? (replies[0] === undefined ? undefined : Number(replies[0].split('/')[2]))) as number | undefined,
      text,
      effects: effects.map((effect) =>
        effect.type === 'Multicast'
          ? `multicasts ${namesOfSaid(recordsIn(effect)).join(', ')} to ${sayGroup(effect['group'] as number)}`
          : effect.type === 'Answers'
            ? `answers call ${(effect['calls'] as readonly number[]).join(', ')}`
            : `call ${String(effect['call'])} failed its safety check`,
      ),
      commands,
      sources: present(replies.map((reply) => arrows.take('reply', reply))),
      keys: asked.length === 0 ? keysIn(commands) : unique(asked.flatMap((command) => (command === undefined ? [] : keysOf(command)))),
    };
  };

  const recordsIn = (effect: Readonly<Record<string, unknown>>): readonly string[] => effect['records'] as readonly string[];

  const keysIn = (names: readonly string[]): readonly number[] => unique(names.flatMap((name) => [commandByName.get(name)].flatMap((command) => (command === undefined ? [] : keysOf(command)))));

  const wordsOf = (line: Spoken, done: Done, index: number, player: Player | undefined): Words => {
    if (line.event.type === 'End') return { ...IDLE, kind: 'end', text: `${line.thread === 0 ? '' : line.thread === scheduler ? 'the scheduler of ' : `t${line.thread} of `}${line.process} ends` };
    switch (line.machine) {
      case 'process':
        return wordsOfProcess(line, done, index);
      case 'merge':
        return wordsOfMerge(line, done);
      case 'scheduler':
        return wordsOfScheduler(line, done, index);
      case 'worker':
        return wordsOfWorker(line, done, index, player);
      case 'proxy':
        return wordsOfProxy(line, done, index);
    }
  };

  const tell = (written: Line, file: string, number: number, player: Player | undefined, namesIn: NamesIn): void => {
    const { effects, ...rest } = doneOf(written);
    const done = { ...rest, effects: effects.map((effect) => withNames(effect, namesIn)) };
    const line = { ...written, event: withNames(eventIn(written), namesIn) };
    const index = steps.length;
    const lane = laneOf(line);
    const { barrier, ...words } = wordsOf(line, done, index, player);
    steps.push({ index, lane, life: line.life, file: fileOf(file), line: number, machine: line.machine, ...words, barrier, nodes: done.nodes, ...placesIn(done), state: done.state });
  };

  /** The line at which the trace breaks: it may say anything. */
  const tellBreach = (found: Found): Flaw => {
    const index = steps.length;
    const written = found.context.at(-1)?.slice(`${found.line}: `.length) ?? '';
    const said = understand(written);
    try {
      if (said.type === 'Line') tell(said.line, found.file, found.line, undefined, () => []);
    } catch {
      steps.length = index; // It has not the shape of an event: it is told as a line.
    }
    const last = steps[index];
    const file = fileOf(found.file);
    const lane = said.type === 'Line' ? laneOf(said.line) : (steps.findLast((step) => step.file === file)?.lane ?? laneOf({ process: setting.names[0] ?? 'nobody', thread: 0 }));
    if (last === undefined)
      steps.push({ ...IDLE, index, lane, life: 0, file, line: found.line, machine: 'nothing', text: `a line that says nothing: ${written.slice(0, 120)}`, kind: 'breach', barrier: undefined, nodes: [], learned: [], delivered: [], state: '' });
    else steps[index] = { ...last, kind: 'breach' };
    return flawOf(found, index);
  };

  /** A clause on the whole run that does not hold, and the last step about a command that it names. */
  const flawOfRun = (clause: string, violations: readonly string[]): Flaw => {
    const named = violations.flatMap((text) => text.match(/\b\d+\.\d+(?:\.\d+)?\b/g) ?? []);
    const step = steps.findLast(({ kind, commands }) => kind !== 'answer' && commands.some((name) => named.some((one) => name === one || name.startsWith(`${one}.`))));
    return { clause, expected: 'that it holds of the whole run', found: violations[0] ?? '', where: '', context: violations.slice(0, 10), step: step?.index };
  };

  return {
    listen: tell,
    story: (name, { found, violations, clauses }) => {
      const flaws = [...(found === undefined ? [] : [tellBreach(found)]), ...violations.map((one) => flawOfRun(one.clause, one.violations))];
      return inCausalOrder(withLanesInOrder({ name, setting, lanes, files, steps, flaws, clauses: unique([...flaws.map(({ clause }) => clause), ...clauses]) }));
    },
  };
};

const ROLES: readonly Lane['role'][] = ['client', 'acceptor', 'replica', 'thread'];

/** Lanes as a picture has them: clients, acceptors, and each replica with its threads. */
const withLanesInOrder = (story: Story): Story => {
  const rank = ({ role, process, thread }: Lane): readonly [number, string, number] => [Math.min(2, ROLES.indexOf(role)), process, thread];
  const isBefore = (a: Lane, b: Lane): boolean => {
    const [[roleA, processA, threadA], [roleB, processB, threadB]] = [rank(a), rank(b)];
    return roleA !== roleB ? roleA < roleB : processA !== processB ? processA < processB : threadA < threadB;
  };
  const lanes = [...story.lanes].sort((a, b) => (isBefore(a, b) ? -1 : 1));
  const place = story.lanes.map((lane) => lanes.indexOf(lane));
  return { ...story, lanes, steps: story.steps.map((step) => ({ ...step, lane: place[step.lane] ?? 0 })) };
};

const kindOfProcess = (event: Told, message: Told | undefined, sends: readonly Told[], effects: readonly Told[], isSkip: boolean): Kind => {
  const isOnlyAlive = effects.every(({ type }) => type === 'Send') && sends.every(isAlive);
  if (event.type === 'Tick') return effects.length === 0 ? 'tick' : isOnlyAlive ? 'heartbeat' : isSkip ? 'skip' : 'timer';
  if (message !== undefined && isAlive(message) && isOnlyAlive) return 'heartbeat';
  return isSkip ? 'skip' : 'message';
};

const isAlive = ({ type }: Told): boolean => type === 'Alive' || type === 'Here';

const doneOf = ({ tail }: Line): Done => {
  const { effects, nodes, state } = JSON.parse(`{${tail.slice(1)}`) as { readonly effects: readonly Told[]; readonly nodes?: readonly string[]; readonly state: string };
  return { effects, nodes: nodes ?? [], state };
};

type NamesIn = Parameters<Listener>[4];

/** What was told, with the names of the commands in each batch: most tell of a batch by its digest alone. */
const withNames = (told: Told, namesIn: NamesIn): Told => {
  const { type, commands, message, value } = told;
  if (type === 'Batch') return Array.isArray(commands) ? told : { ...told, commands: namesIn(told as unknown as Summary) };
  return { ...told, ...(isObject(message) ? { message: withNames(message as Told, namesIn) } : {}), ...(isObject(value) ? { value: withNames(value as Told, namesIn) } : {}) };
};

const NOWHERE: readonly Place[] = [];

const placesIn = ({ effects }: Done): Pick<Step, 'learned' | 'delivered'> => {
  const places = (type: string, field: string): readonly Place[] => {
    const own = effects.filter((effect) => effect.type === type);
    return own.length === 0 ? NOWHERE : own.map((effect) => ({ ring: effect['group'] as number, at: effect[field] as number }));
  };
  return { learned: places('Decided', 'instance'), delivered: places('Deliver', 'slot') };
};

const present = (sources: readonly (number | undefined)[]): readonly number[] => unique(sources.flatMap((source) => (source === undefined ? [] : [source])));

const unique = <T>(all: readonly T[]): readonly T[] => (all.length < 2 ? all : [...new Set(all)]);

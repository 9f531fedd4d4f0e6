/**
 * Plays the files of a trace against each other, each line as soon as what it rests on was played: a message when it was
 * sent, a barrier when everyone has arrived. Of every file it holds one stretch of lines, so that a trace may be of any length;
 * and it takes time in proportion to the number of lines.
 */
import { isScheduled } from '../replica/techniques.js';
import { clientPlayer, type ClientPlayer } from './client-player.js';
import { newCrew, type Crew } from './crew.js';
import type { Violation } from './facts.js';
import { broken, CLAUSES, type Breach, type Outcome } from './finding.js';
import { headOf, type Header, type Line, type Setting } from './line.js';
import { processPlayer, type Player } from './process-player.js';
import { commonIn, headIn, quickly, understand } from './read.js';
import { isScheduler, schedulerOf, schedulerPlayer } from './scheduler-player.js';
import { newStage, type Stage } from './stage.js';
import { threadPlayer, type ThreadPlayer } from './thread-player.js';

/** A breach, and where it is. */
export type Found = Breach & {
  readonly file: string;
  /** From 1. */
  readonly line: number;
  /** The lines of the same process and thread before it, and it: what explains it in short. */
  readonly context: readonly string[];
};

/** A file, as far as it was read. */
export type Feed = {
  readonly file: string;
  readonly headers: readonly Header[];
  /** Adds lines. */
  readonly supply: (lines: readonly string[]) => void;
  /** There are no more: `tail` is what stands behind the last end of a line. */
  readonly end: (tail: string) => void;
};

export type Checker = {
  readonly feeds: readonly Feed[];
  readonly stage: Stage;
  /** Plays what can be played. The files of which it needs more lines; none if it is done, or has found a breach. */
  readonly advance: () => readonly Feed[];
  readonly found: () => Found | undefined;
  readonly played: () => { readonly events: number; readonly cut: readonly string[]; /** Traces that end in good order, of how many. */ readonly ended: number; readonly all: number };
  /**
   * Ends all players: what is known of replicas at rest, and of operations without an answer, is a fact from now on. What is
   * wrong with the last epochs of threads.
   */
  readonly conclude: () => readonly Violation[];
};

/** Lines of its own that a breach is shown behind. */
const CONTEXT = 3;

type Cast = {
  readonly header: Header;
  readonly machines: readonly string[];
  readonly player: Player;
  clock: number;
  state: number;
  time: number;
  isEnded: boolean;
  /** The lines played last, and their numbers. */
  readonly recent: (readonly [number, string])[];
};

type Reel = Feed & { lines: readonly string[]; at: number; count: number; isOver: boolean; blocked: Extract<Outcome, { type: 'Blocked' }> | undefined };

/** Hears of every line that was played: in an order in which whatever a line rests on comes before it. */
export type Listener = (line: Line, file: string, number: number, player: Player, namesIn: Stage['namesIn']) => void;

/** `headers` of each file: more than one where a file tells of several processes. `mostFacts` of a kind are kept for the clauses. */
export const newChecker = (files: readonly { readonly file: string; readonly headers: readonly Header[] }[], onPlayed?: Listener, mostFacts?: number): Checker => {
  const all = files.flatMap(({ headers }) => headers);
  const setting: Setting = all[0]!;
  const stage = newStage(setting, new Set(all.filter(({ thread }) => thread === 0).map(({ process }) => process)), mostFacts);
  const cast = new Map<string, Cast>();
  const castByHead = new Map<string, Cast>();
  const crews = new Map<string, Crew>();
  const threads = new Map<string, ThreadPlayer>();
  const clients: ClientPlayer[] = [];
  const cut: string[] = [];
  let events = 0;
  let found: Found | undefined;
  let last: Cast | undefined; // whose line was played last
  let lastLine: Line | undefined;

  const reels = files.map(({ file, headers }): Reel => {
    const reel: Reel = {
      file,
      headers,
      lines: [],
      at: 0,
      count: 0,
      isOver: false,
      blocked: undefined,
      supply: (lines) => {
        reel.lines = reel.at < reel.lines.length ? [...reel.lines.slice(reel.at), ...lines] : lines;
        reel.at = 0;
      },
      end: (tail) => {
        reel.isOver = true;
        if (tail === '') return;
        // Whoever was killed leaves half a line behind.
        if (!isWhole(tail)) cut.push(file);
        else reel.supply([tail]);
      },
    };
    return reel;
  });

  const playerFor = (header: Header): Player => {
    const { process, life, thread } = header;
    if (!setting.names.includes(process)) {
      const player = clientPlayer(stage, header);
      clients.push(player);
      return player;
    }
    if (thread === 0) return processPlayer(stage, header);
    if (isScheduler(header)) return schedulerPlayer(stage, header);
    const name = `${process}/${life}`;
    if (setting.level === 'execution' && !crews.has(name)) crews.set(name, newCrew(stage, process, life));
    const player = threadPlayer(stage, header, crews.get(name));
    threads.set(`${name}/${thread}`, player);
    return player;
  };

  const playText = (written: string, isForced: boolean): Outcome => {
    const role = castByHead.get(headIn(written));
    const line = role === undefined ? undefined : quickly(written, role.header, role.clock, role.state);
    if (role !== undefined && line !== undefined) return playAs(role, line, isForced);
    const said = understand(written, role?.state);
    switch (said.type) {
      case 'Nothing':
        return broken(CLAUSES.whole, said.field, 'a line of a trace', said.reason);
      case 'Header': {
        const { header } = said;
        if (commonIn(header) !== commonIn(setting)) return broken(CLAUSES.whole, 'cluster', 'what the other files say that all have agreed on', 'something else');
        if (cast.has(originOf(header))) return broken(CLAUSES.whole, 'process', 'one trace of each process, life and thread', originOf(header));
        const role: Cast = { header, machines: machinesOf(header, setting), player: playerFor(header), clock: 0, state: 0, time: -Infinity, isEnded: false, recent: [] };
        cast.set(originOf(header), role);
        castByHead.set(headOf(header), role);
        return { type: 'Played' };
      }
      case 'Line':
        return playLine(said.line, isForced);
    }
  };

  const playLine = (line: Line, isForced: boolean): Outcome => {
    const role = cast.get(originOf(line));
    return role === undefined ? broken(CLAUSES.whole, 'process', 'one that a header was written for', originOf(line)) : playAs(role, line, isForced);
  };

  const playAs = (role: Cast, line: Line, isForced: boolean): Outcome => {
    if (role.isEnded) return broken(CLAUSES.whole, 'event', 'nothing after the end', line.event.type);
    if (line.clock !== role.clock + 1) return broken(CLAUSES.whole, 'clock', String(role.clock + 1), String(line.clock));
    if ((line.time ?? role.time) < role.time) return broken(CLAUSES.whole, 'time', `at least ${role.time}`, String(line.time));
    if (!role.machines.includes(line.machine)) return broken(CLAUSES.whole, 'machine', role.machines.join(' or '), line.machine);
    const outcome = play(role.player, line, isForced);
    if (outcome.type !== 'Played') return outcome;
    role.clock = line.clock;
    role.state = stateIn(line);
    role.time = line.time ?? role.time;
    role.isEnded = line.event.type === 'End';
    events += 1;
    last = role;
    lastLine = line;
    return outcome;
  };

  /** A machine that is shown what is no event of it may throw: that, too, is a finding. */
  const play = (player: Player, line: Line, isForced: boolean): Outcome => {
    try {
      return player.play(line, isForced);
    } catch (error) {
      return broken(CLAUSES.step, 'event', 'an event that the machine can be given', error instanceof Error ? error.message : String(error));
    }
  };

  const runReel = (reel: Reel): boolean => {
    const start = reel.count;
    while (reel.at < reel.lines.length && found === undefined) {
      const written = reel.lines[reel.at]!;
      if (written === '') {
        reel.at += 1;
        reel.count += 1;
        continue;
      }
      const outcome = playText(written, false);
      reel.blocked = outcome.type === 'Blocked' ? outcome : undefined;
      if (outcome.type === 'Blocked') break;
      if (outcome.type === 'Broken') report(reel, outcome.breach);
      pass(reel, written);
    }
    return reel.count > start;
  };

  const pass = (reel: Reel, written: string): void => {
    reel.at += 1;
    reel.count += 1;
    if (last === undefined) return;
    last.recent.push([reel.count, written]);
    if (last.recent.length > CONTEXT) last.recent.shift();
    if (lastLine !== undefined) onPlayed?.(lastLine, reel.file, reel.count, last.player, stage.namesIn);
    last = undefined;
  };

  const report = (reel: Reel, breach: Breach): void => {
    const written = reel.lines[reel.at] ?? '';
    const said = understand(written);
    const recent = said.type === 'Line' ? (cast.get(originOf(said.line))?.recent ?? []) : [];
    const context = [...recent, [reel.count + 1, written] as const].map(([number, text]) => `${number}: ${text}`);
    found ??= { ...breach, file: reel.file, line: reel.count + 1, context };
  };

  /** Whether what a line waits for stands in a line that is here and was not played. */
  const isToCome = ({ on, needles }: Extract<Outcome, { type: 'Blocked' }>): boolean =>
    reels.some((reel) => on.some((name) => isOf(reel, name)) && reel.lines.slice(reel.at).some((line) => needles.every((needle) => line.includes(needle))));
  /** Whether whoever a line waits for has no trace, or one that ends in the middle: what it sent may not have been written down. */
  const isCutOff = (name: string): boolean =>
    !reels.some((reel) => isOf(reel, name)) ||
    (setting.world === 'network' && reels.some((reel) => reel.isOver && reel.at >= reel.lines.length && reel.headers.some((header) => isNamed(header, name) && cast.get(originOf(header))?.isEnded !== true)));

  /**
   * Nobody can go on. Either somebody's trace ends too soon, and a line must be believed; or one of the lines is wrong: one that waits
   * for what is nowhere in all that is left of others. Of those where it may stand, more is to be read first.
   */
  const unlock = (): readonly Feed[] | 'moved' => {
    const waiting = reels.filter(({ blocked }) => blocked !== undefined);
    const believed = waiting.find(({ blocked }) => blocked!.on.some(isCutOff));
    if (believed !== undefined) {
      const written = believed.lines[believed.at]!;
      const outcome = playText(written, true);
      believed.blocked = undefined;
      if (outcome.type === 'Broken') report(believed, outcome.breach);
      else if (outcome.type === 'Played') pass(believed, written);
      else report(believed, asBreach(outcome));
      return 'moved';
    }
    const suspects = waiting.filter(({ blocked }) => !isToCome(blocked!));
    const unreadOf = ({ blocked }: Reel): readonly Reel[] => reels.filter((reel) => !reel.isOver && blocked!.on.some((name) => isOf(reel, name)));
    const guilty = suspects.find((reel) => unreadOf(reel).length === 0);
    if (guilty === undefined && suspects.length > 0) return [...new Set(suspects.flatMap(unreadOf))];
    const first = guilty ?? waiting[0];
    if (first !== undefined) report(first, asBreach(first.blocked!));
    return [];
  };

  const advance = (): readonly Feed[] => {
    for (;;) {
      let hasMoved = false;
      for (const reel of reels) {
        if (found !== undefined) return [];
        if (isTooEarly(reel, reels)) continue;
        if (runReel(reel)) hasMoved = true;
      }
      if (found !== undefined) return [];
      const hungry = reels.filter((reel) => !reel.isOver && reel.at >= reel.lines.length && !isTooEarly(reel, reels));
      if (hungry.length > 0) return hungry;
      if (hasMoved) continue;
      const wanted = unlock();
      if (wanted !== 'moved') return wanted;
    }
  };

  const conclude = (): readonly Violation[] => {
    clients.forEach(({ end }) => end());
    const counts = new Map<string, number>();
    for (const [name, player] of threads) counts.set(name, player.standing().delivered);
    const most = (thread: string): number => Math.max(...[...counts].filter(([name]) => name.endsWith(`/${thread}`)).map(([, count]) => count));
    for (const [name, crew] of crews) {
      const own = [...threads].filter(([thread]) => thread.startsWith(`${name}/`));
      // At rest is who has delivered all that anyone has, and has done it.
      const isAtRest = own.every(([thread, player]) => player.standing().isAtRest && player.standing().delivered === most(thread.split('/')[2] ?? ''));
      const [process, life] = name.split('/');
      const learners = isScheduled(setting.cluster.technique) ? [schedulerOf(process ?? '', Number(life))] : own.map(([thread]) => `t${thread.split('/')[2]} of ${process}, life ${life}`);
      if (isAtRest) stage.facts.standing.push({ replica: `${process}, life ${life}`, digest: crew.digest(), isAtRest, learners });
    }
    return [...crews.values()].flatMap((crew) => crew.touchedLast());
  };

  return {
    feeds: reels,
    stage,
    advance,
    found: () => found,
    played: () => ({ events, cut, ended: [...cast.values()].filter(({ isEnded }) => isEnded).length, all: cast.size }),
    conclude,
  };
};

const originOf = ({ process, life, thread }: Header | Line): string => `${process}/${life}/${thread}`;

/** Whether a name, `r1` or `r1 t2`, is that of whoever a header is of. */
const isNamed = ({ process, thread }: Header, name: string): boolean => name === (thread === 0 ? process : `${process} t${thread}`);

const isOf = ({ headers }: Feed, name: string): boolean => headers.some((header) => isNamed(header, name));

/** Who has come back after a crash goes on where its life before ended. */
const isTooEarly = (reel: Reel, reels: readonly Reel[]): boolean =>
  reel.headers.some(({ process, life }) => life > 0 && reels.some((other) => other !== reel && !(other.isOver && other.at >= other.lines.length) && other.headers.some((before) => before.process === process && before.life < life)));

const machinesOf = (header: Header, { names }: Setting): readonly string[] => {
  if (!names.includes(header.process)) return ['proxy'];
  return header.thread === 0 ? ['process'] : isScheduler(header) ? ['scheduler'] : ['merge', 'worker'];
};

/** Whether a line without its end is all there. */
const isWhole = (written: string): boolean => {
  try {
    JSON.parse(written);
    return true;
  } catch {
    return false;
  }
};

/** The digest at the end of a line that was found to be as it should. */
const stateIn = ({ tail }: Line): number => Number.parseInt(tail.slice(-10, -2), 16);

const asBreach = ({ clause, on, what }: Extract<Outcome, { type: 'Blocked' }>): Breach => ({ clause, field: 'event', expected: `${what}, which ${on.join(' or ')} should have done before`, found: 'nobody who has' });

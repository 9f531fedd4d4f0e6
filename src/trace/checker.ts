/**
 * Plays the files of a trace against each other, each line as soon as what it rests on was played: a message when it was
 * sent, a barrier when everyone has arrived. Of every file it holds one stretch of lines, so that a trace may be of any length;
 * and it takes time in proportion to the number of lines.
 */
import { isScheduled } from '../replica/techniques.js';
import { clientPlayer, type ClientPlayer } from './client-player.js';
import { newCrew, type Crew } from './crew.js';
import type { Violation } from './facts.js';
import { digestAt } from './digest.js';
import { broken, CLAUSES, UNCLEAR, type Blocked, type Breach, type Outcome, type Waiting } from './finding.js';
import { END, headOf, type Header, type Line, type Machine, type Setting } from './line.js';
import { processPlayer, type Player } from './process-player.js';
import { commonIn, eventIn, glimpse, headIn, understand } from './read.js';
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
  /** Whether no client has a trace that ends in the middle: of what it did last, others may have seen what nobody tells of. */
  readonly isHistoryWhole: () => boolean;
};

/** Lines of its own that a breach is shown behind. */
const CONTEXT = 3;

type Cast = {
  readonly header: Header;
  /** What all its lines begin with. */
  readonly head: string;
  readonly machines: readonly Machine[];
  readonly player: Player;
  clock: number;
  state: number;
  time: number;
  isEnded: boolean;
  /** The lines played last, and their numbers. */
  readonly recent: (readonly [number, string])[];
};

type Reel = Feed & { lines: readonly string[]; at: number; count: number; isOver: boolean; isWaiting: boolean };

/** A way to play a line. */
type Way<O> = (player: Player, line: Line) => O;

/** At a glance, if that is enough. */
const quickly: Way<Outcome | Waiting> = (player, line) => {
  const outcome = player.glance?.(line) ?? UNCLEAR;
  return outcome.type === 'Unclear' ? player.play(line, false) : outcome;
};

/** By all that it says. */
const carefully: Way<Outcome> = (player, line) => player.play(line, false);

/** Whatever it rests on, as nobody will ever be seen to have done it. */
const believing: Way<Outcome> = (player, line) => player.play(line, true);

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
  let recent: Cast | undefined; // whose line was played last: mostly it is whose is the next
  let playedLine: Line | undefined; // that line, until it is behind us

  const reels = files.map(({ file, headers }): Reel => {
    const reel: Reel = {
      file,
      headers,
      lines: [],
      at: 0,
      count: 0,
      isOver: false,
      isWaiting: false,
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

  const playText = <O extends Outcome | Waiting>(written: string, way: Way<O>): O | Outcome => {
    let role = recent;
    let line = role && glimpse(written, role);
    if (line === undefined) {
      role = castByHead.get(headIn(written));
      line = role && glimpse(written, role);
    }
    const outcome = role === undefined || line === undefined ? undefined : playAs(role, line, way);
    if (outcome !== undefined && outcome.type !== 'Broken') return outcome;
    const said = understand(written, role?.state);
    if (outcome !== undefined && said.type === 'Line') return outcome;
    switch (said.type) {
      case 'Nothing':
        return broken(CLAUSES.whole, said.field, 'a line of a trace', said.reason);
      case 'Header': {
        const { header } = said;
        if (commonIn(header) !== commonIn(setting)) return broken(CLAUSES.whole, 'cluster', 'what the other files say that all have agreed on', 'something else');
        if (cast.has(originOf(header))) return broken(CLAUSES.whole, 'process', 'one trace of each process, life and thread', originOf(header));
        const head = headOf(header);
        const role: Cast = { header, head, machines: machinesOf(header, setting), player: playerFor(header), clock: 0, state: 0, time: -Infinity, isEnded: false, recent: [] };
        cast.set(originOf(header), role);
        castByHead.set(head, role);
        return { type: 'Played' };
      }
      case 'Line':
        return playLine(said.line, way);
    }
  };

  const playLine = <O extends Outcome | Waiting>(line: Line, way: Way<O>): O | Outcome => {
    const role = cast.get(originOf(line));
    return role === undefined ? broken(CLAUSES.whole, 'process', 'one that a header was written for', originOf(line)) : playAs(role, line, way);
  };

  const playAs = <O extends Outcome | Waiting>(role: Cast, line: Line, way: Way<O>): O | Outcome => {
    if (role.isEnded) return broken(CLAUSES.whole, 'event', 'nothing after the end', eventIn(line).type);
    if (line.clock !== role.clock + 1) return broken(CLAUSES.whole, 'clock', String(role.clock + 1), String(line.clock));
    if ((line.time ?? role.time) < role.time) return broken(CLAUSES.whole, 'time', `at least ${role.time}`, String(line.time));
    if (!role.machines.includes(line.machine)) return broken(CLAUSES.whole, 'machine', role.machines.join(' or '), line.machine);
    const outcome = tried(role.player, line, way);
    if (outcome.type !== 'Played') return outcome;
    role.clock = line.clock;
    role.state = stateIn(line);
    role.time = line.time ?? role.time;
    role.isEnded = line.given === END;
    events += 1;
    recent = role;
    playedLine = line;
    return outcome;
  };

  /** A machine that is shown what is no event of it may throw: that, too, is a finding. */
  const tried = <O>(player: Player, line: Line, way: Way<O>): O | Outcome => {
    try {
      return way(player, line);
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
      const outcome = playText(written, quickly);
      reel.isWaiting = outcome.type === 'Waiting' || outcome.type === 'Blocked';
      if (outcome.type === 'Waiting' || outcome.type === 'Blocked') break;
      settle(reel, outcome);
    }
    return reel.count > start;
  };

  /** Goes on behind a line that was played; one that cannot be is reported. */
  const settle = (reel: Reel, outcome: Outcome): 'moved' => {
    if (outcome.type !== 'Played') report(reel, outcome.type === 'Broken' ? outcome.breach : asBreach(outcome));
    pass(reel, reel.lines[reel.at]!);
    return 'moved';
  };

  const pass = (reel: Reel, written: string): void => {
    reel.at += 1;
    reel.count += 1;
    reel.isWaiting = false;
    if (recent === undefined || playedLine === undefined) return;
    recent.recent.push([reel.count, written]);
    if (recent.recent.length > CONTEXT) recent.recent.shift();
    onPlayed?.(playedLine, reel.file, reel.count, recent.player, stage.namesIn);
    playedLine = undefined;
  };

  const report = (reel: Reel, breach: Breach): void => {
    const written = reel.lines[reel.at] ?? '';
    const said = understand(written);
    const recent = said.type === 'Line' ? (cast.get(originOf(said.line))?.recent ?? []) : [];
    const context = [...recent, [reel.count + 1, written] as const].map(([number, text]) => `${number}: ${text}`);
    found ??= { ...breach, file: reel.file, line: reel.count + 1, context };
  };

  /** Whether what a line waits for stands in a line that is here and was not played. */
  const isToCome = ({ on, needles }: Blocked): boolean =>
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
    const waiting: { readonly reel: Reel; readonly blocked: Blocked }[] = [];
    for (const reel of reels.filter(({ isWaiting }) => isWaiting)) {
      const outcome = playText(reel.lines[reel.at]!, carefully);
      if (outcome.type !== 'Blocked') return settle(reel, outcome);
      waiting.push({ reel, blocked: outcome });
    }
    const believed = waiting.find(({ blocked }) => blocked.on.some(isCutOff))?.reel;
    if (believed !== undefined) return settle(believed, playText(believed.lines[believed.at]!, believing));
    const suspects = waiting.filter(({ blocked }) => !isToCome(blocked));
    const unreadOf = ({ blocked }: (typeof waiting)[number]): readonly Reel[] => reels.filter((reel) => !reel.isOver && blocked.on.some((name) => isOf(reel, name)));
    const guilty = suspects.find((one) => unreadOf(one).length === 0);
    if (guilty === undefined && suspects.length > 0) return [...new Set(suspects.flatMap(unreadOf))];
    const first = guilty ?? waiting[0];
    if (first !== undefined) report(first.reel, asBreach(first.blocked));
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
    isHistoryWhole: () => setting.world === 'simulated' || [...cast.values()].every(({ header, isEnded }) => isEnded || setting.names.includes(header.process)),
  };
};

const originOf = ({ process, life, thread }: Header | Line): string => `${process}/${life}/${thread}`;

/** Whether a name, `r1` or `r1 t2`, is that of whoever a header is of. */
const isNamed = ({ process, thread }: Header, name: string): boolean => name === (thread === 0 ? process : `${process} t${thread}`);

const isOf = ({ headers }: Feed, name: string): boolean => headers.some((header) => isNamed(header, name));

/** Who has come back after a crash goes on where its life before ended. */
const isTooEarly = (reel: Reel, reels: readonly Reel[]): boolean =>
  reel.headers.some(({ process, life }) => life > 0 && reels.some((other) => other !== reel && !(other.isOver && other.at >= other.lines.length) && other.headers.some((before) => before.process === process && before.life < life)));

const machinesOf = (header: Header, { names }: Setting): readonly Machine[] => {
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
const stateIn = ({ tail }: Line): number => digestAt(tail, tail.length - 10);

const asBreach = ({ clause, on, what }: Blocked): Breach => ({ clause, field: 'event', expected: `${what}, which ${on.join(' or ')} should have done before`, found: 'nobody who has' });

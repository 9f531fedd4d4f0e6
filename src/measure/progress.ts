/**
 * Progress with an estimate. The estimate is a pure function of what has been seen so far: a stage is expected to take as
 * long as it took the last time, in the run before, and before that as long as it was announced to take.
 */

/** The stages of a run, in order. A run whose load is given has nothing to probe. */
export const STAGES = ['probe', 'start', 'load', 'warm up', 'measure', 'cool down', 'judge'] as const;
export type Stage = (typeof STAGES)[number];

/** How long each stage takes, seconds. */
export type Durations = Readonly<Record<Stage, number>>;

/** Where a measurement stands. Times are in milliseconds. */
export type Progress = {
  /** What is measured, in order, by names of their own. */
  readonly runs: readonly string[];
  readonly run: string;
  readonly stage: Stage;
  /** When the stage began. */
  readonly since: number;
  /** The finished part of the stage, 0 to 1, if it counts its work; otherwise the clock tells. */
  readonly counted: number | undefined;
  /** What each stage is expected to take. */
  readonly expected: Durations;
};

/** The same measurement entering a stage. What the stage before took is what it will be expected to take next time. */
export const enter = (progress: Progress, run: string, stage: Stage, now: number): Progress => ({
  ...progress,
  run,
  stage,
  since: now,
  counted: undefined,
  expected: { ...progress.expected, [progress.stage]: (now - progress.since) / 1000 },
});

/** Seconds that the measurement will still take. */
export const remaining = (progress: Progress, now: number): number => {
  const { expected, runs, run, stage } = progress;
  const all = sum(STAGES.map((s) => expected[s]));
  const later = sum(STAGES.slice(STAGES.indexOf(stage) + 1).map((s) => expected[s]));
  return (runs.length - 1 - runs.indexOf(run)) * all + later + remainingOfStage(progress, now);
};

/** The whole story in one line: `P-SMR (2 of 3) · measure 40 % · about 25 s left · 12 Kcps`. */
export const lineOf = (progress: Progress, note: string, now: number): string => {
  const { runs, run, stage } = progress;
  return [
    `${run} (${runs.indexOf(run) + 1} of ${runs.length})`,
    `${stage} ${Math.floor(100 * finishedOfStage(progress, now))} %`,
    `about ${sayTime(remaining(progress, now))} left`,
    ...(note === '' ? [] : [note]),
  ].join(' · ');
};

/** Seconds in words: `12 s`, `7 min`, `2 h 5 min`. */
export const sayTime = (seconds: number): string => {
  const minutes = Math.ceil(seconds / 60);
  if (seconds <= 180) return `${Math.ceil(seconds)} s`;
  return minutes < 60 ? `${minutes} min` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
};

/** Where progress goes: `line` rewrites one line of a terminal, `lines` adds one every few seconds, `none` is silent. */
export type Mode = 'line' | 'lines' | 'none';

/** What a measurement tells while it works. */
export type Reporter = {
  readonly enter: (run: string, stage: Stage) => void;
  /** Tells anew: to be called now and then, with the finished part of the stage where it is known. */
  readonly update: (finished?: number, note?: string) => void;
  /** Something that is not to be overwritten: a line of its own. */
  readonly say: (words: string) => void;
  /** Ends the line, so that something else may be written. */
  readonly end: () => void;
};

/** How often a line is written, milliseconds. */
const EVERY = { line: 100, lines: 3000 } as const;

export const reporter = (settings: {
  readonly runs: readonly string[];
  readonly expected: Durations;
  readonly mode: Mode;
  /** Width of the terminal, columns. */
  readonly columns?: number;
  /** A steady clock, milliseconds. */
  readonly now: () => number;
  readonly write: (text: string) => void;
}): Reporter => {
  const { runs, expected, mode, columns = 80, now, write } = settings;
  let progress: Progress | undefined;
  let note = '';
  let written = -Infinity;

  const tell = (): void => {
    if (mode === 'none' || progress === undefined || now() - written < EVERY[mode]) return;
    written = now();
    const line = lineOf(progress, note, now());
    write(mode === 'line' ? `${CLEAR}${line.slice(0, columns - 1)}` : `${line}\n`);
  };

  return {
    enter: (run, stage) => {
      progress =
        progress === undefined
          ? { runs, run, stage, since: now(), counted: undefined, expected }
          : enter(progress, run, stage, now());
      note = '';
      tell();
    },
    update: (finished, said = note) => {
      if (progress !== undefined && finished !== undefined) progress = { ...progress, counted: finished };
      note = said;
      tell();
    },
    say: (words) => write(`${mode === 'line' ? CLEAR : ''}${words}\n`),
    end: () => {
      if (mode === 'line' && progress !== undefined) write(CLEAR);
      progress = undefined;
    },
  };
};

/** Back to the first column, and clear the line. */
const CLEAR = '\r\x1b[2K';

/** The finished part of the stage; what only the clock measures is not finished before it is left. */
const finishedOfStage = ({ counted, since, stage, expected }: Progress, now: number): number =>
  Math.max(0, Math.min(1, counted ?? Math.min(0.99, (now - since) / 1000 / Math.max(expected[stage], 0.001))));

/** By the work that is counted where a good part of it is done, otherwise by what is expected. */
const remainingOfStage = (progress: Progress, now: number): number => {
  const elapsed = (now - progress.since) / 1000;
  const finished = finishedOfStage(progress, now);
  if (progress.counted !== undefined && finished > 0.05) return (elapsed / finished) * (1 - finished);
  return Math.max(0, progress.expected[progress.stage] - elapsed);
};

const sum = (numbers: readonly number[]): number => numbers.reduce((a, b) => a + b, 0);

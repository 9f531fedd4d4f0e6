/** One line that tells how far something is: rewritten in a terminal, added every few seconds elsewhere. */

export type Ticker = {
  /** Tells, unless it was told just now. The line is made only if it is shown. */
  readonly tell: (line: () => string) => void;
  /** Clears the line, so that something else may be written. */
  readonly end: () => void;
};

/** How often a line is written, ms. */
const EVERY = { terminal: 200, file: 3000 };

const CLEAR = '\r\x1b[2K';

/** Tells on the standard error, or not at all. */
export const ticker = (isSilent: boolean): Ticker => {
  const { stderr } = process;
  const every = stderr.isTTY ? EVERY.terminal : EVERY.file;
  let told = performance.now();
  let isDirty = false;
  return {
    tell: (line) => {
      if (isSilent || performance.now() - told < every) return;
      told = performance.now();
      stderr.write(stderr.isTTY ? `${CLEAR}${line().slice(0, stderr.columns - 1)}` : `${line()}\n`);
      isDirty = stderr.isTTY;
    },
    end: () => {
      if (isDirty) stderr.write(CLEAR);
      isDirty = false;
    },
  };
};

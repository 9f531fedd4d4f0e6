/** What a process has to say, one line each on stderr: when, how grave, who, what. Colour only where a person is looking. */
import pc from 'picocolors';

export type Level = 'info' | 'warn' | 'error';

export type Log = Readonly<Record<Level, (text: string) => void>>;

const isWatched = process.stderr.isTTY === true && !process.env['NO_COLOR'];
const { bold, cyan, dim, red, yellow } = pc.createColors(isWatched);
const paint: Readonly<Record<Level, (text: string) => string>> = { info: cyan, warn: yellow, error: red };

/** The log of the process called `name`. */
export const logger = (name: string, write: (line: string) => void = (line) => process.stderr.write(line)): Log => {
  const say = (level: Level) => (text: string) =>
    write(`${dim(new Date().toISOString())} ${paint[level](level.padEnd(5))} ${bold(name)} ${oneLine(text)}\n`);
  return { info: say('info'), warn: say('warn'), error: say('error') };
};

/** A log that says nothing. */
export const silent: Log = { info: () => {}, warn: () => {}, error: () => {} };

/** Characters of the longest text: a stranger may have made it up. */
const LONGEST = 1000;

/** Control characters are spelt out: no text, wherever it came from, makes a second line or reaches the terminal's commands. */
const oneLine = (text: string): string =>
  (text.length > LONGEST ? `${text.slice(0, LONGEST)}…` : text).replace(/[\u0000-\u001f\u007f-\u009f]/g, (c) => `\\x${c.charCodeAt(0).toString(16).padStart(2, '0')}`);

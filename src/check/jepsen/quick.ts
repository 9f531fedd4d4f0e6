/**
 * What most operations look like in EDN, read ten times as fast as EDN is: a map from keywords to integers, words, texts, and
 * lists of them. Anything else is left to the reader proper; a property keeps that both read the same.
 */

/** What stands here is not of the simple kind. */
const NOT_SIMPLE = -1;

const QUOTE = 34;
const COMMA = 44;
const MINUS = 45;
const ZERO = 48;
const NINE = 57;
const COLON = 58;
const OPEN_LIST = 91;
const CLOSE_LIST = 93;
const CLOSE_MAP = 125;

/** More digits might not be exact. */
const MOST_DIGITS = 15;

const WORDS: readonly (readonly [word: string, value: unknown])[] = [['nil', null], ['true', true], ['false', false]];

/** The value that was read last: functions below return where it ends. */
let found: unknown;

export const quickMap = (text: string): Readonly<Record<string, unknown>> | undefined => {
  if (!text.startsWith('{')) return undefined;
  const map: Record<string, unknown> = {};
  for (let at = skipSpaces(text, 1); ; at = skipSpaces(text, at)) {
    const code = text.charCodeAt(at);
    if (code === CLOSE_MAP) return at === text.length - 1 ? map : undefined;
    if (code !== COLON) return undefined;
    const end = endOfName(text, at + 1);
    if (end === NOT_SIMPLE || !isSpace(text.charCodeAt(end))) return undefined;
    const name = text.slice(at + 1, end);
    at = valueAt(text, skipSpaces(text, end));
    if (at === NOT_SIMPLE || name === '__proto__') return undefined;
    map[name] = found;
  }
};

const valueAt = (text: string, at: number): number => {
  const code = text.charCodeAt(at);
  if (code === COLON) {
    const end = endOfName(text, at + 1);
    found = text.slice(at + 1, end);
    return end === NOT_SIMPLE ? end : delimited(text, end);
  }
  if (code === MINUS || (code >= ZERO && code <= NINE)) return integerAt(text, at);
  if (code === OPEN_LIST) return listAt(text, at + 1);
  if (code === QUOTE) {
    const end = text.indexOf('"', at + 1);
    const quoted = text.slice(at + 1, end);
    found = quoted;
    return end < 0 || quoted.includes('\\') ? NOT_SIMPLE : delimited(text, end + 1);
  }
  for (const [word, value] of WORDS)
    if (text.startsWith(word, at)) {
      found = value;
      return delimited(text, at + word.length);
    }
  return NOT_SIMPLE;
};

const integerAt = (text: string, from: number): number => {
  const isNegative = text.charCodeAt(from) === MINUS;
  const start = isNegative ? from + 1 : from;
  let at = start;
  let value = 0;
  for (let code = text.charCodeAt(at); code >= ZERO && code <= NINE; code = text.charCodeAt(at)) {
    value = value * 10 + (code - ZERO);
    at += 1;
  }
  const digits = at - start;
  if (digits === 0 || digits > MOST_DIGITS || (digits > 1 && text.charCodeAt(start) === ZERO)) return NOT_SIMPLE;
  found = isNegative ? -value : value;
  return delimited(text, at);
};

const listAt = (text: string, from: number): number => {
  const list: unknown[] = [];
  for (let at = skipSpaces(text, from); ; at = skipSpaces(text, at)) {
    if (text.charCodeAt(at) === CLOSE_LIST) {
      found = list;
      return delimited(text, at + 1);
    }
    at = valueAt(text, at);
    if (at === NOT_SIMPLE) return at;
    list.push(found);
  }
};

/** Here, if a value may end here: what follows it says where it ends. */
const delimited = (text: string, at: number): number => {
  const code = text.charCodeAt(at);
  return isSpace(code) || code === CLOSE_MAP || code === CLOSE_LIST ? at : NOT_SIMPLE;
};

/** A name starts with a letter. */
const endOfName = (text: string, from: number): number => {
  let at = from;
  while (isLetter(text.charCodeAt(at)) || (at > from && isInName(text.charCodeAt(at)))) at += 1;
  return at === from ? NOT_SIMPLE : at;
};

const isLetter = (code: number): boolean => (code >= 97 && code <= 122) || (code >= 65 && code <= 90);

/** Digits, and - . / _ */
const isInName = (code: number): boolean => (code >= MINUS && code <= NINE) || code === 95;

const isSpace = (code: number): boolean => code === 32 || code === COMMA || code === 10 || code === 9 || code === 13;

const skipSpaces = (text: string, from: number): number => {
  let at = from;
  while (isSpace(text.charCodeAt(at))) at += 1;
  return at;
};

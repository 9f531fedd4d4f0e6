/**
 * What most operations look like in EDN, read ten times as fast as EDN is: a map from keywords to integers, words, texts, and
 * lists of them. Anything else is left to the reader proper; a property keeps that both read the same.
 */

/** What stands here is not of the simple kind. */
const NOT_SIMPLE = -1;

const QUOTE = 34;
const HASH = 35;
const COMMA = 44;
const MINUS = 45;
const ZERO = 48;
const NINE = 57;
const COLON = 58;
const OPEN_LIST = 91;
const CLOSE_LIST = 93;
const OPEN_MAP = 123;
const CLOSE_MAP = 125;

/** More digits might not be exact. */
const MOST_DIGITS = 15;

const WORDS: readonly (readonly [word: string, value: unknown])[] = [['nil', null], ['true', true], ['false', false]];

/** The value that was read last: functions below return where it ends. */
let found: unknown;

/** What an event is read from, of all that a map holds: all have the same shape, so that they are sooner made and asked. */
const noFields = (): Record<(typeof FIELDS)[number], unknown> => ({ process: undefined, type: undefined, f: undefined, value: undefined, key: undefined, result: undefined, error: undefined, time: undefined, index: undefined });
const FIELDS = ['process', 'type', 'f', 'value', 'key', 'result', 'error', 'time', 'index'] as const;

/** A map that starts here within a text, or a record of one, with a type; and where it ends. */
export type Quick = { readonly map: Readonly<Record<string, unknown>>; readonly end: number };

export const quickMap = (text: string, from = 0): Quick | undefined => {
  const start = text.charCodeAt(from) === HASH ? endOfName(text, from + 1) : from;
  if (start === NOT_SIMPLE || text.charCodeAt(start) !== OPEN_MAP) return undefined;
  const map = noFields();
  for (let at = skipSpaces(text, start + 1); ; at = skipSpaces(text, at)) {
    const code = text.charCodeAt(at);
    if (code === CLOSE_MAP) return map.type === undefined ? undefined : { map, end: at + 1 };
    if (code !== COLON) return undefined;
    const end = endOfName(text, at + 1);
    if (end === NOT_SIMPLE || !isSpace(text.charCodeAt(end))) return undefined;
    const name = nameIn(text, at + 1, end);
    at = valueAt(text, skipSpaces(text, end));
    if (at === NOT_SIMPLE) return undefined;
    switch (name) {
      case 'process': map.process = found; break;
      case 'type': map.type = found; break;
      case 'f': map.f = found; break;
      case 'value': map.value = found; break;
      case 'key': map.key = found; break;
      case 'result': map.result = found; break;
      case 'error': map.error = found; break;
      case 'time': map.time = found; break;
      case 'index': map.index = found; break;
      default: // nobody asks for others
    }
  }
};

/** Names that were read, each where its letters put it: a history has few, and one text for all is sooner found and compared. */
const NAMES: string[] = Array.from({ length: 256 }, () => '');

const placeOf = (text: string, from: number, end: number): number => (3 * text.charCodeAt(from) + 37 * text.charCodeAt((from + end) >> 1) + 109 * (end - from)) & 255;

for (const name of FIELDS) NAMES[placeOf(name, 0, name.length)] = name;

const nameIn = (text: string, from: number, end: number): string => {
  const place = placeOf(text, from, end);
  const known = NAMES[place]!;
  if (known.length === end - from && isAt(text, from, known)) return known;
  return (NAMES[place] = text.slice(from, end));
};

const isAt = (text: string, from: number, word: string): boolean => {
  for (let i = 0; i < word.length; i += 1) if (text.charCodeAt(from + i) !== word.charCodeAt(i)) return false;
  return true;
};

const valueAt = (text: string, at: number): number => {
  const code = text.charCodeAt(at);
  if (code === COLON) {
    const end = endOfName(text, at + 1);
    if (end === NOT_SIMPLE) return end;
    found = nameIn(text, at + 1, end);
    return delimited(text, end);
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
    if (isAt(text, at, word)) {
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

/** Most lists are pairs, and a list that was pushed to keeps room for many more. */
const listAt = (text: string, from: number): number => {
  let at = skipSpaces(text, from);
  let list: unknown[] = [];
  for (let length = 0; text.charCodeAt(at) !== CLOSE_LIST; length += 1, at = skipSpaces(text, at)) {
    at = valueAt(text, at);
    if (at === NOT_SIMPLE) return at;
    if (length === 0) list = [found];
    else if (length === 1) list = [list[0], found];
    else list.push(found);
  }
  found = list;
  return delimited(text, at + 1);
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

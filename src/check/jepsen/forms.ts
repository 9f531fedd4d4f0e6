/**
 * The forms of a text that comes in pieces, one after the other: maps and their like, whether they stand a line each, across
 * lines, or in a list around all of them. Only a form that is not finished is kept. EDN and JSON nest alike.
 */

import * as E from 'fp-ts/lib/Either.js';
import type { Quick } from './quick.js';

/** One form, and the line that it starts in, from 1; what it says, where that was read at once. */
export type Form = { readonly line: number; readonly text: string } | { readonly line: number; readonly map: Quick['map'] };

export type Splitter = {
  /** The forms that this piece finishes, or what is wrong with the text, and in which line. */
  readonly push: (piece: string) => E.Either<string, readonly Form[]>;
  /** The rest, if there is any. */
  readonly end: () => E.Either<string, readonly Form[]>;
};

/** The text is not finished here: the rest of the form is still to come. */
const UNFINISHED = -1;

const QUOTE = 34;
const HASH = 35;
const COMMA = 44;
const SEMICOLON = 59;
const BACKSLASH = 92;
const UNDERSCORE = 95;
const OPEN_MAP = 123;
const BYTE_ORDER_MARK = 0xfeff;

const isSpace = (code: number): boolean => code <= 32 || code === COMMA || code === BYTE_ORDER_MARK;
/** `(`, `[` or `{`, and what closes them. */
const isOpening = (code: number): boolean => code === 40 || code === 91 || code === 123;
const isClosing = (code: number): boolean => code === 41 || code === 93 || code === 125;

/** Reads a form that starts here, if it is of some simple kind, and finished. */
type ReadQuickly = (text: string, from: number) => Quick | undefined;

/** Splits what stands at the top, or in the lists that stand there. */
export const formSplitter = (readQuickly: ReadQuickly = () => undefined): Splitter => {
  let rest = '';
  let line = 1;
  let lists = 0; // around the forms

  const split = (text: string, from: number, isLast: boolean): E.Either<string, readonly Form[]> => {
    const forms: Form[] = [];
    let at = from;
    let lineEnd = nextLineEnd(text, from);
    const goTo = (end: number): void => {
      for (; lineEnd < end; lineEnd = nextLineEnd(text, lineEnd + 1)) line += 1;
      at = end;
    };
    while (at < text.length) {
      const code = text.charCodeAt(at);
      const quick = code === OPEN_MAP || code === HASH ? readQuickly(text, at) : undefined;
      if (quick !== undefined) {
        forms.push({ line, map: quick.map });
        goTo(quick.end);
      } else if (isSpace(code)) goTo(at + 1);
      else if (code === 91 || code === 40) {
        lists += 1;
        at += 1;
      } else if (isClosing(code)) {
        if (lists === 0) return E.left(`line ${line}: ${text.charAt(at)} closes nothing`);
        lists -= 1;
        at += 1;
      } else {
        const isComment = code === SEMICOLON;
        const isDiscarded = code === HASH && text.charCodeAt(at + 1) === UNDERSCORE;
        const end = isComment ? endOfLine(text, at, isLast) : endOfForm(text, isDiscarded ? at + 2 : at, isLast);
        if (end === UNFINISHED) break;
        if (!isComment && !isDiscarded) forms.push({ line, text: text.slice(at, end) });
        goTo(end);
      }
    }
    rest = text.slice(at);
    return E.right(forms);
  };

  return {
    // What is joined is read at half the speed of what is not: only the first line of a piece is joined to what was left.
    push: (piece) => {
      const first = rest === '' ? 0 : piece.indexOf('\n') + 1;
      const before: E.Either<string, readonly Form[]> = first === 0 ? E.right([]) : split(rest + piece.slice(0, first), 0, false);
      if (E.isLeft(before)) return before;
      const after = rest === '' ? split(piece, first, false) : split(rest + piece.slice(first), 0, false);
      return before.right.length === 0 ? after : E.map((forms: readonly Form[]) => before.right.concat(forms))(after);
    },
    end: () =>
      E.filterOrElse(
        () => rest === '' && lists === 0,
        () => `line ${line}: ${rest === '' ? 'the list' : 'the form that starts here'} is never closed`,
      )(split(rest, 0, true)),
  };
};

const nextLineEnd = (text: string, from: number): number => {
  const end = text.indexOf('\n', from);
  return end < 0 ? Infinity : end;
};

const endOfLine = (text: string, from: number, isLast: boolean): number => {
  const end = text.indexOf('\n', from);
  return end < 0 && isLast ? text.length : end;
};

/** Where the form ends that starts here: a string, an atom, or all that a bracket holds, with its tags ahead of it. */
const endOfForm = (text: string, from: number, isLast: boolean): number => {
  let at = from;
  while (at < text.length && isSpace(text.charCodeAt(at))) at += 1;
  const code = text.charCodeAt(at);
  if (code === QUOTE) return endOfString(text, at);
  if (isOpening(code)) return endOfBrackets(text, at);
  const start = at;
  while (at < text.length && !isDelimiter(text.charCodeAt(at))) at += 1;
  if (code === HASH) return at === text.length ? UNFINISHED : endOfForm(text, at, isLast);
  return at === text.length && (!isLast || at === start) ? UNFINISHED : Math.max(at, start + 1);
};

/** Of the letters in ASCII: 1 for those that mean nothing within brackets. */
const IS_PLAIN = Uint8Array.from({ length: 128 }, (_, code) => Number(!isOpening(code) && !isClosing(code) && ![QUOTE, SEMICOLON, BACKSLASH].includes(code)));

const isDelimiter = (code: number): boolean => isSpace(code) || isOpening(code) || isClosing(code) || code === QUOTE || code === SEMICOLON;

const endOfString = (text: string, from: number): number => {
  for (let at = from + 1; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (code === BACKSLASH) at += 1;
    else if (code === QUOTE) return at + 1;
  }
  return UNFINISHED;
};

const endOfBrackets = (text: string, from: number): number => {
  let depth = 0;
  for (let at = from; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (code > 127 || IS_PLAIN[code] === 1) continue;
    if (code === QUOTE) {
      at = endOfString(text, at) - 1;
      if (at < from) return UNFINISHED;
    } else if (code === SEMICOLON) {
      at = text.indexOf('\n', at);
      if (at < 0) return UNFINISHED;
    } else if (code === BACKSLASH) at += 1;
    else if (isOpening(code)) depth += 1;
    else if (isClosing(code)) {
      depth -= 1;
      if (depth === 0) return at + 1;
    }
  }
  return UNFINISHED;
};

const PAIRS: readonly string[] = ['()', '[]', '{}'];

/** Whether every bracket of a text is closed by its own. */
export const isBalanced = (text: string): boolean => {
  const open: string[] = [];
  for (let at = 0; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (code === QUOTE) {
      const end = endOfString(text, at);
      if (end === UNFINISHED) return false;
      at = end - 1;
    } else if (code === SEMICOLON) at = Math.min(nextLineEnd(text, at), text.length);
    else if (code === BACKSLASH) at += 1;
    else if (isOpening(code)) open.push(text.charAt(at));
    else if (isClosing(code) && !PAIRS.includes(`${open.pop() ?? ''}${text.charAt(at)}`)) return false;
  }
  return open.length === 0;
};

/** The first form of a text, and what is left of it. */
export const firstForm = (text: string): readonly [form: string, rest: string] => {
  const end = endOfForm(text, 0, true);
  return end === UNFINISHED ? [text.trim(), ''] : [text.slice(0, end).trim(), text.slice(end).trim()];
};

/** What a trace's JSON must look like before a machine is shown it: the first field that does not, and what was expected. */

/** Why a JSON value is not what was expected, at which field; `undefined` if it is. */
export type Check = (value: unknown, field: string) => string | undefined;

export const natural: Check = (value, field) =>
  typeof value === 'number' && Number.isSafeInteger(value) && value >= 0 ? undefined : `${field}: expected a natural number, got ${say(value)}`;

export const integer: Check = (value, field) =>
  typeof value === 'number' && Number.isSafeInteger(value) ? undefined : `${field}: expected an integer, got ${say(value)}`;

export const time: Check = (value, field) => (typeof value === 'number' && Number.isFinite(value) ? undefined : `${field}: expected a time in ms, got ${say(value)}`);

export const text: Check = (value, field) => (typeof value === 'string' ? undefined : `${field}: expected a text, got ${say(value)}`);

/** What may be left out. */
export const maybe =
  (check: Check): Check =>
  (value, field) =>
    value === undefined ? undefined : check(value, field);

export const list =
  (item: Check): Check =>
  (value, field) => {
    if (!Array.isArray(value)) return `${field}: expected a list, got ${say(value)}`;
    for (let i = 0; i < value.length; i += 1) {
      const flaw = item(value[i], `${field}[${i}]`);
      if (flaw !== undefined) return flaw;
    }
    return undefined;
  };

/** An object with these fields and no others. */
export const fields = (checks: Readonly<Record<string, Check>>): Check => {
  const entries = Object.entries(checks);
  return (value, field) => {
    if (!isObject(value)) return `${field}: expected an object, got ${say(value)}`;
    for (const [name, check] of entries) {
      const flaw = check(value[name], `${field}.${name}`);
      if (flaw !== undefined) return flaw;
    }
    const extra = Object.keys(value).find((name) => checks[name] === undefined);
    return extra === undefined ? undefined : `${field}.${extra}: no such field here`;
  };
};

/** One of several objects, told apart by their `type`. */
export const variants = (checks: Readonly<Record<string, Readonly<Record<string, Check>>>>): Check => {
  const byType = new Map(Object.entries(checks).map(([type, fieldsOf]) => [type, fields({ type: text, ...fieldsOf })]));
  return (value, field) => {
    if (!isObject(value)) return `${field}: expected an object, got ${say(value)}`;
    const check = typeof value['type'] === 'string' ? byType.get(value['type']) : undefined;
    return check === undefined ? `${field}.type: expected one of ${[...byType.keys()].join(', ')}, got ${say(value['type'])}` : check(value, field);
  };
};

export const isObject = (value: unknown): value is Readonly<Record<string, unknown>> => typeof value === 'object' && value !== null && !Array.isArray(value);

const say = (value: unknown): string => (value === undefined ? 'nothing' : JSON.stringify(value).slice(0, 60));

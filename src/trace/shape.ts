/** What a trace's JSON must look like before a machine is shown it: the first field that does not, and what was expected. */

/** Why a JSON value is not what was expected, behind the path of the field inside it, as in `.ring[2]: ..`; `undefined` if it is. */
export type Check = (value: unknown) => string | undefined;

export const natural: Check = (value) => (typeof value === 'number' && Number.isSafeInteger(value) && value >= 0 ? undefined : `: expected a natural number, got ${say(value)}`);

export const integer: Check = (value) => (typeof value === 'number' && Number.isSafeInteger(value) ? undefined : `: expected an integer, got ${say(value)}`);

export const time: Check = (value) => (typeof value === 'number' && Number.isFinite(value) ? undefined : `: expected a time in ms, got ${say(value)}`);

export const text: Check = (value) => (typeof value === 'string' ? undefined : `: expected a text, got ${say(value)}`);

/** A digest as it is written. */
export const digest: Check = (value) => (typeof value === 'string' && /^[0-9a-f]{8}$/.test(value) ? undefined : ': expected a digest of 8 hexadecimal digits');

/** What may be left out. */
export const maybe =
  (check: Check): Check =>
  (value) =>
    value === undefined ? undefined : check(value);

export const list =
  (item: Check): Check =>
  (value) => {
    if (!Array.isArray(value)) return `: expected a list, got ${say(value)}`;
    for (let i = 0; i < value.length; i += 1) {
      const flaw = item(value[i]);
      if (flaw !== undefined) return `[${i}]${flaw}`;
    }
    return undefined;
  };

/** An object with these fields and no others. */
export const fields = (checks: Readonly<Record<string, Check>>): Check => {
  const entries = Object.entries(checks);
  return (value) => {
    if (!isObject(value)) return `: expected an object, got ${say(value)}`;
    for (const [name, check] of entries) {
      const flaw = check(value[name]);
      if (flaw !== undefined) return `.${name}${flaw}`;
    }
    for (const name in value) if (checks[name] === undefined) return `.${name}: no such field here`;
    return undefined;
  };
};

/** One of several objects, told apart by their `type`. */
export const variants = (checks: Readonly<Record<string, Readonly<Record<string, Check>>>>): Check => {
  const byType = new Map(Object.entries(checks).map(([type, fieldsOf]) => [type, fields({ type: text, ...fieldsOf })]));
  return (value) => {
    if (!isObject(value)) return `: expected an object, got ${say(value)}`;
    const check = typeof value['type'] === 'string' ? byType.get(value['type']) : undefined;
    return check === undefined ? `.type: expected one of ${[...byType.keys()].join(', ')}, got ${say(value['type'])}` : check(value);
  };
};

export const isObject = (value: unknown): value is Readonly<Record<string, unknown>> => typeof value === 'object' && value !== null && !Array.isArray(value);

const say = (value: unknown): string => (value === undefined ? 'nothing' : JSON.stringify(value).slice(0, 60));

/** What each model calls its operations. */

export const WORDS = {
  register: ['read', 'write'],
  'cas-register': ['read', 'write', 'cas'],
  map: ['read', 'get', 'write', 'put', 'insert', 'update', 'cas', 'delete', 'remove'],
  append: ['get', 'read', 'put', 'write', 'append'],
  'ordered-map': ['read', 'insert', 'update', 'delete', 'scan'],
  'multi-register': ['read', 'write', 'txn'],
  mutex: ['acquire', 'lock', 'release', 'unlock'],
} as const;

export type ModelName = keyof typeof WORDS;

export const MODELS: readonly ModelName[] = ['register', 'cas-register', 'map', 'append', 'ordered-map', 'multi-register', 'mutex'];

export const isKnown = (model: ModelName, f: string): boolean => (WORDS[model] as readonly string[]).includes(f);

/** Why no operation of a model is called so, and which model knows one. */
export const unknownWord = (model: ModelName, f: string): string => {
  const others = MODELS.filter((other) => isKnown(other, f));
  return `f: ${f} is none of ${WORDS[model].join(', ')}, which --model ${model} knows${others.length === 0 ? '' : `; try --model ${others.join(' or ')}`}`;
};

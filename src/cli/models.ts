/** Models, by the names and sizes that people give. */
import { MODELS, modelOf, type AnySystem } from '../models/index.js';

/** The model of that name in that size, or in its usual one. Throws an error that says which there are. */
export const theSystem = (name: string, asked?: number): { readonly system: AnySystem; readonly size: number } => {
  const model = modelOf(name);
  if (model === undefined) throw new Error(`model '${name}' is none of ${MODELS.map((one) => one.name).join(', ')}`);
  const size = asked ?? model.size.usual;
  if (size > model.size.most) throw new Error(`--size ${size}: ${name} goes up to ${model.size.most} (${model.size.what})`);
  return { system: model.of(size), size };
};

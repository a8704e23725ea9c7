import { AppError } from '../../../errors.js';
import { type JsonObject, type ShopStore } from '../../../store/index.js';
import { type RecordOutcome, type RowSink } from '../layouts/layout.js';
import { RowBuffer } from '../row-buffer.js';
import { type EntityMapper, type ItemKey, type Resource } from './connector.js';
import { type EntityReader, ShopEntityMapper } from './entity-mapper.js';
import { shopifyReader } from './shopify-rows.js';
import { wooCommerceReader } from './woocommerce-rows.js';

const READERS: readonly EntityReader[] = [shopifyReader, wooCommerceReader];

/** How an entity in quarantine is to be read again. */
export interface EntityContext {
  readonly kind: 'ENTITY';
  readonly connector: string;
  readonly resource: Resource;
  readonly itemKey: ItemKey;
}

export function entityContext(connector: string, resource: Resource, itemKey: ItemKey): JsonObject {
  return { kind: 'ENTITY', connector, resource, itemKey };
}

/** Turns entities of a system into rows and writes them; an outcome an entity, in their order. */
export async function writeEntities(
  store: ShopStore,
  connector: string,
  resource: Resource,
  entities: readonly JsonObject[],
  itemKey: ItemKey,
): Promise<RecordOutcome[]> {
  const refused = new Map<number, string>();
  const buffer = new RowBuffer(store, (line, error) => {
    if (line !== null) refused.set(line, error.message);
  });
  const mapper = createMapper(connector, buffer, itemKey);
  const outcomes = entities.map((raw, index) => {
    buffer.line = index;
    return mapper.take(resource, raw);
  });
  buffer.line = null;
  mapper.finish();
  await buffer.drain();
  return outcomes.map((outcome, index) => {
    const reason = refused.get(index);
    return outcome === 'KEPT' && reason !== undefined ? { rejected: reason } : outcome;
  });
}

function createMapper(connector: string, sink: RowSink, itemKey: ItemKey): EntityMapper {
  const reader = READERS.find(({ source }) => source === connector);
  if (reader !== undefined) return new ShopEntityMapper(reader, sink, { itemKey, now: Date.now() });
  throw new AppError('INTERNAL', `Nothing maps entities of ${connector}.`);
}

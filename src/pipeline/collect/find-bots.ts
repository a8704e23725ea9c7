import { type BotEvidence, BotWatch } from './bots.js';
import { type Layout, type LayoutOptions, type RowSink } from './layouts/layout.js';
import { type RecordSource } from './record-source.js';

/**
 * Reads a source through its layout to find users who behave as no person can, before anything is written. It is a reading of its own,
 * as the last line of a file may be what gives a bot away, or acquits a customer.
 *
 * @throws `signal.reason` when aborted
 */
export async function findBots(
  source: RecordSource,
  layout: Layout,
  columns: readonly string[],
  options: LayoutOptions,
  signal?: AbortSignal,
): Promise<BotEvidence[]> {
  const watch = new BotWatch();
  const ignore = (): void => undefined;
  const sink: RowSink = {
    user: ignore,
    item: ignore,
    itemIfNew: ignore,
    transaction: ignore,
    link: ignore,
    behaviour: ({ userId, type, occurredAt }) => watch.see(userId, type, occurredAt.getTime()),
  };
  const mapper = layout.createMapper(columns, sink, options);
  for await (const batch of source.batches({
    hasHeader: layout.columnsWithoutHeader === undefined,
    columns,
  })) {
    for (const { values, problem } of batch) if (problem === null) mapper.map(values);
    signal?.throwIfAborted();
  }
  return watch.verdicts();
}

/** The measured part, in a process of its own so that its memory is its own: column files from PostgreSQL, features as of each cut. */
import { join } from 'node:path';

import { FeatureFiles } from '../../src/pipeline/preprocess/index.js';
import { openStore } from '../../src/store/index.js';
import { memoryOf } from '../ingest/api-process.js';

export interface ComputeRequest {
  readonly databaseUrl: string;
  readonly directory: string;
  readonly cuts: readonly number[];
}

export interface ComputeResult {
  readonly readS: number;
  readonly featuresS: number;
  readonly rowsRead: number;
  readonly rows: number;
  readonly computedCuts: number;
  /** Users with features, over all cuts. */
  readonly examples: number;
  readonly peakMb: number;
}

process.once('message', (request: ComputeRequest) => {
  void compute(request).then((result) => process.send?.(result, () => process.exit(0)));
});

async function compute({ databaseUrl, directory, cuts }: ComputeRequest): Promise<ComputeResult> {
  const store = await openStore({ databaseUrl });
  const shop = await store.forShop('default');
  const started = performance.now();
  const files = await shop.openHistoryFiles(join(directory, 'history'));
  const { rowsRead, rows } = await files.refresh();
  const read = performance.now();
  const features = await new FeatureFiles(join(directory, 'features')).bringUp(files, cuts);
  const done = performance.now();
  await store.close();
  return {
    readS: (read - started) / 1000,
    featuresS: (done - read) / 1000,
    rowsRead,
    rows,
    computedCuts: features.computed.length,
    examples: features.cuts.reduce((sum, cut) => sum + cut.users, 0),
    peakMb: memoryOf(process.pid).peakMb,
  };
}

import { setTimeout as sleep } from 'node:timers/promises';

import type { RunRow, ShopStore } from '../store/index.js';

const POLL_MS = 500;

/** The run as it ended, however it ended; resolves when it has. */
export async function waitForRun(shop: ShopStore, runId: string): Promise<RunRow> {
  for (;;) {
    const [run] = await shop.runsByIds([runId]);
    if (run && run.status !== 'QUEUED' && run.status !== 'RUNNING') return run;
    await sleep(POLL_MS);
  }
}

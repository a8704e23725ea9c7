/** A shop's sender that does not give up: a batch is sent again until the API has answered for every row of it. */
import { setTimeout as sleep } from 'node:timers/promises';

const RETRY_MS = 100;
/** An answer that takes longer was lost. */
const ANSWER_MS = 60_000;

export interface Acknowledged {
  readonly accepted: number;
  readonly duplicates: number;
  readonly rejected: number;
}

export interface RetryingClient {
  /** Sends one batch of NDJSON until it is acknowledged. */
  send(body: string): Promise<Acknowledged>;
  /** Requests that failed and were sent again. */
  readonly retries: number;
}

/**
 * @param urlOf where the API serves now; null while it is down
 * @param giveUpMs longest time without an acknowledgement
 */
export function retryingClient(urlOf: () => string | null, giveUpMs: number): RetryingClient {
  let retries = 0;
  return {
    get retries() {
      return retries;
    },
    send: async (body) => {
      const deadline = Date.now() + giveUpMs;
      let last: unknown = 'the API is down';
      while (Date.now() < deadline) {
        const url = urlOf();
        if (url !== null) {
          try {
            const response = await fetch(`${url}/ingest/behaviours`, {
              method: 'POST',
              headers: { 'content-type': 'application/x-ndjson' },
              body,
              signal: AbortSignal.timeout(ANSWER_MS),
            });
            const text = await response.text();
            if (response.status === 200) return JSON.parse(text) as Acknowledged;
            last = `${response.status} ${text.slice(0, 300)}`;
          } catch (thrown) {
            last = thrown;
          }
          retries++;
        }
        await sleep(RETRY_MS);
      }
      throw new Error(`No acknowledgement within ${giveUpMs} ms; last: ${String(last)}`);
    },
  };
}

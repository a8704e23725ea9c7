/**
 * Sends malformed bodies to a running API, several at once as clients do, and judges each answer; at the end the store holds the right
 * rows alone.
 */
import { Random } from '../../src/nn/random.js';
import { MALFORMED, type MalformedRequest } from './malformed.js';

/** The longest wait is for the disk: what is answered for is on it. */
const CLIENTS = 6;

export interface FuzzOptions {
  readonly url: string;
  /** Inputs of each kind at least. */
  readonly each: number;
  /** Goes on until then at least; milliseconds since the epoch. */
  readonly until: number;
  readonly seed: number;
  /** Event ids in the store, for those that were sent. */
  readonly storedEvents: () => Promise<ReadonlySet<string>>;
  readonly kinds?: readonly string[];
}

export interface FuzzResult {
  readonly inputs: number;
  readonly kinds: Record<string, number>;
  /** Wrong answers and wrong rows in words, the first hundred. */
  readonly failures: string[];
  readonly failed: number;
}

export async function fuzz(options: FuzzOptions): Promise<FuzzResult> {
  const random = new Random(options.seed);
  const names = options.kinds ?? Object.keys(MALFORMED);
  const kinds: Record<string, number> = Object.fromEntries(names.map((name) => [name, 0]));
  const failures: string[] = [];
  const mustHave = new Set<string>();
  const mayHave = new Set<string>();
  let failed = 0;
  const note = (failure: string): void => {
    failed++;
    if (failures.length < 100) failures.push(failure);
  };
  for (let round = 0; round < options.each || Date.now() < options.until; round++) {
    // All bodies of a round before the first is sent, so that the seed alone says what they are.
    const requests = names.map((name, at) => ({ name, request: MALFORMED[name](random, `f${round}-${at}`) }));
    const client = async () => {
      for (let next = requests.pop(); next; next = requests.pop()) {
        const { name, request } = next;
        kinds[name]++;
        const { problem, isWhole } = await judge(options.url, request);
        if (problem !== null) note(`${name} (round ${round}): ${problem}`);
        for (const event of request.rightEvents) (isWhole ? mustHave : mayHave).add(event);
      }
    };
    await Promise.all(Array.from({ length: CLIENTS }, client));
  }
  const stored = await options.storedEvents();
  for (const event of mustHave) if (!stored.has(event)) note(`The right row ${event} is not stored.`);
  for (const event of stored)
    if (!mustHave.has(event) && !mayHave.has(event)) note(`A wrong row is stored: ${event}.`);
  return { inputs: Object.values(kinds).reduce((sum, count) => sum + count, 0), kinds, failures, failed };
}

/** `isWhole`: the answer says that all right rows were taken. */
async function judge(
  url: string,
  request: MalformedRequest,
): Promise<{ problem: string | null; isWhole: boolean }> {
  let status: number;
  let text: string;
  try {
    const body = new Uint8Array(request.body);
    const response = await fetch(`${url}/ingest/behaviours`, {
      method: 'POST',
      headers: request.headers,
      body,
    });
    status = response.status;
    text = await response.text();
  } catch (thrown) {
    return { problem: `no answer: ${String(thrown)}`, isWhole: false };
  }
  if (status >= 400 && status < 500) {
    const problem =
      request.refused === 'ROW' ? `refused whole with ${status}: ${text.slice(0, 200)}` : reasonIn(text);
    return { problem, isWhole: false };
  }
  if (status !== 200) return { problem: `status ${status}: ${text.slice(0, 200)}`, isWhole: false };
  if (request.refused === 'BODY') return { problem: `was accepted: ${text.slice(0, 200)}`, isWhole: true };
  const answer = JSON.parse(text) as {
    accepted: number;
    duplicates: number;
    rejected: number;
    errors: { index: number; code: string; message: string }[];
  };
  const isRight =
    answer.rejected === 1 &&
    answer.accepted + answer.duplicates === request.rightEvents.length &&
    answer.errors.length === 1 &&
    answer.errors[0].index === request.badIndex &&
    answer.errors[0].code === 'BAD_USER_INPUT' &&
    isReason(answer.errors[0].message);
  return { problem: isRight ? null : `answered ${text.slice(0, 300)}`, isWhole: true };
}

function reasonIn(text: string): string | null {
  try {
    const { message } = flat(JSON.parse(text)) as { message?: unknown };
    return typeof message === 'string' && isReason(message) ? null : `no reason in ${text.slice(0, 200)}`;
  } catch {
    return `the answer is not JSON: ${text.slice(0, 200)}`;
  }
}

/** An error stands at the top of an answer or under `error`, or is the first of `errors`. */
function flat(answer: unknown): unknown {
  const { error, errors } = answer as { error?: unknown; errors?: unknown[] };
  return error ?? errors?.[0] ?? answer;
}

/** Words for a caller: neither empty nor the program's inside. */
function isReason(message: string): boolean {
  return message.length > 10 && !/\bat .*:\d+:\d+|SQL state|undefined is not|Cannot read prop/.test(message);
}

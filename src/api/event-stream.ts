/**
 * Turns events that are pushed into a stream that is pulled, as subscriptions need it. Not an async generator: `return` of one that
 * waits for its next event would itself wait for that event, and the source would be left on.
 *
 * @param start is given `push` and `end`, and returns what stops the source
 * @param limit events kept for a slow reader; the oldest are dropped first, as a later state replaces an earlier one
 */
export async function eventStream<Event>(
  start: (push: (event: Event) => void, end: () => void) => Promise<() => Promise<void>>,
  limit = 1000,
): Promise<AsyncIterableIterator<Event>> {
  const waiting: Event[] = [];
  const readers: ((result: IteratorResult<Event>) => void)[] = [];
  let isEnded = false;
  let stop: (() => Promise<void>) | null = null;
  const done: IteratorResult<Event> = { value: undefined, done: true };

  const push = (event: Event): void => {
    if (isEnded) return;
    const reader = readers.shift();
    if (reader) return reader({ value: event, done: false });
    waiting.push(event);
    if (waiting.length > limit) waiting.shift();
  };
  const end = (): void => {
    isEnded = true;
    for (const reader of readers.splice(0)) reader(done);
  };
  const close = async (): Promise<IteratorResult<Event>> => {
    end();
    waiting.length = 0;
    const stopping = stop;
    stop = null;
    await stopping?.();
    return done;
  };

  stop = await start(push, end);
  const stream: AsyncIterableIterator<Event> = {
    next: async () => {
      const event = waiting.shift();
      if (event !== undefined) return { value: event, done: false };
      if (isEnded) return close();
      return new Promise((resolve) => readers.push(resolve));
    },
    return: close,
    throw: async (thrown) => {
      await close();
      throw thrown;
    },
    [Symbol.asyncIterator]() {
      return stream;
    },
  };
  return stream;
}

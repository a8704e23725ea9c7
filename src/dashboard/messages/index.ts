import { DATA_MESSAGES } from './data.en.js';
import { EVALUATION_MESSAGES } from './evaluation.en.js';
import { PAGE_MESSAGES } from './pages.en.js';
import { TERM_MESSAGES } from './terms.en.js';

/** Every text the reader sees. A translation is a second pair of files with the same keys. */
const MESSAGES = { ...TERM_MESSAGES, ...PAGE_MESSAGES, ...DATA_MESSAGES, ...EVALUATION_MESSAGES };
export type MessageKey = keyof typeof MESSAGES;

/** A text of the table; `{name}` in it is replaced by the value of that name. */
export function text(key: MessageKey, values: Readonly<Record<string, string | number>> = {}): string {
  return MESSAGES[key].replace(/\{(\w+)\}/g, (placeholder, name: string) =>
    String(values[name] ?? placeholder),
  );
}

/** The text for a name of the API (an enum value, a metric, a feature); unknown ones are shown in words. */
export function term(
  group: 'task' | 'kind' | 'collaboration' | 'status' | 'behaviour' | 'metric' | 'family' | 'curve' | 'split',
  name: string,
): string {
  // Metrics are spelled in several ways: ndcg@10, ndcgAt10, NDCG_10.
  const key = `${group}.${group === 'metric' ? name.toLowerCase().replace(/at(?=\d)|[^a-z0-9]/g, '') : name}`;
  return key in MESSAGES ? MESSAGES[key as MessageKey] : inWords(name);
}

/** A task in words; one of the shop's own by the name that the shop gave. */
export function taskTitle({ task, customTask }: { task: string; customTask?: string | null }): string {
  return customTask ? inWords(customTask) : term('task', task);
}

/** A list of tasks in words; CUSTOM stands for those of the shop's own, whose names are beside it. */
export function taskTitles({
  tasks,
  customTasks,
}: {
  tasks: readonly string[];
  customTasks: readonly string[];
}): string {
  const builtIn = tasks.filter((task) => task !== 'CUSTOM').map((task) => term('task', task));
  return [...builtIn, ...customTasks.map(inWords)].join(', ');
}

/** `recencyDays`, `RECENCY_DAYS` or `recency-days` → "Recency days". */
export function inWords(name: string): string {
  const words = name
    .replace(/([a-z0-9])([A-Z])/g, '$1 $2')
    .replace(/[_\-.]+/g, ' ')
    .trim()
    .toLowerCase();
  return words.charAt(0).toUpperCase() + words.slice(1);
}

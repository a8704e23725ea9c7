import { textOf } from '../values.js';

/**
 * A category from the most general part to the most special: lists as they are, texts split at `>`, `|`, or the layout's
 * own separator. [] when empty.
 */
export function splitCategory(value: unknown, separator?: string | RegExp): string[] {
  const parts = Array.isArray(value)
    ? value.map(textOf)
    : textOf(value)
        .split(separator ?? /\s*[>|]\s*/)
        .map((part) => part.trim());
  return parts.filter((part) => part !== '');
}

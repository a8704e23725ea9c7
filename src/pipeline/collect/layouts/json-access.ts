import { numberFrom, textOf } from '../values.js';

/** An object of a foreign JSON document; nothing about it is taken for granted. */
export type JsonNode = Readonly<Record<string, unknown>>;

export function nodeOf(value: unknown): JsonNode {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as JsonNode) : {};
}

export function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

/** The first of the values that says something, as text; '' when none does. Objects say nothing. */
export function firstText(...values: readonly unknown[]): string {
  for (const value of values) {
    const text = typeof value === 'object' ? '' : textOf(value);
    if (text !== '' && text !== '(not set)') return text;
  }
  return '';
}

/** The first of the values that is a number; NaN when none is. */
export function firstNumber(...values: readonly unknown[]): number {
  for (const value of values) {
    const number = typeof value === 'object' ? NaN : numberFrom(value);
    if (Number.isFinite(number)) return number;
  }
  return NaN;
}

/** A number of units: whole and at least 1. */
export function unitsOf(value: unknown): number {
  const number = firstNumber(value);
  return Number.isNaN(number) ? 1 : Math.max(1, Math.round(Math.abs(number)));
}

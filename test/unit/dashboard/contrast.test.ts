import { readFileSync } from 'node:fs';

import { describe, expect, test } from '@jest/globals';

const css = readFileSync(new URL('../../../src/dashboard/style.css', import.meta.url), 'utf8');
const [light = '', dark = ''] = [...css.matchAll(/:root \{([^}]*)\}/g)].map(([, block]) => block);

function colours(block: string): Map<string, string> {
  return new Map(
    [...block.matchAll(/--([\w-]+): (#[0-9a-f]{6});/g)].map(([, name, colour]) => [name, colour]),
  );
}

/** Relative luminance, WCAG 2.2. */
function luminance(colour: string): number {
  const [r, g, b] = [1, 3, 5].map((at) => {
    const channel = parseInt(colour.slice(at, at + 2), 16) / 255;
    return channel <= 0.04045 ? channel / 12.92 : ((channel + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

function contrast(one: string | undefined, other: string | undefined): number {
  if (one === undefined || other === undefined) throw new Error('A colour is missing.');
  const [high, low] = [luminance(one), luminance(other)].sort((a, b) => b - a);
  return (high + 0.05) / (low + 0.05);
}

test('the measure itself: black on white is 21, a colour on itself 1', () => {
  expect(contrast('#000000', '#ffffff')).toBeCloseTo(21, 6);
  expect(contrast('#7f7f7f', '#7f7f7f')).toBe(1);
});

describe.each([
  ['light', colours(light)],
  ['dark', colours(dark)],
])('%s colours', (_scheme, table) => {
  test.each(['ink', 'quiet', 'accent', 'good', 'warn', 'bad'])(
    '%s reads well on every ground (4.5 : 1)',
    (name) => {
      for (const ground of ['ground', 'surface', 'faint']) {
        expect(contrast(table.get(name), table.get(ground))).toBeGreaterThanOrEqual(4.5);
      }
    },
  );

  test.each(['baseline', 'single', 'multi', 'ensemble'])('the lines of %s stand out (3 : 1)', (name) => {
    expect(contrast(table.get(name), table.get('surface'))).toBeGreaterThanOrEqual(3);
  });

  test('text on the main button reads well', () => {
    expect(contrast(table.get('on-accent'), table.get('accent'))).toBeGreaterThanOrEqual(4.5);
  });
});

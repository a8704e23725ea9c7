/** A chart of one line, both axes logarithmic, as SVG. */
export function lineChart(options: {
  readonly title: string;
  readonly xLabel: string;
  readonly yLabel: string;
  readonly points: readonly { readonly x: number; readonly y: number }[];
}): string {
  const { title, xLabel, yLabel, points } = options;
  const [width, height, left, top, right, bottom] = [560, 320, 70, 40, 30, 55];
  const range = (values: number[]) => {
    const low = Math.log10(Math.min(...values));
    const high = Math.log10(Math.max(...values));
    const margin = Math.max(0.15, (high - low) * 0.1);
    return { low: low - margin, high: high + margin };
  };
  const xs = range(points.map(({ x }) => x));
  const ys = range(points.map(({ y }) => y));
  const place = (value: number, { low, high }: { low: number; high: number }) =>
    (Math.log10(value) - low) / (high - low);
  const px = (x: number) => Math.round(left + place(x, xs) * (width - left - right));
  const py = (y: number) => Math.round(height - bottom - place(y, ys) * (height - top - bottom));
  const axisY = height - bottom;
  const path = points.map(({ x, y }, at) => `${at === 0 ? 'M' : 'L'}${px(x)} ${py(y)}`).join(' ');
  const marks = points.map(
    ({ x, y }) =>
      `<circle cx="${px(x)}" cy="${py(y)}" r="4" fill="#2563eb"/>` +
      `<text x="${px(x)}" y="${py(y) - 10}" text-anchor="middle">${short(y)}</text>` +
      `<text x="${px(x)}" y="${axisY + 18}" text-anchor="middle">${short(x)}</text>`,
  );
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" font-family="sans-serif" font-size="12">
<rect width="${width}" height="${height}" fill="#fff"/>
<text x="${width / 2}" y="22" text-anchor="middle" font-size="15">${title}</text>
<path d="M${left} ${top} V${axisY} H${width - right}" fill="none" stroke="#888"/>
<path d="${path}" fill="none" stroke="#2563eb" stroke-width="2"/>
${marks.join('\n')}
<text x="${(left + width - right) / 2}" y="${height - 12}" text-anchor="middle">${xLabel}</text>
<text transform="translate(18 ${(top + axisY) / 2}) rotate(-90)" text-anchor="middle">${yLabel}</text>
</svg>
`;
}

/** 1234567 → 1.2M. */
function short(value: number): string {
  const units: [number, string][] = [
    [1e6, 'M'],
    [1e3, 'k'],
  ];
  for (const [size, unit] of units)
    if (value >= size) return `${Number((value / size).toPrecision(2))}${unit}`;
  return String(Number(value.toPrecision(2)));
}

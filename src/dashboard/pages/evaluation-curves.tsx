import { useState } from 'react';

import { type CurveKind, EVALUATION_CURVES } from '../api/operations.js';
import { useQuery } from '../api/use-query.js';
import { Plot } from '../components/charts.js';
import { Loaded } from '../components/loaded.js';
import { Tabs } from '../components/tabs.js';
import { type MessageKey, term, text } from '../messages/index.js';

const KINDS: readonly CurveKind[] = ['ROC', 'PRECISION_RECALL', 'CALIBRATION', 'LIFT'];
/** What chance gives: the diagonal, or a lift of one. A precision without skill depends on the data and is not drawn. */
const REFERENCE: Partial<Record<CurveKind, (x: number) => number>> = {
  ROC: (x) => x,
  CALIBRATION: (x) => x,
  LIFT: () => 1,
};

/** One curve of an evaluation at a time, read when it is looked at. */
export function EvaluationCurves({
  versionId,
  evaluationId,
  title,
}: {
  versionId: string;
  evaluationId: string;
  title: string;
}) {
  const [kind, setKind] = useState<CurveKind>('ROC');
  const query = useQuery(EVALUATION_CURVES, { id: versionId, kind });
  return (
    <Tabs
      label={text('version.curves')}
      names={KINDS}
      labelOf={(name) => term('curve', name)}
      selected={kind}
      onSelect={setKind}
    >
      <Loaded query={query}>
        {({ modelVersion }) => {
          const points = modelVersion?.evaluations.find(({ id }) => id === evaluationId)?.curve ?? [];
          if (points.length === 0) return <p className="quiet">{text('version.noCurve')}</p>;
          return <Curve kind={kind} points={points} title={title} />;
        }}
      </Loaded>
    </Tabs>
  );
}

function Curve({
  kind,
  points,
  title,
}: {
  kind: CurveKind;
  points: readonly { readonly x: number; readonly y: number }[];
  title: string;
}) {
  const reference = REFERENCE[kind];
  const rows = [...points]
    .sort((a, b) => a.x - b.x)
    .map(({ x, y }) => ({ x, y, reference: reference?.(x) ?? null }));
  if (reference && (rows[0]?.x ?? 0) > 0) rows.unshift({ x: 0, y: null as never, reference: reference(0) });
  if (reference && (rows.at(-1)?.x ?? 1) < 1) rows.push({ x: 1, y: null as never, reference: reference(1) });
  return (
    <Plot
      label={`${term('curve', kind)}: ${title}`}
      rows={rows}
      x="x"
      xLabel={text(`curve.${kind}.x` as MessageKey)}
      yLabel={text(`curve.${kind}.y` as MessageKey)}
      height={340}
      xDomain={[0, 1]}
      yDomain={kind === 'LIFT' ? [0, 'auto'] : [0, 1]}
      formatX={(x) => Number(x).toFixed(2)}
      series={[
        {
          key: 'y',
          label: text('version.model'),
          colour: 'var(--ensemble)',
          hasDots: kind === 'CALIBRATION',
        },
        ...(reference
          ? [
              {
                key: 'reference',
                label: text(kind === 'CALIBRATION' ? 'version.perfect' : 'version.chance'),
                colour: 'var(--baseline)',
                isDashed: true,
              },
            ]
          : []),
      ]}
    />
  );
}

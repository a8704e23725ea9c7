import { lazy, Suspense } from 'react';

import { text } from '../messages/index.js';
import type { PlotProps } from './plot.js';

/** The chart library loads with the first chart, not with the first page. */
const LazyPlot = lazy(() => import('./plot.js'));

export type { PlotProps, PlotSeries } from './plot.js';

/** Lines over a numeric or categorical axis, with a legend beside it in text. */
export function Plot(props: PlotProps) {
  return (
    <Suspense
      fallback={
        <p className="quiet" role="status" style={{ minHeight: props.height ?? 260 }}>
          {text('state.loading')}
        </p>
      }
    >
      <LazyPlot {...props} />
    </Suspense>
  );
}

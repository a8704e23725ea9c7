import { useState } from 'react';

import type { ModelHealthData } from '../api/operations.js';
import { Plot } from '../components/charts.js';
import { Tabs } from '../components/tabs.js';
import { formatNumber } from '../format.js';
import { taskTitle, text } from '../messages/index.js';

/** Predicted probability against what came true, for each task whose outcomes are known by now. */
export function CalibrationReports({ reports }: { reports: ModelHealthData['monitoring']['calibration'] }) {
  const [chosen, setChosen] = useState<string | null>(null);
  const report = reports.find((one) => taskTitle(one) === chosen) ?? reports[0];
  if (!report) return <p className="quiet">{text('monitoring.noCalibration')}</p>;
  const error = text('monitoring.calibrationError', { error: formatNumber(report.expectedCalibrationError) });
  return (
    <Tabs
      label={text('runs.tasks')}
      names={reports.map(taskTitle)}
      labelOf={(title) => title}
      selected={taskTitle(report)}
      onSelect={setChosen}
    >
      <p>{error}</p>
      <Plot
        label={`${text('monitoring.calibration')}: ${taskTitle(report)}. ${error}`}
        rows={report.points.map(({ x, y }) => ({ x, y, reference: x }))}
        x="x"
        xLabel={text('curve.CALIBRATION.x')}
        yLabel={text('curve.CALIBRATION.y')}
        xDomain={[0, 1]}
        yDomain={[0, 1]}
        formatX={(x) => Number(x).toFixed(1)}
        series={[
          { key: 'y', label: text('version.model'), colour: 'var(--ensemble)', hasDots: true },
          { key: 'reference', label: text('version.perfect'), colour: 'var(--baseline)', isDashed: true },
        ]}
      />
    </Tabs>
  );
}

import { useState } from 'react';

import type { RunData } from '../api/operations.js';
import { Plot } from '../components/charts.js';
import { DataTable } from '../components/data-table.js';
import { Tabs } from '../components/tabs.js';
import { formatNumber } from '../format.js';
import { taskTitle, text } from '../messages/index.js';

type Epoch = NonNullable<RunData['trainingRun']>['epochs'][number];

/** The total has no task. */
const taskLabel = ({ task, customTask }: Epoch): string =>
  task === null ? text('task.all') : taskTitle({ task, customTask });

/** Train and validation loss by epoch, a chart a model of the chosen task. */
export function LossCurves({ epochs }: { epochs: readonly Epoch[] }) {
  const tasks = [...new Set(epochs.map(taskLabel))];
  const [chosen, setChosen] = useState<string | null>(null);
  const selected = chosen !== null && tasks.includes(chosen) ? chosen : tasks[0];
  if (selected === undefined) return <p className="quiet">{text('run.noLosses')}</p>;
  const ofTask = epochs.filter((one) => taskLabel(one) === selected).sort((a, b) => a.epoch - b.epoch);
  const models = [...new Set(ofTask.map(({ model }) => model))];
  return (
    <Tabs
      label={text('runs.tasks')}
      names={tasks}
      labelOf={(title) => title}
      selected={selected}
      onSelect={setChosen}
    >
      <div className="columns">
        {models.map((model) => (
          <div key={model} className="stack near">
            <h3>{model}</h3>
            <Plot
              label={`${text('run.losses')}: ${selected}, ${model}`}
              rows={ofTask
                .filter((epoch) => epoch.model === model)
                .map(({ epoch, trainLoss, validationLoss }) => ({ epoch, trainLoss, validationLoss }))}
              x="epoch"
              hasWholeSteps
              xLabel={text('run.epoch')}
              yLabel={text('run.loss')}
              series={[
                { key: 'trainLoss', label: text('run.train'), colour: 'var(--single)', hasDots: true },
                {
                  key: 'validationLoss',
                  label: text('run.validation'),
                  colour: 'var(--ensemble)',
                  isDashed: true,
                  hasDots: true,
                },
              ]}
            />
          </div>
        ))}
      </div>
      <details>
        <summary>{text('run.lossesTable')}</summary>
        <DataTable
          rows={ofTask}
          keyOf={({ model, epoch }) => `${model} ${epoch}`}
          columns={[
            { title: text('run.model'), cell: ({ model }) => model },
            { title: text('run.epoch'), isNumber: true, cell: ({ epoch }) => epoch },
            { title: text('run.train'), isNumber: true, cell: ({ trainLoss }) => formatNumber(trainLoss, 4) },
            {
              title: text('run.validation'),
              isNumber: true,
              cell: ({ validationLoss }) => formatNumber(validationLoss, 4),
            },
          ]}
        />
      </details>
    </Tabs>
  );
}

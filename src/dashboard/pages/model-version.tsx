import { useState } from 'react';

import { MODEL_VERSION, type ModelVersionData } from '../api/operations.js';
import { useQuery } from '../api/use-query.js';
import { ConfusionMatrix } from '../components/confusion-matrix.js';
import { DataTable } from '../components/data-table.js';
import { Loaded } from '../components/loaded.js';
import { Facts, PageTitle, Panel } from '../components/panel.js';
import { Segments } from '../components/segments.js';
import { formatBytes, formatCount, formatDate, formatDateTime, formatNumber } from '../format.js';
import { taskTitle, taskTitles, term, text } from '../messages/index.js';
import { DeploymentControls } from './deployment-controls.js';
import { EnsembleReports } from './ensemble-reports.js';
import { EvaluationCurves } from './evaluation-curves.js';
import { TaskSharing } from './task-sharing.js';

type Version = NonNullable<ModelVersionData['modelVersion']>;
type Evaluation = Version['evaluations'][number];

/** One model version: where it came from, how good it is, and putting it into service. */
export function ModelVersionPage({ id }: { id: string }) {
  const query = useQuery(MODEL_VERSION, { id });
  return (
    <div className="stack">
      <PageTitle>{text('version.title')}</PageTitle>
      <Loaded query={query}>
        {({ modelVersion, deployments }) =>
          modelVersion ? (
            <>
              <VersionFacts version={modelVersion} />
              <DeploymentControls
                id={modelVersion.id}
                isDeployed={deployments.some((deployment) => deployment.modelVersion.id === modelVersion.id)}
                onChange={query.reload}
              />
              {modelVersion.sharing.map((sharing, at) => (
                <TaskSharing key={at} sharing={sharing} />
              ))}
              <EnsembleReports id={modelVersion.id} />
              <Evaluations version={modelVersion} />
            </>
          ) : (
            <p>{text('version.missing')}</p>
          )
        }
      </Loaded>
    </div>
  );
}

function VersionFacts({ version }: { version: Version }) {
  return (
    <Facts
      facts={[
        [
          text('overview.version'),
          <span key="id" className="id">
            {version.id}
          </span>,
        ],
        [text('overview.architecture'), version.architecture],
        [text('version.made'), formatDateTime(version.createdAt)],
        [text('overview.dataUntil'), formatDate(version.dataUntil)],
        [text('version.size'), formatBytes(version.sizeBytes)],
        [
          text('version.hash'),
          <span key="hash" className="id" title={version.contentHash}>
            {version.contentHash.slice(0, 16)}
          </span>,
        ],
        [text('overview.tasks'), taskTitles(version), 'wide'],
      ]}
    />
  );
}

const SPLIT_ORDER = ['TEST', 'VALIDATION', 'TRAIN'];

function labelOf(evaluation: Evaluation): string {
  const { family, architecture, split } = evaluation;
  return `${taskTitle(evaluation)} · ${term('family', family)} (${architecture}) · ${term('split', split)}`;
}

/** Served models on unseen data first. */
function inOrder(evaluations: readonly Evaluation[]): Evaluation[] {
  const rank = ({ isServed, split }: Evaluation) => SPLIT_ORDER.indexOf(split) * 2 + (isServed ? 0 : 1);
  return [...evaluations].sort((a, b) => rank(a) - rank(b));
}

function Evaluations({ version }: { version: Version }) {
  const evaluations = inOrder(version.evaluations);
  const [chosen, setChosen] = useState<string | null>(null);
  const evaluation = evaluations.find(({ id }) => id === chosen) ?? evaluations[0];
  if (!evaluation) return <p className="quiet">{text('version.noEvaluations')}</p>;
  return (
    <>
      <label className="field">
        {text('version.evaluation')}
        <select value={evaluation.id} onChange={(event) => setChosen(event.target.value)}>
          {evaluations.map((one) => (
            <option key={one.id} value={one.id}>
              {labelOf(one)}
            </option>
          ))}
        </select>
      </label>
      <div className="columns">
        <Metrics evaluation={evaluation} />
        {evaluation.confusionMatrix && (
          <Panel title={text('version.confusion')}>
            <ConfusionMatrix matrix={evaluation.confusionMatrix} />
          </Panel>
        )}
      </div>
      {evaluation.segments.length > 0 && <Segments segments={evaluation.segments} />}
      {evaluation.confusionMatrix && (
        <Panel title={text('version.curves')}>
          <EvaluationCurves versionId={version.id} evaluationId={evaluation.id} title={labelOf(evaluation)} />
        </Panel>
      )}
    </>
  );
}

function Metrics({ evaluation }: { evaluation: Evaluation }) {
  const loss = { name: text('run.loss'), value: evaluation.loss, low: null, high: null };
  return (
    <Panel title={text('version.metrics')}>
      <p className="quiet small">
        {evaluation.protocol} · {text('quality.examples', { count: formatCount(evaluation.examples) })}
      </p>
      {evaluation.undefinedMetrics.map(({ name, reason }) => (
        <p key={name} className="quiet small">
          {text('version.undefined', { metric: term('metric', name), reason })}
        </p>
      ))}
      <DataTable
        rows={[loss, ...evaluation.metrics]}
        keyOf={({ name }) => name}
        columns={[
          { title: text('version.metric'), isHeader: true, cell: ({ name }) => term('metric', name) },
          { title: text('quality.value'), isNumber: true, cell: ({ value }) => formatNumber(value, 4) },
          {
            title: text('quality.interval'),
            isNumber: true,
            cell: ({ low, high }) =>
              low === null ? '' : `${formatNumber(low, 4)} – ${formatNumber(high, 4)}`,
          },
        ]}
      />
    </Panel>
  );
}

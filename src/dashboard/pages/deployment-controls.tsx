import { useState } from 'react';

import { DEPLOY_MODEL, ROLLBACK_DEPLOYMENT } from '../api/operations.js';
import { useMutation } from '../api/use-query.js';
import { FailureNote } from '../components/failure-note.js';
import { formatShare } from '../format.js';
import { text } from '../messages/index.js';

const SHARES = [1, 0.5, 0.2, 0.1, 0.05];
const NOTHING = {};

/** Puts a version into service, or takes it out again; both ask first. */
export function DeploymentControls({
  id,
  isDeployed,
  onChange,
}: {
  id: string;
  isDeployed: boolean;
  onChange: () => void;
}) {
  const deploy = useMutation(DEPLOY_MODEL);
  const rollback = useMutation(ROLLBACK_DEPLOYMENT);
  const [share, setShare] = useState(1);
  const [done, setDone] = useState('');
  const isBusy = deploy.isRunning || rollback.isRunning;

  const onDeploy = async () => {
    if (!confirm(text('version.confirmDeploy', { id, share: formatShare(share) }))) return;
    setDone('');
    const answer = await deploy.run({ id, trafficShare: share });
    if (!answer) return;
    setDone(text('version.deployedNow', { share: formatShare(answer.deployModel.trafficShare) }));
    onChange();
  };
  const onRollback = async () => {
    if (!confirm(text('version.confirmRollback'))) return;
    setDone('');
    const answer = await rollback.run(NOTHING);
    if (!answer) return;
    setDone(text('version.rolledBack', { id: answer.rollbackDeployment.modelVersion.id }));
    onChange();
  };

  return (
    <div className="stack near">
      <div className="row">
        {isDeployed && <span className="status good">{text('version.isDeployed')}</span>}
        <label className="row small">
          {text('version.share')}
          <select value={share} onChange={(event) => setShare(Number(event.target.value))}>
            {SHARES.map((value) => (
              <option key={value} value={value}>
                {formatShare(value)}
              </option>
            ))}
          </select>
        </label>
        <button type="button" className="main" disabled={isBusy} onClick={() => void onDeploy()}>
          {text('version.deploy')}
        </button>
        {isDeployed && (
          <button
            type="button"
            disabled={isBusy}
            title={text('version.rollbackHint')}
            onClick={() => void onRollback()}
          >
            {text('version.rollback')}
          </button>
        )}
      </div>
      <p role="status">{done}</p>
      {deploy.failure && <FailureNote failure={deploy.failure} />}
      {rollback.failure && <FailureNote failure={rollback.failure} />}
    </div>
  );
}

// The dependency rule: stages import only earlier stages, through their index; each heavy library has one home.
const STAGES = [
  'collect',
  'preprocess',
  'single-task',
  'evaluate',
  'multi-task',
  'collaborate',
  'ensemble',
  'deploy',
  'monitor',
];
const PIPELINE_TERMS = '^src/pipeline/(index|history|model)\\.ts$';
const TFJS = 'node_modules/@tensorflow/';
const ban = (name, comment, from, to) => ({ name, comment, severity: 'error', from, to });

module.exports = {
  forbidden: [
    ban('no-circular', 'A cycle has no order to read it in.', {}, { circular: true }),
    ban('nn-knows-no-shop', 'Graph mode serves any model.', { path: '^src/nn/' }, { path: '^src/(?!nn/)' }),
    ban(
      'tasks-import-nothing',
      'A task is a definition.',
      { path: '^src/tasks/' },
      { path: '^src/(?!tasks/)' },
    ),
    ban(
      'store-layer',
      'The store knows rows and the terms of the pipeline, nothing above it.',
      { path: '^src/store/' },
      { path: '^src/(api|jobs|nn|recommend|analytics|dashboard|pipeline)/', pathNot: PIPELINE_TERMS },
    ),
    ban(
      'pipeline-layer',
      'Stages know nothing of queue and API.',
      { path: '^src/pipeline/' },
      { path: '^src/(api|jobs|analytics|dashboard)/' },
    ),
    ban(
      'jobs-layer',
      'Jobs know nothing of the API.',
      { path: '^src/jobs/' },
      { path: '^src/(api|dashboard)/' },
    ),
    ...STAGES.slice(0, -1).map((stage, index) =>
      ban(
        `${stage}-imports-no-later-stage`,
        'Data flows one way.',
        { path: `^src/pipeline/${stage}/` },
        { path: `^src/pipeline/(${STAGES.slice(index + 1).join('|')})/` },
      ),
    ),
    ban(
      'stage-through-its-index',
      'A stage shows others only its index.',
      { path: '^src/pipeline/([^/]+)/' },
      { path: '^src/pipeline/[^/]+/', pathNot: ['^src/pipeline/$1/', '/index\\.ts$'] },
    ),
    ban(
      'stage-through-its-index-from-outside',
      'A stage shows others only its index.',
      { path: '^src/(?!pipeline/)' },
      { path: '^src/pipeline/[^/]+/', pathNot: ['/index\\.ts$'] },
    ),
    ban(
      'no-tensors-outside-models',
      'Only models hold tensors.',
      { path: '^src/(api|store|tasks|analytics|pipeline/(collect|preprocess|evaluate|monitor))/' },
      { path: `${TFJS}|^src/nn/(?!(random|threads)\\.ts)` },
    ),
    ban(
      'no-database-in-models',
      'Models read columns, not rows.',
      { path: '^src/pipeline/(preprocess|single-task|evaluate|multi-task|collaborate|ensemble)/' },
      { path: '^src/store/' },
    ),
    ban(
      'api-never-loads-tensorflow',
      'TensorFlow blocks the event loop.',
      { path: '^src/(api/|main\\.ts)' },
      { path: TFJS, reachable: true },
    ),
    ban(
      'prisma-only-in-store',
      'One home for the database.',
      { path: '^src/', pathNot: '^src/store/' },
      { path: 'node_modules/(@prisma|\\.prisma)/|^src/store/generated/' },
    ),
    ban(
      'dashboard-alone',
      'The dashboard knows the API by its documents.',
      { path: '^src/dashboard/' },
      { path: '^src/(?!dashboard/)' },
    ),
    ban(
      'src-imports-no-test',
      'Tests depend on the product, never the other way.',
      { path: '^src/' },
      { path: '^(test|bench)/' },
    ),
  ],
  options: {
    tsConfig: { fileName: 'tsconfig.json' },
    tsPreCompilationDeps: true,
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '^src/(store/generated|dashboard/dist)/' },
  },
};

import fc from 'fast-check';

/** Property tests draw from one seed, so that a run can be had again; other seeds: TANDEM_TEST_SEED=7 npm test. */
fc.configureGlobal({ ...fc.readConfigureGlobal(), seed: Number(process.env.TANDEM_TEST_SEED ?? 1) });

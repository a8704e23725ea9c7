import { aitm } from './aitm.js';
import type { Architecture } from './architecture.js';
import { crossStitch } from './cross-stitch.js';
import { esmm } from './esmm.js';
import { mmoe } from './mmoe.js';
import { cgc, ple } from './ple.js';
import { sharedBottom } from './shared-bottom.js';

/** Ways to share layers between tasks; adding one is its file and its line here. */
export const ARCHITECTURES: readonly Architecture[] = [sharedBottom, mmoe, cgc, ple, crossStitch, aitm, esmm];

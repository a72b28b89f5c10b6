// What scripts/build-assets.mjs makes.

import type { Asset } from './assets.gen.js'

/** The script of Scalar's reference, which draws /docs. */
export declare const reference: Asset

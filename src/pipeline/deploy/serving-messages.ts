import type { ErrorCode } from '../../errors.js';
import type { ServingClient } from './serving-contract.js';

/** Methods of the serving host that go over the process boundary. */
export type ServingMethod = Exclude<keyof ServingClient, 'status' | 'close'> | 'status';

export interface ServingRequest {
  readonly id: number;
  readonly method: ServingMethod;
  readonly args: readonly unknown[];
}

export type ServingReply =
  | { readonly id: number; readonly ok: true; readonly value: unknown }
  | {
      readonly id: number;
      readonly ok: false;
      readonly code: ErrorCode;
      readonly message: string;
      readonly details: Readonly<Record<string, unknown>>;
    };

/** Sent once, when the host can answer. */
export interface ServingReady {
  readonly ready: true;
}

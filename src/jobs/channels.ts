/** Channel of RunProgressEvent. */
export const PROGRESS_CHANNEL = 'run_progress';

import { Failure, type FailureCode } from './failure.js';
import { authorization } from './key.js';

/**
 * Sends a file to wait for its import.
 *
 * @returns what it is called there
 * @throws Failure
 */
export async function uploadFile(file: File): Promise<string> {
  let response: Response;
  let body: { id?: string; error?: { code: string; message: string } };
  try {
    response = await fetch(`/uploads?name=${encodeURIComponent(file.name)}`, {
      method: 'POST',
      headers: { 'content-type': 'application/octet-stream', ...authorization() },
      body: file,
    });
    body = (await response.json()) as typeof body;
  } catch (error) {
    throw new Failure('UNREACHABLE', error instanceof Error ? error.message : '');
  }
  if (body.id !== undefined) return body.id;
  throw new Failure((body.error?.code ?? 'INTERNAL') as FailureCode, body.error?.message ?? '');
}

import { AppError } from '../../errors.js';

/** What a page of another site could send without asking; such a body is never a file. */
const FORM_TYPES = ['text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data'];

/** @throws AppError BAD_USER_INPUT for a body that a page of another site could send */
export function requireDataType(contentType: string | undefined): void {
  if (contentType && !FORM_TYPES.some((type) => contentType.toLowerCase().startsWith(type))) return;
  throw new AppError(
    'BAD_USER_INPUT',
    'Content-Type must name the file’s kind, such as text/csv or application/octet-stream.',
  );
}

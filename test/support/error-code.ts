/** Matches an error with the code ERR_MEMCAGE_<code>, and a text in its message. */
export function withCode(code: string, text?: string): Error {
  return expect.objectContaining({
    code: `ERR_MEMCAGE_${code}`,
    ...(text !== undefined && { message: expect.stringContaining(text) as string }),
  }) as Error;
}

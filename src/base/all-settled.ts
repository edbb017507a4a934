/** Waits for all tasks, so that none is still working when the first failure is thrown. @throws the error of the first task in the list that failed. */
export async function allSettled(tasks: readonly Promise<void>[]): Promise<void> {
  const failed = (await Promise.allSettled(tasks)).find(result => result.status === 'rejected');
  if (failed) throw failed.reason;
}

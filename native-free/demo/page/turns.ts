/** Runs one request at a time. Of the requests that arrive during a run, only the latest is run afterwards. */
export function latest<Q, A>(
  ask: (question: Q) => Promise<A>,
  onAnswer: (answer: A, question: Q) => void,
  onError: (error: unknown) => void,
): (question: Q) => void {
  let busy = false;
  let next: { readonly question: Q } | undefined;
  const turn = async (): Promise<void> => {
    busy = true;
    while (next) {
      const { question } = next;
      next = undefined;
      try {
        onAnswer(await ask(question), question);
      } catch (error) {
        onError(error);
      }
    }
    busy = false;
  };
  return question => {
    next = { question };
    if (!busy) void turn();
  };
}

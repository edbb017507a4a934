/** A function that asks one question at a time. Of the questions that arrive before the answer, it asks only the latest afterwards. */
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

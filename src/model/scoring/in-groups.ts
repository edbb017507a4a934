/** Stands for the next item while the caller has not given it yet. */
const WAITING = Symbol('waiting');

/** A group of this many tokens waits {@link SILENCE} for the next item: small groups of a fast input would read the same blocks again. */
const PATIENT_TOKENS = 1 << 12;
/** How long such a group waits [ms]. To score it takes longer. */
const SILENCE = 10;

/** How large groups are, and how many of them are under way. */
export interface GroupLimits {
  /** How many groups are worked on at the same time before they are full; with 0, a group is full or the last one. */
  readonly count: number;
  /** How many tokens a group should have, if the items come as fast as they are worked on. */
  readonly taskTokens: number;
  /** How many groups of that many tokens may wait or be worked on at the same time; as many more may wait for the result of an earlier one. */
  readonly mostTasks: number;
}

/** A group whose work has begun. */
interface Task<Result> {
  readonly result: Promise<Result>;
  hasEnded: boolean;
}

/**
 * Works on items in groups.
 *
 * - Input: items, which may come slowly or fast.
 * - Output: the result of each group, in the order of the input.
 *
 * If the next item of the input is not ready and a worker is idle, the work on the items that were given so far begins. So a slow input
 * makes small groups, and a fast input makes large groups.
 *
 * @param tokensOf the number of tokens of an item.
 * @param begin begins the work on a group.
 */
export async function* inGroups<Item, Result>(
  items: AsyncIterable<Item>,
  tokensOf: (item: Item) => number,
  begin: (group: readonly Item[]) => Promise<Result>,
  { count, taskTokens, mostTasks }: GroupLimits,
): AsyncGenerator<Result, void, void> {
  const iterator = items[Symbol.asyncIterator]();
  const tasks: Task<Result>[] = [];
  let group: Item[] = [];
  let tokens = 0;
  let next: Promise<IteratorResult<Item, void>> | undefined = iterator.next();
  let soon: Promise<typeof WAITING> | undefined;
  let timer: NodeJS.Timeout | undefined;
  /** Whether an item came since the last wait began. */
  let isFlowing = false;
  try {
    while (next || group.length > 0 || tasks.length > 0) {
      if (tasks.length > 0 && tasks[0].hasEnded) {
        yield await tasks[0].result;
        tasks.shift();
        continue;
      }
      const isFull = tokens >= taskTokens;
      if (next && !isFull) {
        soon ??= new Promise(resolve => {
          const end = (): void => {
            soon = undefined;
            resolve(WAITING);
          };
          if (tokens < PATIENT_TOKENS) setImmediate(end);
          else timer = setTimeout(end, SILENCE);
        });
        const arrived = await Promise.race([next, soon]);
        if (arrived !== WAITING) {
          if (arrived.done) {
            next = undefined;
          } else {
            group.push(arrived.value);
            tokens += tokensOf(arrived.value);
            isFlowing = true;
            next = iterator.next();
          }
          continue;
        }
        if (isFlowing && tokens >= PATIENT_TOKENS) {
          isFlowing = false;
          continue;
        }
      }
      const underWay = tasks.filter(({ hasEnded }) => !hasEnded);
      const hasRoom = underWay.length < (isFull || !next ? mostTasks : count) && tasks.length < 2 * mostTasks;
      if (group.length > 0 && hasRoom) {
        tasks.push(taskOf(begin(group)));
        group = [];
        tokens = 0;
        continue;
      }
      // The first task may have ended while the next item was awaited: the caller may give no further item before it has the result.
      if (tasks.length > 0 && tasks[0].hasEnded) continue;
      const events: Promise<unknown>[] = underWay.map(({ result }) => result.catch(() => undefined));
      if (next && !isFull) events.push(next);
      await Promise.race(events);
    }
  } finally {
    clearTimeout(timer);
    const ending = iterator.return?.();
    // While an item is due, a caller that needs no more results does not wait for it: a slow input may never give it.
    if (next) ending?.catch(() => undefined);
    else await ending;
  }
}

function taskOf<Result>(result: Promise<Result>): Task<Result> {
  const task: Task<Result> = { result, hasEnded: false };
  const end = (): void => void (task.hasEnded = true);
  // A failure is thrown where `result` is awaited; without this handler it would count as unhandled before.
  task.result.then(end, end);
  return task;
}

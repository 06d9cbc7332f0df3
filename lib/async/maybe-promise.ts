/** A value now, or later. An answer that is there already costs no turn of any queue. */
export type MaybePromise<T> = T | Promise<T>;

/**
 * A procedure that stops only where an answer is not there yet:
 * `const reply = yield* wait(endpoint.sendCommand(…))`. Whoever runs it (see
 * {@link run}) gets its result at once if it never had to stop.
 *
 * It reads as an asynchronous function does, errors and `finally` included, and
 * is one piece of code for answers of both kinds.
 */
export type Steps<T> = Generator<Promise<unknown>, T, unknown>;

/** The answer; stops for it if it is not there yet. */
export function* wait<T>(answer: MaybePromise<T>): Steps<T> {
  return answer instanceof Promise ? ((yield answer) as T) : answer;
}

/** Runs a procedure: to its end at once if it can, else as its answers come. */
export function run<T>(steps: Steps<T>): MaybePromise<T> {
  const step = steps.next();
  return step.done === true ? step.value : resume(steps, step.value);
}

async function resume<T>(steps: Steps<T>, first: Promise<unknown>): Promise<T> {
  let pending = first;
  for (;;) {
    let step: IteratorResult<Promise<unknown>, T>;
    let answer: unknown;
    try {
      answer = await pending;
    } catch (error) {
      step = steps.throw(error);
      if (step.done === true) return step.value;
      pending = step.value;
      continue;
    }
    step = steps.next(answer);
    if (step.done === true) return step.value;
    pending = step.value;
  }
}

/** What `then` makes of an answer, as soon as it is there. */
export function after<T, U>(
  answer: MaybePromise<T>,
  then: (value: T) => MaybePromise<U>,
): MaybePromise<U> {
  return answer instanceof Promise ? answer.then(then) : then(answer);
}

/** A promise of an answer, for those who are promised one; what is thrown at once rejects it. */
export function promised<T>(answer: () => MaybePromise<T>): Promise<T> {
  try {
    return Promise.resolve(answer());
  } catch (error) {
    return Promise.reject(error);
  }
}

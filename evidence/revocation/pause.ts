/** Keeps nothing alive: a run that is over does not wait for it. */
export const pause = (ms: number): Promise<null> => new Promise((over) => setTimeout(() => over(null), ms).unref());

/** A part of a list, as functions that list things return it. */
export interface Part<Item> {
  data?: { items: Item[]; nextCursor: string | null } | undefined;
  error?: unknown;
}

/**
 * Goes through a list to its end, part by part. A problem is thrown.
 *
 * ```ts
 * for await (const note of eachItem((cursor) => listDashboardNotes({ query: { cursor } }))) { … }
 * ```
 */
export async function* eachItem<Item>(
  read: (cursor: string | undefined) => Promise<Part<Item>>,
): AsyncGenerator<Item, void, undefined> {
  let cursor: string | undefined;
  do {
    const { data, error } = await read(cursor);
    if (data === undefined) {
      throw error;
    }
    yield* data.items;
    cursor = data.nextCursor ?? undefined;
  } while (cursor !== undefined);
}

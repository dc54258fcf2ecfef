/** Options for `useQuery`, `useInfiniteQuery` and `useMutation` of TanStack Query, one for each operation. */
export * from './generated/@tanstack/react-query.gen.js';

/**
 * Defaults for a `QueryClient`: the client repeats by itself what may be repeated, so that TanStack Query need not repeat
 * refusals as well.
 *
 * ```ts
 * const queryClient = new QueryClient({ defaultOptions: queryDefaults });
 * ```
 */
export const queryDefaults = { queries: { retry: false } } as const;

/** Options for `useQuery`, `useInfiniteQuery` and `useMutation` of TanStack Query, one for each operation. */
export * from './generated/@tanstack/react-query.gen.js';

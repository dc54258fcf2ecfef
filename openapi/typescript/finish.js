// Changes what openapi-ts makes where it has no setting for it: node finish.js <folder>
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const folder = process.argv[2];

/** Replaces something that must be there, once or as often as it is. */
function replace(file, changes) {
  const path = join(folder, file);
  let text = readFileSync(path, 'utf8');
  for (const [before, after] of changes) {
    const changed = text.replace(before, after);
    if (changed === text) {
      throw new Error(`${file} has nothing like ${before}`);
    }
    text = changed;
  }
  writeFileSync(path, text);
}

// Answers of one tenant and caller are nobody else's: both are part of every key, and what is asked is what the key says.
replace('@tanstack/react-query.gen.ts', [
  ["import { client } from '../client.gen.js';", "import { identityOf } from '../../identity.js';\nimport { client } from '../client.gen.js';"],
  ['.getConfig().baseUrl } as', '.getConfig().baseUrl, ...identityOf(options?.client ?? client) } as'],
  ['params.headers = options.headers;', 'params.headers = { ...params.headers, ...options.headers } as typeof params.headers;'],
  // Lists continue where the cursor points.
  [
    /queryKey: (\w+InfiniteQueryKey)\(options\)\n/g,
    'queryKey: $1(options),\n    initialPageParam: {},\n    getNextPageParam: (page) => page.nextCursor ?? undefined\n',
  ],
]);

// Nothing new is no error.
replace('client/client.gen.ts', [
  [
    /( +)if \(response\.ok\) \{\n/,
    "$1if (response.status === 304) {\n$1  return opts.responseStyle === 'data' ? undefined : ({ data: undefined, error: undefined, ...result } as any);\n$1}\n\n$&",
  ],
]);

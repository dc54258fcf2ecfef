// Makes src/generated out of ../openapi.json. What is made is checked in; scripts/test sees whether it is current.
import { defineConfig } from '@hey-api/openapi-ts';

export default defineConfig({
  input: '../openapi.json',
  output: {
    path: process.env.CTSYNC_GENERATED ?? 'src/generated',
    module: { extension: '.js' },
    postProcess: [{ command: 'node', args: ['finish.js', '{{path}}'] }],
  },
  // Lists continue where the cursor points.
  parser: { pagination: { keywords: ['cursor'] } },
  plugins: ['@hey-api/client-fetch', '@hey-api/typescript', '@hey-api/sdk', '@tanstack/react-query'],
});

/** Client of the HTTP API of ctsync: a function for each operation, types for all that goes in and out. */
export * from './generated/index.js';
export { client } from './generated/client.gen.js';
export { createClient, type Client } from './generated/client/index.js';
export { configure, connect, type Connection } from './connect.js';
export { eachItem, type Part } from './lists.js';
export { isProblem } from './problem.js';

export * from './commit-digest.js';
export * from './endpoint.js';
export * from './exceptions.js';

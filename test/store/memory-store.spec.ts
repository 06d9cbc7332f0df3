import { MemoryStore } from '../../lib/store/memory/memory-store.js';
import { describeStore } from '../contract/store.js';

describeStore('memory', async () => new MemoryStore());

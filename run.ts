import 'reflect-metadata';
import { Test } from '@nestjs/testing';
import { QldbModule } from 'nestjs-qldb';
import { Garage, GarageModule } from './garage.js';
const m = await Test.createTestingModule({ imports: [QldbModule.forRoot({ ledgerName: 'g', store: 'memory:' }), GarageModule] }).compile();
await m.init();
const g = m.get(Garage, { strict: false });
await g.add({ VIN: 'A', Make: 'X', Year: 2016 }, { VIN: 'B', Make: 'Y', Year: 2000 });
console.log(await g.young()); await g.sell('A', 'Ada'); const o = await g.owners('A'); console.log(o.owners, o.proof?.proof.length); await m.close();

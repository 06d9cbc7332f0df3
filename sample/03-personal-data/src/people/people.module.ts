import { Module } from '@nestjs/common';
import { QldbModule } from 'nestjs-qldb';
import { VaultModule } from '../vault/vault.module.js';
import { PeopleController } from './people.controller.js';
import { PeopleService } from './people.service.js';
import { Person } from './person.js';

@Module({
  imports: [
    QldbModule.forFeature([Person], { createTables: true }),
    VaultModule,
  ],
  controllers: [PeopleController],
  providers: [PeopleService],
})
export class PeopleModule {}

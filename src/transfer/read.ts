import type { SerialEngine } from '../db/engine.ts'
import type { Bound } from '../db/query.ts'

/** Runs a query and decodes its rows. Throws `DatabaseError`. */
export const read = <Row>(engine: SerialEngine, bound: Bound<Row>): Row[] =>
  bound.statement.decode(engine.all(bound)) as Row[]

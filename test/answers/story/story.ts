import { everyOperation } from './every-operation.ts'
import { files } from './files.ts'
import { groups } from './groups.ts'
import { after, before } from './later.ts'
import { limits } from './limits.ts'
import { requests } from './requests.ts'
import type { Teller } from './teller.ts'

/** The whole story; `turn` ends a day and starts the service again on another. */
export async function tellStory(teller: Teller, turn: () => Promise<void>): Promise<void> {
  await requests(teller)
  await groups(teller)
  await files(teller)
  await limits(teller)
  await everyOperation(teller)
  const left = await before(teller)
  await turn()
  await after(teller, left)
}

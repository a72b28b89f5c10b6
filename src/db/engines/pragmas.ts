/** How every in-process engine opens a database: readers beside the one writer, and on disk before it is answered. */
export const openingPragmas = [
  'journal_mode = WAL',
  'synchronous = FULL',
  // The command line may be writing beside the service.
  'busy_timeout = 5000',
  'cache_size = -65536',
  'temp_store = MEMORY',
] as const

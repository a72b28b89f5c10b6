/** How much of a caller's address an event keeps. */
export const addressKeeping = ['full', 'prefix', 'none'] as const
export type AddressKeeping = (typeof addressKeeping)[number]

/**
 * The part of an address that may be kept: all of it, its network (/24 of IPv4, /48 of IPv6), or nothing. A
 * text that is not an address is not kept.
 */
export function keptAddress(address: string, keeping: AddressKeeping): string {
  const plain = address.replace(/^::ffff:(?=\d+\.)/i, '')
  if (keeping === 'none' || !/^[0-9a-f.:]{2,45}$/i.test(plain)) return ''
  if (keeping === 'full') return plain
  const v4 = /^(\d{1,3}\.\d{1,3}\.\d{1,3})\.\d{1,3}$/.exec(plain)
  if (v4 !== null) return `${v4[1]}.0`
  return `${networkOf(plain)}::`
}

/** The first three groups of an IPv6 address, in which `::` may stand for any number of groups. */
function networkOf(address: string): string {
  const [head = ''] = address.split('::')
  const groups = head === '' ? [] : head.split(':')
  return [0, 1, 2].map(i => (groups[i] ?? '0').toLowerCase()).join(':')
}

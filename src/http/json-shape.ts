/**
 * Bounds of a JSON body besides its size in bytes: objects built from a text may cost far more than the text.
 */
const mostKeys = 2000
const mostLevels = 32
const mostItems = 50_000

const quote = 0x22
const comma = 0x2c
const colon = 0x3a
const openList = 0x5b
const backslash = 0x5c
const closeList = 0x5d
const openObject = 0x7b
const closeObject = 0x7d

/**
 * Why a JSON text has too many keys, levels or items to build objects from; undefined if it is within the
 * bounds. It reads the text once, builds nothing, and does not check that the text is JSON. An object of 100
 * 000 keys blocks the event loop for as long as a thousand requests do.
 */
export function jsonTooComplex(text: string): string | undefined {
  let [keys, items, levels] = [0, 0, 0]
  for (let i = 0; i < text.length; i++) {
    switch (text.charCodeAt(i)) {
      case quote:
        i = endOfString(text, i + 1)
        break
      case colon:
        if (++keys > mostKeys) return `the body has more than ${mostKeys} keys`
        break
      case comma:
        if (++items > mostItems) return `the body has more than ${mostItems} items`
        break
      case openObject:
      case openList:
        // Each of these begins an object or a list, which is an item, too.
        if (++items > mostItems) return `the body has more than ${mostItems} items`
        if (++levels > mostLevels) return `the body is nested deeper than ${mostLevels} levels`
        break
      case closeObject:
      case closeList:
        levels--
        break
    }
  }
  return undefined
}

/** The position of the quote that ends the string, or a position behind the text if there is none. */
function endOfString(text: string, start: number): number {
  for (let at = text.indexOf('"', start); at >= 0; at = text.indexOf('"', at + 1)) {
    let escapes = 0
    while (text.charCodeAt(at - 1 - escapes) === backslash) escapes++
    if (escapes % 2 === 0) return at
  }
  return text.length
}

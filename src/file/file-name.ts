/*
 * The name that a file is saved under, and the content type that goes with it. Names come from whoever sent the
 * file: they are cleaned before they are kept.
 */

/** Code points, as of the name of a shared file (docs/behaviour.md, section 5). */
const longestName = 255
/** Controls, halves of surrogate pairs, and marks that make a name read in another order than it is. */
const unfit = /[\u0000-\u001f\u007f-\u009f\u200e\u200f\u202a-\u202e\u2066-\u2069\p{Surrogate}]/gu
/** What browsers call a file that has no name. */
const noName = 'blob'

/** A sent name as it is kept: its last segment, without what is unfit; '' if nothing is left of it. */
export function cleanFileName(sent: string): string {
  const segment = sent.split(/[/\\]/).at(-1) ?? ''
  const clean = shortened(segment.replace(unfit, '').trim(), longestName)
  return /^\.*$/.test(clean) || clean === noName ? '' : clean
}

/** A name of at most so many code points; what is cut is not its extension. */
export function shortened(name: string, most: number): string {
  const characters = [...name]
  if (characters.length <= most) return name
  const extension = extensionOf(name)
  const end = extension === '' ? '' : name.slice(-extension.length - 1)
  return characters.slice(0, most - end.length).join('') + end
}

/** Types by extension, of files whose bytes do not say it. None of them is ever shown in place. */
const typesByExtension: Readonly<Record<string, string>> = {
  csv: 'text/csv',
  txt: 'text/plain',
  md: 'text/markdown',
  json: 'application/json',
  rtf: 'application/rtf',
  pdf: 'application/pdf',
  zip: 'application/zip',
  doc: 'application/msword',
  xls: 'application/vnd.ms-excel',
  ppt: 'application/vnd.ms-powerpoint',
  docx: 'application/vnd.openxmlformats-officedocument.wordprocessingml.document',
  xlsx: 'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet',
  pptx: 'application/vnd.openxmlformats-officedocument.presentationml.presentation',
  odt: 'application/vnd.oasis.opendocument.text',
  ods: 'application/vnd.oasis.opendocument.spreadsheet',
  odp: 'application/vnd.oasis.opendocument.presentation',
  epub: 'application/epub+zip',
  apk: 'application/vnd.android.package-archive',
}

/** Types of bytes that say only what container they are; an extension may say more. */
const containers = new Set(['application/octet-stream', 'application/zip', 'application/x-cfb'])
const zipped = /^application\/(vnd\.openxml|vnd\.oasis|epub|vnd\.android|zip)/

/** The content type of bytes with a name: what the bytes are, and where these say little, what the name says. */
export function typeOf(contentType: string, name: string): string {
  if (!containers.has(contentType)) return contentType
  const byName = typesByExtension[extensionOf(name)]
  // Bytes that are a ZIP archive are no text, whatever their name says.
  const fits = contentType !== 'application/zip' || (byName !== undefined && zipped.test(byName))
  return byName !== undefined && fits ? byName : contentType
}

/** Extensions of files that have no name, by content type. */
const extensions: Readonly<Record<string, string>> = {
  'image/jpeg': 'jpg',
  'image/png': 'png',
  'image/gif': 'gif',
  'image/webp': 'webp',
  'image/avif': 'avif',
  'image/heic': 'heic',
  'image/bmp': 'bmp',
  'image/tiff': 'tif',
  'image/x-icon': 'ico',
  'audio/amr': 'amr',
  'audio/amr-wb': 'awb',
  'audio/mpeg': 'mp3',
  'audio/aac': 'aac',
  'audio/mp4': 'm4a',
  'audio/3gpp': '3gp',
  'audio/webm': 'weba',
  'audio/ogg': 'ogg',
  'audio/wav': 'wav',
  'audio/flac': 'flac',
  'video/mp4': 'mp4',
  'video/webm': 'webm',
  'video/quicktime': 'mov',
  'video/3gpp': '3gp',
  'video/3gpp2': '3g2',
  ...Object.fromEntries(Object.entries(typesByExtension).map(([extension, type]) => [type, extension])),
}

/** The name to save a file under: its own, or one made of its id, with the extension of its type. */
export function savedName(name: string, id: string, contentType: string): string {
  if (name !== '') return name
  const extension = extensions[contentType]
  return extension === undefined ? id : `${id}.${extension}`
}

/** The name of what was made of a file: its own, with the extension of what was made. */
export function convertedName(name: string, contentType: string): string {
  const extension = extensions[contentType]
  const own = extensionOf(name)
  const stem = own === '' ? name : name.slice(0, -own.length - 1)
  return extension === undefined ? name : `${stem}.${extension}`
}

/** In lower case; '' for none. */
const extensionOf = (name: string): string =>
  /[^.]\.([A-Za-z0-9]{1,10})$/.exec(name)?.[1]?.toLowerCase() ?? ''

/*
 * The name that a file is saved under, and the content type that goes with the name. The sender of a file
 * chooses its name, so it is cleaned before it is kept.
 */

/** Code points, as for the name of a shared file (docs/behaviour.md, section 5). */
const longestName = 255
/**
 * Control characters, single halves of surrogate pairs, and marks that change the direction in which a name
 * is shown.
 */
const unfit = /[\u0000-\u001f\u007f-\u009f\u200e\u200f\u202a-\u202e\u2066-\u2069\p{Surrogate}]/gu
/** What browsers call a file that has no name. */
const noName = 'blob'

/**
 * The part of a sent name that is kept: its last path segment without unfit characters; '' if nothing is
 * left.
 */
export function cleanFileName(sent: string): string {
  const segment = sent.split(/[/\\]/).at(-1) ?? ''
  const clean = shortened(segment.replace(unfit, '').trim(), longestName)
  return /^\.*$/.test(clean) || clean === noName ? '' : clean
}

/** Shortens a name to at most so many code points. The extension stays. */
export function shortened(name: string, most: number): string {
  const characters = [...name]
  if (characters.length <= most) return name
  const extension = extensionOf(name)
  const end = extension === '' ? '' : name.slice(-extension.length - 1)
  return characters.slice(0, most - end.length).join('') + end
}

/**
 * Content types by extension, for files whose bytes do not tell the type. None of them is ever shown in
 * place.
 */
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

/** Content types that only name a container. The extension may tell what is in it. */
const containers = new Set(['application/octet-stream', 'application/zip', 'application/x-cfb'])
const zipped = /^application\/(vnd\.openxml|vnd\.oasis|epub|vnd\.android|zip)/

/**
 * The content type of bytes that have a name. It follows the bytes. Where these tell only a container, it
 * follows the extension.
 */
export function typeOf(contentType: string, name: string): string {
  if (!containers.has(contentType)) return contentType
  const byName = typesByExtension[extensionOf(name)]
  // A ZIP archive is not a text, whatever its name says.
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

/** The name to save a file under: its own, or its id with the extension of its type. */
export function savedName(name: string, id: string, contentType: string): string {
  if (name !== '') return name
  const extension = extensions[contentType]
  return extension === undefined ? id : `${id}.${extension}`
}

/** The name of a converted file: the original's name with the extension of the new type. */
export function convertedName(name: string, contentType: string): string {
  const extension = extensions[contentType]
  const own = extensionOf(name)
  const stem = own === '' ? name : name.slice(0, -own.length - 1)
  return extension === undefined ? name : `${stem}.${extension}`
}

/** In lower case; '' for none. */
const extensionOf = (name: string): string =>
  /[^.]\.([A-Za-z0-9]{1,10})$/.exec(name)?.[1]?.toLowerCase() ?? ''

/*
 * What is done with a file of each content type. This is the type of the file's bytes, and never the type
 * that somebody declared.
 */

export type MediaFamily = 'image' | 'audio' | 'video' | 'other'

/**
 * The only types that are shown in place: those that clients can show or play. Every other file is sent as an
 * attachment, to be saved.
 */
const SHOWN = new Set([
  'image/jpeg',
  'image/png',
  'image/gif',
  'image/webp',
  'image/avif',
  'audio/amr',
  'audio/amr-wb',
  'audio/mpeg',
  'audio/aac',
  'audio/mp4',
  'audio/3gpp',
  'audio/webm',
  'audio/ogg',
  'audio/wav',
  'audio/flac',
  'video/mp4',
  'video/webm',
  'video/quicktime',
  'video/3gpp',
  'video/3gpp2',
])

/** Pictures that thumbnails are made of. So only these may be avatars. */
const PICTURES = new Set([
  'image/jpeg',
  'image/png',
  'image/gif',
  'image/webp',
  'image/avif',
  'image/heic',
  'image/bmp',
  'image/tiff',
  'image/x-icon',
])

/** Pictures of these types are decoded as a video is, by ffmpeg where there is one. */
const PICTURES_BY_FFMPEG = new Set(['image/jxl'])

export const isShown = (contentType: string): boolean => SHOWN.has(contentType)

export const hasThumbnail = (contentType: string): boolean => PICTURES.has(contentType)

/** Whether a thumbnail is made of a frame that `Videos` finds. */
export const hasFrames = (contentType: string): boolean =>
  familyOf(contentType) === 'video' || PICTURES_BY_FFMPEG.has(contentType)

export function familyOf(contentType: string): MediaFamily {
  const [family] = contentType.split('/', 1)
  return family === 'image' || family === 'audio' || family === 'video' ? family : 'other'
}

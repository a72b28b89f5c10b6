/** One instance of opencore-amr's narrow-band decoder; its memory is `buffer`, pointers count from its start. */
export interface AmrNb {
  readonly buffer: ArrayBuffer
  /** A pointer to so many bytes; 0 when there is no room. */
  malloc(bytes: number): number
  /** A new decoder; 0 when there is no room. */
  open(): number
  /** Decodes one frame, its header byte included, into 160 samples of 16 bits. `bad` 1 conceals a lost frame. */
  decode(decoder: number, frame: number, samples: number, bad: 0 | 1): void
}

export function openAmrNb(): AmrNb

/** A JSON text of `size` bytes, quotes included, no two blocks of which are equal. */
export function largeText(size: number): Buffer {
  const text = Buffer.alloc(size)
  for (let at = 0; at < size; at += 16) text.write(at.toString(36).padStart(16, '.'), at, 'latin1')
  text[0] = 0x22
  text[size - 1] = 0x22
  return text
}

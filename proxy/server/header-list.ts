/** Whether a header that is a list, such as `Connection`, names `token`, which is in lower case. */
export function hasToken(header: string | undefined, token: string): boolean {
  if (header === undefined) return false
  const lower = header.toLowerCase()
  if (lower === token) return true
  return lower.includes(token) && lower.split(',').some((each) => each.trim() === token)
}

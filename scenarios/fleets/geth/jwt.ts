import { createHmac } from 'node:crypto'

/**
 * A token for one call to a Geth's Engine API, which takes it for a minute on either side of `nowS`.
 *
 * @param secret 32 bytes
 * @param nowS seconds since 1970
 * @see execution-apis, `engine/authentication.md`: HS256 over `{"iat": seconds}`
 */
export function engineToken(secret: Buffer, nowS: number): string {
  const unsigned = [{ alg: 'HS256', typ: 'JWT' }, { iat: nowS }]
    .map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'))
    .join('.')
  return `${unsigned}.${createHmac('sha256', secret).update(unsigned).digest('base64url')}`
}

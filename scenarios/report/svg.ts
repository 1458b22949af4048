/** A piece of SVG or HTML that is already escaped. */
export type Markup = string

export type Attributes = { readonly [name: string]: string | number | undefined }

/** One element; numbers are written with at most two decimals. */
export function element(name: string, attributes: Attributes, ...children: Markup[]): Markup {
  const written = Object.entries(attributes)
    .filter(([, value]) => value !== undefined)
    .map(
      ([key, value]) =>
        ` ${key}="${typeof value === 'number' ? short(value) : escaped(String(value))}"`,
    )
    .join('')
  return children.length === 0
    ? `<${name}${written}/>`
    : `<${name}${written}>${children.join('')}</${name}>`
}

/** A text at a place; `anchor` says which end of it lies there. */
export function label(
  x: number,
  y: number,
  text: string,
  anchor: 'start' | 'middle' | 'end' = 'start',
  kind?: string,
): Markup {
  return element('text', { x, y, 'text-anchor': anchor, class: kind }, escaped(text))
}

/** A straight line, vertical or not. */
export function line(x1: number, y1: number, x2: number, y2: number, kind: string): Markup {
  return element('line', { x1, y1, x2, y2, class: kind })
}

/** A line through points, in their order. */
export function polyline(points: readonly (readonly [number, number])[], kind: string): Markup {
  const written = points.map(([x, y]) => `${short(x)},${short(y)}`).join(' ')
  return element('polyline', { points: written, class: kind })
}

/** The whole picture: scales with its place, told to a screen reader in one sentence. */
export function picture(
  width: number,
  height: number,
  description: string,
  ...children: Markup[]
): Markup {
  return element(
    'svg',
    {
      viewBox: `0 0 ${short(width)} ${short(height)}`,
      role: 'img',
      'aria-label': description,
      xmlns: 'http://www.w3.org/2000/svg',
    },
    ...children,
  )
}

/** Text made safe for markup and for attributes in double quotes. */
export function escaped(text: string): Markup {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
}

function short(value: number): string {
  return String(Number(value.toFixed(2)))
}

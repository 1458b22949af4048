/** Questions under way at once. */
const atOnce = 16

/** `work` done for each item, not for all at once. @throws the first error of `work` */
export async function inChunks<Item, Done>(
  items: readonly Item[],
  work: (item: Item, index: number) => Promise<Done>,
): Promise<Done[]> {
  const done: Done[] = []
  for (let from = 0; from < items.length; from += atOnce) {
    done.push(
      ...(await Promise.all(
        items.slice(from, from + atOnce).map((item, i) => work(item, from + i)),
      )),
    )
  }
  return done
}

import { deepEqual, equal, ok, rejects } from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { BrowserProvider, Contract, ContractFactory, isCallException, toQuantity } from 'ethers'
import hre from 'hardhat'
import { marblesBytecode, marblesJson } from '../marbles.ts'

const { network } = hre
const provider = new BrowserProvider(network.provider, network.config.chainId, { cacheTimeout: -1 })
const far = '0x00000000000000000000000000000000000000fa'

/** What was told, by test; the same wherever it is told from. */
const outcome: Record<string, unknown> = {}

/** The tests of a project as Hardhat's own tutorials have them: a fixture, taken back before each test. */
describe('Marbles', () => {
  let address = ''
  let start = 0
  let snapshot: unknown

  before(async () => {
    await network.provider.send('hardhat_reset')
    const factory = new ContractFactory(
      [...marblesJson],
      marblesBytecode,
      await provider.getSigner(0),
    )
    const deployed = await factory.deploy()
    outcome['deployed'] = await deployed.deploymentTransaction()?.wait()
    address = await deployed.getAddress()
    start = await provider.getBlockNumber()
    snapshot = await network.provider.send('evm_snapshot')
  })

  beforeEach(async () => {
    equal(await network.provider.send('evm_revert', [snapshot]), true)
    snapshot = await network.provider.send('evm_snapshot')
  })

  after(() => {
    writeFileSync(process.env['OUTCOME_FILE'] ?? '', JSON.stringify(outcome))
  })

  it('belong to who made them', async () => {
    outcome['made'] = await (await create(await marblesOf(0), 'tiger')).wait()
    const marble = await (await marblesOf(0)).getFunction('get').staticCall(await idOf('tiger'))
    equal(marble.owner, await (await provider.getSigner(0)).getAddress())
    equal(await provider.getBlockNumber(), start + 1)
  })

  it('are gone when the chain is taken back', async () => {
    equal(await provider.getBlockNumber(), start)
    equal(await (await marblesOf(0)).getFunction('total').staticCall(), 0n)
    equal(await provider.getBlock(start + 1), null)
    deepEqual(await (await marblesOf(0)).queryFilter('Created', 0), [])
  })

  it('come in blocks other than those that were taken back', async () => {
    const marbles = await marblesOf(1)
    outcome['others'] = [
      await (await create(marbles, 'puma')).wait(),
      await (await create(marbles, 'lynx')).wait(),
    ]
    equal(await marbles.getFunction('total').staticCall(), 2n)
    const logs = await marbles.queryFilter('Created', start)
    outcome['logs'] = logs
    deepEqual(
      logs.map(({ blockNumber }) => blockNumber - start),
      [1, 2],
    )
  })

  it('do not change hands for a stranger', async () => {
    await (await create(await marblesOf(0), 'ocelot')).wait()
    const theft = (await marblesOf(1)).getFunction('transfer')
    await rejects(theft.staticCall(await idOf('ocelot'), far), (error) => {
      outcome['theft'] = isCallException(error) ? [error.revert?.name, error.data] : error
      return isCallException(error) && error.revert?.name === 'NotOwner'
    })
    await rejects(theft.send(await idOf('ocelot'), far))
  })

  it('are paid for with what is given', async () => {
    await network.provider.send('hardhat_setBalance', [far, toQuantity(10n ** 18n)])
    equal(await provider.getBalance(far), 10n ** 18n)
    await network.provider.send('hardhat_setNonce', [far, '0x7'])
    equal(await provider.getTransactionCount(far), 7)
    const word = `0x${'5'.padStart(64, '0')}`
    await network.provider.send('hardhat_setStorageAt', [far, '0x0', word])
    equal(await provider.getStorage(far, 0), word)
    await network.provider.send('hardhat_setCode', [far, '0x6005'])
    equal(await provider.getCode(far), '0x6005')
  })

  it('take nothing along from a state that was taken back', async () => {
    equal(await provider.getBalance(far), 0n)
    equal(await provider.getTransactionCount(far), 0)
    equal(await provider.getStorage(far, 0), `0x${'0'.repeat(64)}`)
    equal(await provider.getCode(far), '0x')
  })

  it('grow old', async () => {
    const before = await provider.getBlock(start)
    await network.provider.send('hardhat_mine', ['0x10'])
    equal(await provider.getBlockNumber(), start + 16)
    const next = (before?.timestamp ?? 0) + 100_000
    await network.provider.send('evm_setNextBlockTimestamp', [next])
    await network.provider.send('evm_mine')
    const block = await provider.getBlock('latest')
    equal(block?.timestamp, next)
    outcome['old'] = block
    ok(before !== null)
  })

  async function marblesOf(index: number): Promise<Contract> {
    return new Contract(address, [...marblesJson], await provider.getSigner(index))
  }

  async function idOf(name: string): Promise<string> {
    return await (await marblesOf(0)).getFunction('idOf').staticCall(name)
  }
})

async function create(marbles: Contract, name: string) {
  return await marbles.getFunction('create').send(name, 'red', 1n)
}

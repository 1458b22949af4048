// Hardhat 2 reads its settings with require(), and those in TypeScript with ts-node alone.
const { env } = process

const network = { url: env.RPC_URL, chainId: 31_337 }

/** @type {import('hardhat/config').HardhatUserConfig} */
module.exports = {
  networks: {
    // As a project without keys: the node's accounts send.
    unlocked: network,
    // As a project with keys: Hardhat counts nonces, sets prices and signs.
    keys: { ...network, accounts: { mnemonic: env.MNEMONIC } },
  },
  mocha: { timeout: 20_000 },
}

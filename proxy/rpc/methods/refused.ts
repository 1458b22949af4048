import { type MethodRule, pinned } from './rule.ts'

/**
 * Namespaces that act on the node itself, its keys or its consensus (`admin`, `engine`, `personal`, …):
 * refused whatever `--http.api` says, as are those no node has served for years.
 */
const names = `
account_list account_signData account_signTransaction admin_addPeer admin_addTrustedPeer
admin_exportChain admin_importChain admin_removePeer admin_removeTrustedPeer admin_startHTTP
admin_startRPC admin_startWS admin_stopHTTP admin_stopRPC admin_stopWS admin_subscribe
admin_unsubscribe bzz_hive db_getHex db_getString db_putHex db_putString dev_addWithdrawal
dev_setFeeRecipient engine_exchangeCapabilities engine_exchangeTransitionConfigurationV1
engine_executeStatelessPayloadV1 engine_executeStatelessPayloadV2 engine_executeStatelessPayloadV3
engine_executeStatelessPayloadV4 engine_forkchoiceUpdatedV1 engine_forkchoiceUpdatedV2
engine_forkchoiceUpdatedV3 engine_forkchoiceUpdatedV4 engine_forkchoiceUpdatedV5
engine_forkchoiceUpdatedWithWitnessV1 engine_forkchoiceUpdatedWithWitnessV2
engine_forkchoiceUpdatedWithWitnessV3 engine_getBlobsV1 engine_getBlobsV2 engine_getBlobsV3
engine_getBlobsV4 engine_getClientVersionV1 engine_getInclusionListV1
engine_getPayloadBodiesByHashV1 engine_getPayloadBodiesByHashV2 engine_getPayloadBodiesByRangeV1
engine_getPayloadBodiesByRangeV2 engine_getPayloadV1 engine_getPayloadV2 engine_getPayloadV3
engine_getPayloadV4 engine_getPayloadV5 engine_getPayloadV6 engine_hasBlobs engine_newPayloadV1
engine_newPayloadV2 engine_newPayloadV3 engine_newPayloadV4 engine_newPayloadV5
engine_newPayloadV6 engine_newPayloadWithWitnessV1 engine_newPayloadWithWitnessV2
engine_newPayloadWithWitnessV3 engine_newPayloadWithWitnessV4 engine_newPayloadWithWitnessV5
les_addBalance les_clientInfo les_getCheckpoint les_getCheckpointContractAddress
les_latestCheckpoint les_priorityClientInfo les_serverInfo les_setClientParams
les_setDefaultParams miner_setEtherbase miner_setExtra miner_setGasLimit miner_setGasPrice
miner_setRecommitInterval miner_start miner_stop personal_deriveAccount personal_ecRecover
personal_importRawKey personal_initializeWallet personal_listAccounts personal_listWallets
personal_lockAccount personal_newAccount personal_openWallet personal_sendTransaction
personal_sign personal_signTransaction personal_unlockAccount personal_unpair shh_version
testing_buildBlockV1 testing_commitBlockV1 wallet_addEthereumChain wallet_getCapabilities
wallet_getPermissions wallet_requestPermissions wallet_sendTransaction wallet_switchEthereumChain
wallet_watchAsset
`

/** Names that are known and refused. */
export const refusedMethods: readonly string[] = names.trim().split(/\s+/)

/** What `admin` only tells: it changes nothing, and each node tells of itself. */
export const adminMethods = {
  admin_datadir: pinned(),
  admin_nodeInfo: pinned(),
  admin_peers: pinned(),
} as const satisfies Record<string, MethodRule>

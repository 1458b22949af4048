// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

/// An asset register: marbles with a name, a colour and a size that belong to accounts and change
/// hands. After the Marbles contract of the micro-service literature; history is kept as events.
contract Marbles {
    struct Marble {
        string name;
        string colour;
        uint256 size;
        address owner;
        uint64 transfers;
    }

    mapping(bytes32 => Marble) private marbles;
    mapping(address => bytes32[]) private owned;
    mapping(bytes32 => uint256) private place;
    uint256 public total;

    event Created(bytes32 indexed id, address indexed owner, string name, string colour, uint256 size);
    event Transferred(bytes32 indexed id, address indexed from, address indexed to, uint64 transfers);

    error Exists(bytes32 id);
    error Unknown(bytes32 id);
    error NotOwner(bytes32 id, address owner);
    error NoName();
    error NoReceiver();

    function idOf(string calldata name) public pure returns (bytes32) {
        return keccak256(bytes(name));
    }

    function create(string calldata name, string calldata colour, uint256 size) external returns (bytes32 id) {
        if (bytes(name).length == 0) revert NoName();
        id = idOf(name);
        if (marbles[id].owner != address(0)) revert Exists(id);
        marbles[id] = Marble(name, colour, size, msg.sender, 0);
        hold(id, msg.sender);
        total += 1;
        emit Created(id, msg.sender, name, colour, size);
    }

    function transfer(bytes32 id, address to) external {
        Marble storage marble = known(id);
        if (marble.owner != msg.sender) revert NotOwner(id, marble.owner);
        if (to == address(0)) revert NoReceiver();
        release(id, msg.sender);
        marble.owner = to;
        marble.transfers += 1;
        hold(id, to);
        emit Transferred(id, msg.sender, to, marble.transfers);
    }

    function get(bytes32 id) external view returns (Marble memory) {
        return known(id);
    }

    /// Up to `count` marbles of `owner`, from the one at `first` on, and how many it has in all.
    function ofOwner(address owner, uint256 first, uint256 count)
        external
        view
        returns (bytes32[] memory page, uint256 all)
    {
        bytes32[] storage ids = owned[owner];
        all = ids.length;
        uint256 size = first >= all ? 0 : (count < all - first ? count : all - first);
        page = new bytes32[](size);
        for (uint256 i = 0; i < size; i++) page[i] = ids[first + i];
    }

    function known(bytes32 id) private view returns (Marble storage marble) {
        marble = marbles[id];
        if (marble.owner == address(0)) revert Unknown(id);
    }

    function hold(bytes32 id, address owner) private {
        place[id] = owned[owner].length;
        owned[owner].push(id);
    }

    /// The last one takes the place of the one that leaves, so that no list is walked.
    function release(bytes32 id, address owner) private {
        bytes32[] storage ids = owned[owner];
        bytes32 last = ids[ids.length - 1];
        ids[place[id]] = last;
        place[last] = place[id];
        ids.pop();
    }
}

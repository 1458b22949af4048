// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

/// A register of shares in private funds: a manager opens a fund, investors subscribe and pay, the
/// manager confirms, shares change hands with the manager's consent, and dividends are shared out by
/// shares. All sums are in wei and stay in the contract until they are withdrawn.
contract PrivateEquity {
    struct Fund {
        address manager;
        uint256 sharePrice;
        uint256 sharesLeft;
        uint256 shares;
        /// Dividends of one share since the fund began, times SCALE.
        uint256 dividendPerShare;
    }

    struct Offer {
        uint256 fund;
        address from;
        address to;
        uint256 shares;
        bool open;
    }

    uint256 private constant SCALE = 1e18;

    Fund[] private funds;
    Offer[] private offers;
    mapping(uint256 => mapping(address => uint256)) public sharesOf;
    mapping(uint256 => mapping(address => uint256)) public subscribed;
    mapping(uint256 => mapping(address => uint256)) private dividendsSeen;
    mapping(address => uint256) public balanceOf;

    event FundOpened(uint256 indexed fund, address indexed manager, uint256 sharePrice, uint256 shares);
    event Subscribed(uint256 indexed fund, address indexed investor, uint256 shares);
    event Confirmed(uint256 indexed fund, address indexed investor, uint256 shares);
    event TransferOffered(uint256 indexed offer, uint256 indexed fund, address from, address to, uint256 shares);
    event TransferConfirmed(uint256 indexed offer, uint256 indexed fund, address from, address to, uint256 shares);
    event DividendPaid(uint256 indexed fund, uint256 amount);
    event Withdrawn(address indexed account, uint256 amount);

    error NotManager(uint256 fund);
    error NotEnoughShares(uint256 has, uint256 wants);
    error WrongPayment(uint256 paid, uint256 due);
    error NothingToConfirm();
    error NothingToShare();
    error Refused();

    modifier onlyManager(uint256 fund) {
        if (funds[fund].manager != msg.sender) revert NotManager(fund);
        _;
    }

    function openFund(uint256 sharePrice, uint256 shares) external returns (uint256 fund) {
        fund = funds.length;
        funds.push(Fund(msg.sender, sharePrice, shares, 0, 0));
        emit FundOpened(fund, msg.sender, sharePrice, shares);
    }

    function subscribe(uint256 fund, uint256 shares) external payable {
        Fund storage f = funds[fund];
        if (shares == 0 || shares > f.sharesLeft) revert NotEnoughShares(f.sharesLeft, shares);
        if (msg.value != shares * f.sharePrice) revert WrongPayment(msg.value, shares * f.sharePrice);
        f.sharesLeft -= shares;
        subscribed[fund][msg.sender] += shares;
        emit Subscribed(fund, msg.sender, shares);
    }

    /// The manager accepts what an investor subscribed; its price goes to the manager.
    function confirm(uint256 fund, address investor) external onlyManager(fund) {
        uint256 shares = subscribed[fund][investor];
        if (shares == 0) revert NothingToConfirm();
        settle(fund, investor);
        subscribed[fund][investor] = 0;
        sharesOf[fund][investor] += shares;
        funds[fund].shares += shares;
        balanceOf[msg.sender] += shares * funds[fund].sharePrice;
        emit Confirmed(fund, investor, shares);
    }

    function offerTransfer(uint256 fund, address to, uint256 shares) external returns (uint256 offer) {
        uint256 has = sharesOf[fund][msg.sender];
        if (shares == 0 || shares > has) revert NotEnoughShares(has, shares);
        offer = offers.length;
        offers.push(Offer(fund, msg.sender, to, shares, true));
        emit TransferOffered(offer, fund, msg.sender, to, shares);
    }

    function confirmTransfer(uint256 offer) external {
        Offer storage o = offers[offer];
        if (funds[o.fund].manager != msg.sender) revert NotManager(o.fund);
        if (!o.open) revert NothingToConfirm();
        uint256 has = sharesOf[o.fund][o.from];
        if (o.shares > has) revert NotEnoughShares(has, o.shares);
        o.open = false;
        settle(o.fund, o.from);
        settle(o.fund, o.to);
        sharesOf[o.fund][o.from] -= o.shares;
        sharesOf[o.fund][o.to] += o.shares;
        emit TransferConfirmed(offer, o.fund, o.from, o.to, o.shares);
    }

    /// Shares the sum that comes with the call out among all shares; what does not divide stays.
    function payDividend(uint256 fund) external payable onlyManager(fund) {
        Fund storage f = funds[fund];
        if (f.shares == 0 || msg.value == 0) revert NothingToShare();
        f.dividendPerShare += (msg.value * SCALE) / f.shares;
        emit DividendPaid(fund, msg.value);
    }

    function dividendOf(uint256 fund, address investor) public view returns (uint256) {
        uint256 unseen = funds[fund].dividendPerShare - dividendsSeen[fund][investor];
        return (sharesOf[fund][investor] * unseen) / SCALE;
    }

    function claim(uint256 fund) external {
        settle(fund, msg.sender);
    }

    function withdraw() external {
        uint256 amount = balanceOf[msg.sender];
        balanceOf[msg.sender] = 0;
        (bool done, ) = msg.sender.call{value: amount}("");
        if (!done) revert Refused();
        emit Withdrawn(msg.sender, amount);
    }

    function fundCount() external view returns (uint256) {
        return funds.length;
    }

    function getFund(uint256 fund) external view returns (Fund memory) {
        return funds[fund];
    }

    function getOffer(uint256 offer) external view returns (Offer memory) {
        return offers[offer];
    }

    /// An audit: the fund's shares counted over `investors`, and what they could claim together.
    function audit(uint256 fund, address[] calldata investors) external view returns (uint256 shares, uint256 dividends) {
        for (uint256 i = 0; i < investors.length; i++) {
            shares += sharesOf[fund][investors[i]];
            dividends += dividendOf(fund, investors[i]);
        }
    }

    /// Books what an investor's shares earned so far, before their number changes.
    function settle(uint256 fund, address investor) private {
        balanceOf[investor] += dividendOf(fund, investor);
        dividendsSeen[fund][investor] = funds[fund].dividendPerShare;
    }
}
